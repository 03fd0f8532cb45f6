-- What every change leaves. The chain of each area: what is hashed is stored as text, exactly as hashed.
create table audit_heads (
    area_id integer primary key constraint audit_heads_area_fkey references areas (id),
    seq bigint not null,
    hash bytea not null,
    -- Of an area that a reform made and that was taken back with it: who still knew the area when it was
    -- there must not write into it.
    closed boolean not null default false
);

create table audit_entries (
    area_id integer not null,
    seq bigint not null,
    at timestamptz not null,
    day date not null,
    actor_id uuid not null,
    request_id uuid not null,
    action text collate "C" not null,
    items integer not null,
    body text not null,
    hash bytea not null,
    constraint audit_entries_pkey primary key (area_id, seq)
);
create index audit_entries_actor on audit_entries (actor_id, at);
create index audit_entries_at on audit_entries (area_id, at);
create index audit_entries_time on audit_entries (at, area_id, seq);
-- Who read whole numbers or took personal data away is asked by itself.
create index audit_entries_reads on audit_entries (at)
    where action in ('number.look_up', 'personal_data.export', 'export.titles', 'export.holders',
                     'export.decisions', 'export.audit');

create table audit_items (
    area_id integer not null,
    seq bigint not null,
    n integer not null,
    entity text collate "C" not null,
    entity_id text collate "C" not null,
    body text not null,
    constraint audit_items_pkey primary key (area_id, seq, n)
);
create index audit_items_entity on audit_items (entity, entity_id);

-- The personal values behind the salted commitments of items and entries (n = -1): the only part of
-- the chain that may be deleted.
create table audit_values (
    area_id integer not null,
    seq bigint not null,
    n integer not null,
    field text collate "C" not null,
    salt bytea not null,
    value text not null,
    constraint audit_values_pkey primary key (area_id, seq, n, field)
);
-- Reasons in free text are searched for the names of erased people.
create index audit_values_reasons on audit_values (area_id, seq) where n = -1;

create table closed_days (
    day date primary key,
    closed_at timestamptz not null default now()
);

-- What was signed with the closing of a day, exactly as signed (JWS, RFC 7515). The last day closed
-- stands for all that the closing caught up with.
create table checkpoints (
    n bigint primary key,
    day date not null constraint checkpoints_day_key unique,
    jws text not null
);

-- The chain heads of that moment; one that did not move since an earlier checkpoint stands there.
create table checkpoint_heads (
    area_id integer not null,
    seq bigint not null,
    hash bytea not null,
    checkpoint bigint not null constraint checkpoint_heads_checkpoint_fkey references checkpoints (n),
    constraint checkpoint_heads_pkey primary key (area_id, seq)
);
create index checkpoint_heads_checkpoint on checkpoint_heads (checkpoint, area_id);

-- Holds the days still by an advisory lock, then takes today's; of a day that is closed, the next. Each
-- statement of the function sees what was committed while the one before waited.
create function take_day(lock bigint) returns date language plpgsql as $$
begin
    perform set_config('lock_timeout', '0', true);
    perform pg_advisory_xact_lock_shared(lock);
    return (select greatest((clock_timestamp() at time zone interval '7 hours')::date,
                            (select max(day) + 1 from closed_days)));
end
$$;

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end
$$;

-- What people type beside figures may name somebody. Of a line that is kept for ever that text alone may
-- be forgotten, and nothing may be put in its place.
create function refuse_all_but_forgetting() returns trigger language plpgsql as $$
begin
    if to_jsonb(new) - tg_argv[0] = to_jsonb(old) - tg_argv[0]
            and to_jsonb(new) ->> tg_argv[0] = '(đã xóa dữ liệu cá nhân)' then
        return new;
    end if;
    raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end
$$;

create trigger audit_entries_append_only before update or delete or truncate on audit_entries
    for each statement execute function refuse_change();
create trigger audit_items_append_only before update or delete or truncate on audit_items
    for each statement execute function refuse_change();
create trigger audit_values_unchanged before update or truncate on audit_values
    for each statement execute function refuse_change();
create trigger closed_days_append_only before update or delete or truncate on closed_days
    for each statement execute function refuse_change();
create trigger audit_heads_kept before delete or truncate on audit_heads
    for each statement execute function refuse_change();
create trigger checkpoints_append_only before update or delete or truncate on checkpoints
    for each statement execute function refuse_change();
create trigger checkpoint_heads_append_only before update or delete or truncate on checkpoint_heads
    for each statement execute function refuse_change();
