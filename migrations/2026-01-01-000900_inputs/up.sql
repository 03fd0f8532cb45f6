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

create trigger area_totals_append_only before update or delete or truncate on area_totals
    for each statement execute function refuse_change();
create trigger closings_append_only before update or delete or truncate on closings
    for each statement execute function refuse_change();
