-- Figures of paper reports, beside what the register counts: append-only, the latest n is in force.
create table reported_figures (
    area_id integer not null constraint reported_figures_area_fkey references areas (id),
    year smallint not null constraint reported_figures_year check (year between 2000 and 2100),
    kind text collate "C" not null,
    level text collate "C" not null,
    -- The day as of which the report speaks.
    reported_on date not null,
    n integer not null,
    registered integer constraint reported_figures_registered check (registered >= 0),
    recognised integer constraint reported_figures_recognised check (recognised >= 0),
    total integer constraint reported_figures_total check (total >= 0),
    -- As printed, in hundredths of a percent, and what the report says it is taken of.
    printed_rate integer constraint reported_figures_printed_rate check (printed_rate >= 0),
    printed_base text collate "C" constraint reported_figures_printed_base check (printed_base in ('registered', 'total', 'unknown')),
    source text not null,
    taken_back boolean not null,
    day date not null,
    author_id uuid not null,
    version bigint not null,
    constraint reported_figures_pkey primary key (area_id, year, kind, level, reported_on, n)
);

create trigger reported_figures_append_only before update or delete or truncate on reported_figures
    for each statement execute function refuse_change();
