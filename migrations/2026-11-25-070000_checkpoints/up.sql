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

create trigger checkpoints_append_only before update or delete or truncate on checkpoints
    for each statement execute function refuse_change();
create trigger checkpoint_heads_append_only before update or delete or truncate on checkpoint_heads
    for each statement execute function refuse_change();
