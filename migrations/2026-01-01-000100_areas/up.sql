-- Areas are identities: a renaming is a new version of the same area, a succession starts a new one.
-- Everything stored refers to an id; codes are read for a date.
create extension if not exists pg_trgm;
-- A search by name stays within its areas by an index that knows both.
create extension if not exists btree_gin;

create table areas (
    id integer primary key,
    level text not null constraint areas_level check (level in ('country', 'province', 'district', 'commune')),
    -- Where its records are kept today: itself while in force, the one area that took it over whole;
    -- null when it was split or abolished, for then only placing can tell.
    settled_in integer constraint areas_settled_in_fkey references areas (id)
);

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
    constraint area_versions_pkey primary key (area_id, valid_from),
    constraint area_versions_period check (valid_to is null or valid_to >= valid_from)
);
create index area_versions_code on area_versions (code, valid_from);
create index area_versions_parent on area_versions (parent_id);

create table area_successions (
    old_id integer not null constraint area_successions_old_fkey references areas (id),
    new_id integer not null constraint area_successions_new_fkey references areas (id),
    effective_on date not null,
    whole boolean not null,
    decree text,
    constraint area_successions_pkey primary key (old_id, new_id)
);
create index area_successions_new on area_successions (new_id);

-- Which areas a body of an area answers for: itself, what lies in it, and what those were made of.
create table area_scopes (
    area_id integer not null constraint area_scopes_area_fkey references areas (id),
    covered_id integer not null constraint area_scopes_covered_fkey references areas (id),
    constraint area_scopes_pkey primary key (area_id, covered_id)
);
create index area_scopes_covered on area_scopes (covered_id, area_id);

-- Communes with special difficulties, by the decision that lists them.
create table difficult_areas (
    area_id integer not null constraint difficult_areas_area_fkey references areas (id),
    valid_from date not null,
    valid_to date,
    source text not null,
    constraint difficult_areas_pkey primary key (area_id, valid_from),
    constraint difficult_areas_period check (valid_to is null or valid_to >= valid_from)
);

create table hamlets (
    id uuid primary key,
    -- The commune that the hamlet was entered under; where that went whole, it is found under its successor.
    area_id integer not null constraint hamlets_area_fkey references areas (id),
    -- The successor of a split commune to which the province assigned the hamlet.
    placed_id integer constraint hamlets_placed_fkey references areas (id),
    hamlet_type text not null,
    name text not null,
    search_key text collate "C" not null,
    difficult boolean not null default false,
    valid_from date not null,
    valid_to date,
    version bigint not null,
    constraint hamlets_period check (valid_to is null or valid_to >= valid_from)
);
create unique index hamlets_name_key on hamlets (area_id, search_key) where valid_to is null;
create index hamlets_placed on hamlets (placed_id) where placed_id is not null;
