-- Who holds titles. Keys lead with the place, so that what belongs to a commune stands together on disk.
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
    -- The community of a hamlet that was merged or dissolved ends with it, as that of a split commune does;
    -- its titles of the past stay with it.
    ended_on date,
    constraint holders_pkey primary key (area_id, id)
);
create index holders_list on holders (area_id, kind, search_key, id);
create index holders_hamlet on holders (hamlet_id) where hamlet_id is not null;
create index holders_family on holders (family_id) where family_id is not null;
create index holders_unit on holders (unit_id) where unit_id is not null;
create index holders_search on holders using gin (area_id, search_key gin_trgm_ops);
-- People of one name and year, wherever they live.
create index holders_namesakes on holders (kind, search_key, birth_year);
create unique index holders_community_key on holders (hamlet_id) where kind = 'community' and hamlet_id is not null;
create unique index holders_area_community_key on holders (area_id)
    where kind = 'community' and hamlet_id is null and ended_on is null;

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

-- Two holders who look alike and are not one, as somebody has found out.
create table dismissed_pairs (
    id uuid primary key,
    one_id uuid not null
        constraint dismissed_pairs_one_fkey references holders (id) on delete cascade,
    other_id uuid not null
        constraint dismissed_pairs_other_fkey references holders (id) on delete cascade,
    day date not null,
    -- Over the name, birth year and hamlet of both: once one of them is another, it stands no more.
    digest bytea not null,
    version bigint not null,
    constraint dismissed_pairs_key unique (one_id, other_id),
    constraint dismissed_pairs_in_order check (one_id < other_id)
);
create index dismissed_pairs_other on dismissed_pairs (other_id);

-- Who left one commune for another. The holder's code stands here because a holder may be merged away
-- later; what its titles were before stands here so that a wrong claim can be taken back.
create table moves (
    id uuid primary key,
    holder_id uuid not null,
    code text collate "C" not null,
    kind text collate "C" not null,
    -- The move of the family that this person came along with.
    with_id uuid constraint moves_with_fkey references moves (id),
    from_area_id integer not null constraint moves_from_fkey references areas (id),
    from_hamlet_id uuid,
    to_area_id integer not null constraint moves_to_fkey references areas (id),
    to_hamlet_id uuid,
    day date not null,
    claimed_by uuid not null,
    titles jsonb not null,
    taken_back_on date,
    version bigint not null
);
create index moves_from on moves (from_area_id, id);
create index moves_to on moves (to_area_id, id);
create index moves_holder on moves (holder_id);
create index moves_with on moves (with_id) where with_id is not null;

-- Two holders that were one: the merged one leaves the table of holders, so that no list or count
-- knows it; its code and id lead to the survivor from here.
create table merges (
    id uuid primary key,
    survivor_id uuid not null,
    merged_id uuid not null,
    merged_code text collate "C" not null,
    kind text collate "C" not null,
    area_id integer not null constraint merges_area_fkey references areas (id),
    day date not null,
    merged_by uuid not null,
    -- Both as they were, encrypted: what an undo restores. Gone once either person was erased.
    sealed bytea,
    undone_on date,
    version bigint not null
);
create unique index merges_merged_key on merges (merged_id) where undone_on is null;
create unique index merges_code_key on merges (merged_code) where undone_on is null;
create index merges_survivor on merges (survivor_id);

-- Whose personal data was erased: the holder itself stays, nameless, so that counts and chains stand.
create table erasures (
    holder_id uuid primary key,
    day date not null,
    erased_by uuid not null
);
