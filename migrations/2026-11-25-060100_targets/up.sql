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

create trigger targets_append_only before update or delete or truncate on targets
    for each statement execute function refuse_change();
