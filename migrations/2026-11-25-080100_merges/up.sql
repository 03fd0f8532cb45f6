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

-- People of one name and year, wherever they live.
create index holders_namesakes on holders (kind, search_key, birth_year);
