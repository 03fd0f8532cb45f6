create table holders (
    id uuid not null constraint holders_id_key unique,
    kind text collate "C" not null constraint holders_kind check (kind in ('family', 'clan', 'community', 'unit', 'citizen')),
    -- The commune of today; for a community of a district or province, that area.
    area_id integer not null constraint holders_area_fkey references areas (id),
    hamlet_id uuid constraint holders_hamlet_fkey references hamlets (id),
    code text collate "C" not null constraint holders_code_key unique,
    name text not null,
    search_key text collate "C" not null,
    group_code text collate "C" not null default '',
    -- Of a citizen, or of a family's head where known: part of the rule of matching.
    birth_year smallint,
    -- Where a citizen belongs.
    family_id uuid constraint holders_family_fkey references holders (id),
    unit_id uuid constraint holders_unit_fkey references holders (id),
    details jsonb not null,
    version bigint not null,
    constraint holders_pkey primary key (area_id, id)
);
create index holders_list on holders (area_id, kind, search_key, id);
create index holders_hamlet on holders (hamlet_id) where hamlet_id is not null;
create index holders_family on holders (family_id) where family_id is not null;
create index holders_unit on holders (unit_id) where unit_id is not null;
create index holders_search on holders using gin (area_id, search_key gin_trgm_ops);
create unique index holders_community_key on holders (hamlet_id) where kind = 'community' and hamlet_id is not null;
create unique index holders_area_community_key on holders (area_id) where kind = 'community' and hamlet_id is null;

create table holder_identifiers (
    holder_id uuid not null constraint holder_identifiers_holder_fkey references holders (id) on delete cascade,
    scheme text collate "C" not null constraint holder_identifiers_scheme check (scheme in ('citizen', 'organisation', 'household_head')),
    key_id smallint not null,
    digest bytea not null,
    sealed bytea not null,
    constraint holder_identifiers_pkey primary key (holder_id, scheme)
);
-- A person is one citizen in the whole country; the same number may also stand on a family as its head's.
create unique index holder_identifiers_number_key on holder_identifiers (scheme, key_id, digest)
    where scheme <> 'household_head';
create index holder_identifiers_digest on holder_identifiers (digest);
