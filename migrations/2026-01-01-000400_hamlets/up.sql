-- Hamlets have no national code: they are the register's own, under a commune.
create table hamlets (
    id uuid primary key,
    -- The commune that the hamlet was entered under; where that went whole, it is found under its successor.
    area_id integer not null constraint hamlets_area_fkey references areas (id),
    -- The successor of a split commune to which the province assigned the hamlet.
    placed_id integer constraint hamlets_placed_fkey references areas (id),
    hamlet_type text not null,
    name text not null,
    search_key text collate "C" not null,
    valid_from date not null,
    valid_to date,
    version bigint not null,
    constraint hamlets_period check (valid_to is null or valid_to >= valid_from)
);
create unique index hamlets_name_key on hamlets (area_id, search_key) where valid_to is null;
create index hamlets_placed on hamlets (placed_id) where placed_id is not null;

-- When a hamlet is specially difficult, by the decision that lists it, as a commune is.
create table difficult_hamlets (
    hamlet_id uuid not null constraint difficult_hamlets_hamlet_fkey references hamlets (id) on delete cascade,
    valid_from date not null,
    -- The last day; none while it holds.
    valid_to date,
    source text not null,
    constraint difficult_hamlets_pkey primary key (hamlet_id, valid_from),
    constraint difficult_hamlets_period check (valid_to is null or valid_to >= valid_from)
);

-- What a commune's decision made of its hamlets: renamed, converted, merged or dissolved on a day. A
-- change may be entered before its day: it is planned, and made on its day, unless it was withdrawn or
-- does not fit any more.
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
    version bigint not null,
    state text collate "C" not null constraint hamlet_changes_state
        check (state in ('planned', 'made', 'failed', 'withdrawn', 'undone')),
    -- What is to be made of which hamlets; none where it was made at once.
    plan jsonb,
    -- Why it could not be made on its day.
    faults jsonb
);
create index hamlet_changes_list on hamlet_changes (area_id, effective_on, id);
create index hamlet_changes_planned on hamlet_changes (effective_on, id) where state = 'planned';

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
