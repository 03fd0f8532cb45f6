-- What a commune's decision made of its hamlets: renamed, converted, merged or dissolved on a day.
create table hamlet_changes (
    id uuid primary key,
    -- The commune in whose chain it stands.
    area_id integer not null constraint hamlet_changes_area_fkey references areas (id),
    action text collate "C" not null constraint hamlet_changes_action
        check (action in ('rename', 'convert', 'merge', 'dissolve')),
    effective_on date not null,
    document text not null,
    -- The day on which it is known, and the one on which it was taken back.
    day date not null,
    undone_on date,
    author_id uuid not null,
    version bigint not null
);
create index hamlet_changes_list on hamlet_changes (area_id, effective_on, id);

-- A hamlet as it was until a change, and the one that stands for it since: itself where it was only
-- renamed, none where it was dissolved.
create table former_hamlets (
    hamlet_id uuid not null constraint former_hamlets_hamlet_fkey references hamlets (id),
    change_id uuid not null constraint former_hamlets_change_fkey references hamlet_changes (id) on delete cascade,
    hamlet_type text not null,
    name text not null,
    search_key text collate "C" not null,
    -- The last day of this name.
    valid_to date not null,
    into_id uuid constraint former_hamlets_into_fkey references hamlets (id),
    constraint former_hamlets_pkey primary key (hamlet_id, change_id)
);
create index former_hamlets_change on former_hamlets (change_id);

-- The community of a hamlet that was merged or dissolved ends with it, as that of a split commune
-- does; its titles of the past stay with it.
alter table holders add column ended_on date;
drop index holders_area_community_key;
create unique index holders_area_community_key on holders (area_id)
    where kind = 'community' and hamlet_id is null and ended_on is null;
