-- The daily changes summed over blocks of closed days, so that a past day is the sum of few of them.
-- A block holds the days after `after`, up to `day`; it is written once, when its last day is closed.
create table count_spans (
    day date primary key,
    after date not null,
    constraint count_spans_period check (after < day)
);

create table count_blocks (
    until date not null constraint count_blocks_span_fkey references count_spans (day),
    area_id integer not null,
    placed_id integer not null,
    kind text collate "C" not null,
    level text collate "C" not null,
    year smallint not null,
    group_code text collate "C" not null,
    grade text collate "C" not null,
    valid_through smallint not null,
    registered integer not null,
    self_assessed integer not null,
    verified integer not null,
    recognised integer not null,
    not_recognised integer not null,
    withdrawn integer not null,
    revoked integer not null,
    constraint count_blocks_pkey primary key (until, year, area_id, placed_id, kind, level, group_code, grade, valid_through)
);

create trigger count_spans_append_only before update or delete or truncate on count_spans
    for each statement execute function refuse_change();
create trigger count_blocks_append_only before update or delete or truncate on count_blocks
    for each statement execute function refuse_change();
