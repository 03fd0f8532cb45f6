-- One holder, one level, one assessment year. The natural key makes registering idempotent. Keys lead
-- with the place, so that what belongs to a commune stands together on disk.
create table titles (
    holder_id uuid not null constraint titles_holder_fkey references holders (id),
    year smallint not null,
    level text collate "C" not null,
    kind text collate "C" not null,
    -- The holder's area on the day of registering; the past does not move.
    area_id integer not null,
    -- In which successor of a split area the record belongs.
    placed_id integer,
    -- Of the holder as it is now, so that a list needs no other table and has an index in its order.
    code text collate "C" not null,
    name text not null,
    search_key text collate "C" not null,
    hamlet_id uuid,
    group_code text collate "C" not null,
    status text collate "C" not null constraint titles_status check (status in
        ('registered', 'self_assessed', 'verified', 'recognised', 'not_recognised', 'withdrawn', 'revoked')),
    grade text collate "C" not null,
    -- The last year in which it is in force once recognised; its own where no validity is set.
    valid_through smallint not null,
    registered_on date not null,
    difficult boolean not null,
    own_score jsonb,
    verified_score jsonb,
    outcome text collate "C" not null constraint titles_outcome check (outcome in ('unknown', 'passes', 'fails')),
    criteria_set_id uuid constraint titles_criteria_set_fkey references criteria_sets (id),
    decision_id uuid,
    import_id uuid,
    -- The accounts that recorded or verified it: none of them may enter its decision.
    hands uuid[] not null,
    version bigint not null,
    -- The days on the decisions that made it what it is: of its state, and of its recognition where it was
    -- revoked since.
    decided_on date,
    recognised_on date,
    -- Whether something of it was entered after its deadline, or after its commune had closed.
    late boolean not null default false,
    constraint titles_pkey primary key (area_id, holder_id, year, level)
) partition by list (year);
-- One title for a holder, year and level over all places.
create unique index titles_key on titles (holder_id, year, level);
-- The order of every list: commune by commune, within it by kind, year and name.
create index titles_list on titles (area_id, kind, year, search_key, holder_id, level);
create index titles_search on titles using gin (area_id, search_key gin_trgm_ops);
create index titles_late on titles (area_id, kind, year, search_key, holder_id, level) where late;
create index titles_placed on titles (placed_id) where placed_id is not null;
create index titles_decision on titles (decision_id) where decision_id is not null;
create index titles_import on titles (import_id) where import_id is not null;

-- What titles carry of their holder follows it.
create function carry_holder_to_titles() returns trigger language plpgsql as $$
begin
    update titles
    set code = new.code, name = new.name, search_key = new.search_key, hamlet_id = new.hamlet_id
    where holder_id = new.id;
    return null;
end
$$;
create trigger holders_carried after update on holders for each row
    when ((old.code, old.name, old.search_key, old.hamlet_id)
          is distinct from (new.code, new.name, new.search_key, new.hamlet_id))
    execute function carry_holder_to_titles();

-- Append-only: what lists of a past day are made of. A null status says that the record was deleted.
create table title_states (
    holder_id uuid not null,
    year smallint not null,
    level text collate "C" not null,
    n integer not null,
    day date not null,
    kind text collate "C" not null,
    area_id integer not null,
    placed_id integer,
    group_code text collate "C" not null,
    status text collate "C",
    grade text collate "C" not null,
    valid_through smallint not null,
    constraint title_states_pkey primary key (area_id, kind, year, holder_id, level, n)
) partition by list (year);
-- A title that followed its holder has states in several places.
create unique index title_states_key on title_states (holder_id, year, level, n);
create trigger title_states_append_only before update or delete or truncate on title_states
    for each statement execute function refuse_change();

do $$
begin
    for y in 2021..2030 loop
        execute format('create table titles_%1$s partition of titles for values in (%1$s)', y);
        execute format('create table title_states_%1$s partition of title_states for values in (%1$s)', y);
        -- A trigger of the parent does not see what is done to a partition by its own name.
        execute format(
            'create trigger title_states_append_only before update or delete or truncate on title_states_%s
             for each statement execute function refuse_change()', y);
    end loop;
end
$$;
