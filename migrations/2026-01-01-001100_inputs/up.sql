-- What people report beside the records: append-only, the latest n is in force.
create table area_totals (
    area_id integer not null constraint area_totals_area_fkey references areas (id),
    year smallint not null,
    base text collate "C" not null,
    n integer not null,
    total integer constraint area_totals_total check (total >= 0),
    counted_on date,
    source text not null,
    day date not null,
    author_id uuid not null,
    version bigint not null,
    constraint area_totals_pkey primary key (area_id, year, base, n)
);

-- What came to be known between two days is found by its day.
create index area_totals_day on area_totals (day);

create table closings (
    area_id integer not null constraint closings_area_fkey references areas (id),
    year smallint not null,
    kind text collate "C" not null,
    n integer not null,
    state text collate "C" not null constraint closings_state check (state in ('open', 'complete', 'nothing_to_report')),
    reason text not null,
    day date not null,
    author_id uuid not null,
    version bigint not null,
    constraint closings_pkey primary key (area_id, year, kind, n)
);
create index closings_day on closings (day);

-- Until when holders register and authorities decide: append-only, the latest n is in force. Without
-- any deadline that of the nearest area above holds.
create table rounds (
    area_id integer not null constraint rounds_area_fkey references areas (id),
    year smallint not null,
    kind text collate "C" not null,
    n integer not null,
    registration_until date,
    decision_until date,
    day date not null,
    author_id uuid not null,
    version bigint not null,
    constraint rounds_pkey primary key (area_id, year, kind, n)
);
create index rounds_year on rounds (year);

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

-- What an area wants to reach: append-only, the latest n is in force.
create table targets (
    area_id integer not null constraint targets_area_fkey references areas (id),
    year smallint not null,
    kind text collate "C" not null,
    base text collate "C" not null,
    -- Empty for a target of the whole kind.
    group_code text collate "C" not null,
    n integer not null,
    -- In hundredths; null takes the target back, so that the one of a larger area holds again.
    percent integer constraint targets_percent check (percent between 1 and 10000),
    source text not null,
    day date not null,
    author_id uuid not null,
    version bigint not null,
    constraint targets_pkey primary key (area_id, year, kind, base, group_code, n)
);

create trigger rounds_append_only before update or delete or truncate on rounds
    for each statement execute function refuse_change();
create trigger area_totals_append_only before delete or truncate on area_totals
    for each statement execute function refuse_change();
create trigger area_totals_forget before update on area_totals
    for each row execute function refuse_all_but_forgetting('source');
create trigger closings_append_only before delete or truncate on closings
    for each statement execute function refuse_change();
create trigger closings_forget before update on closings
    for each row execute function refuse_all_but_forgetting('reason');
create trigger reported_figures_append_only before delete or truncate on reported_figures
    for each statement execute function refuse_change();
create trigger reported_figures_forget before update on reported_figures
    for each row execute function refuse_all_but_forgetting('source');
create trigger targets_append_only before delete or truncate on targets
    for each statement execute function refuse_change();
create trigger targets_forget before update on targets
    for each row execute function refuse_all_but_forgetting('source');
