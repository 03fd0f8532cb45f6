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
create trigger rounds_append_only before update or delete or truncate on rounds
    for each statement execute function refuse_change();

-- Whether something of it was entered after its deadline, or after its commune had closed.
alter table titles add column late boolean not null default false;
create index titles_late on titles (area_id, kind, year, search_key, holder_id, level) where late;
