-- Areas are identities: a renaming is a new version of the same area, a succession starts a new one.
-- Everything stored refers to an id; codes are read for a date.
create extension if not exists pg_trgm;
-- A search by name stays within its areas by an index that knows both.
create extension if not exists btree_gin;

create table areas (
    id integer primary key,
    level text not null constraint areas_level check (level in ('country', 'province', 'district', 'commune'))
);

-- What the register knew of areas on a day: a row is known from one day until the day before another. A
-- reform retires rows and adds others, so that the figures of a closed day find the areas as they were
-- known then. A row that would be retired on its first day is deleted instead.
create table area_versions (
    area_id integer not null constraint area_versions_area_fkey references areas (id),
    -- 2021-01-01 means "or earlier, unknown".
    valid_from date not null,
    valid_to date,
    code text collate "C" not null,
    unit_type text not null,
    name text not null,
    full_name text not null,
    search_key text collate "C" not null,
    parent_id integer constraint area_versions_parent_fkey references areas (id),
    known_from date not null,
    known_to date,
    constraint area_versions_pkey primary key (area_id, valid_from, known_from),
    constraint area_versions_period check (valid_to is null or valid_to >= valid_from),
    constraint area_versions_known check (known_to > known_from)
);
create index area_versions_code on area_versions (code, valid_from);
create index area_versions_parent on area_versions (parent_id);

create table area_successions (
    old_id integer not null constraint area_successions_old_fkey references areas (id),
    new_id integer not null constraint area_successions_new_fkey references areas (id),
    effective_on date not null,
    whole boolean not null,
    decree text,
    known_from date not null,
    known_to date,
    constraint area_successions_pkey primary key (old_id, new_id, known_from),
    constraint area_successions_known check (known_to > known_from)
);
create index area_successions_new on area_successions (new_id);

-- Which areas a body of an area answers for: itself, what lies in it, and what those were made of.
create table area_scopes (
    area_id integer not null constraint area_scopes_area_fkey references areas (id),
    covered_id integer not null constraint area_scopes_covered_fkey references areas (id),
    constraint area_scopes_pkey primary key (area_id, covered_id)
);
create index area_scopes_covered on area_scopes (covered_id, area_id);

-- Counts up with every change of areas: the servers keep areas in memory and ask whether they are still
-- the latest.
create table area_generation (
    one boolean primary key default true constraint area_generation_one check (one),
    n bigint not null
);
insert into area_generation (n) values (1);

-- Communes with special difficulties, by the decision that lists them. The list of a commune's times is
-- changed as a whole, on the version that was read.
create table difficult_areas (
    area_id integer not null constraint difficult_areas_area_fkey references areas (id),
    valid_from date not null,
    valid_to date,
    source text not null,
    version bigint not null,
    constraint difficult_areas_pkey primary key (area_id, valid_from),
    constraint difficult_areas_period check (valid_to is null or valid_to >= valid_from)
);

-- Changes of areas by a decree: sent as a file, looked at, applied, perhaps taken back.
create table reforms (
    id uuid primary key,
    decree text not null,
    -- The first day on which it holds.
    effective_on date not null,
    -- The file as it was sent.
    file text not null,
    state text collate "C" not null constraint reforms_state check (state in ('staged', 'applied', 'undone')),
    -- The areas that it ended, renamed and began, by id, once it was applied.
    touched jsonb,
    author_id uuid not null,
    -- The day on which it was sent.
    day date not null,
    version bigint not null
);
