create table criteria_sets (
    id uuid primary key,
    area_id integer not null constraint criteria_sets_area_fkey references areas (id),
    kind text collate "C" not null,
    level text collate "C" not null,
    -- Counts up for one area, kind and level: the latest that covers a year is used.
    edition integer not null,
    scheme text collate "C" not null constraint criteria_sets_scheme check (scheme in ('points', 'grades')),
    source text not null,
    first_year smallint not null,
    last_year smallint not null,
    confirmed boolean not null,
    rules jsonb not null,
    version bigint not null,
    constraint criteria_sets_edition_key unique (area_id, kind, level, edition),
    constraint criteria_sets_years check (first_year <= last_year)
);
