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
