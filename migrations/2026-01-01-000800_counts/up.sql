-- Always equal to the count of titles. placed_id 0 stands for "not placed".
create table title_counts (
    area_id integer not null,
    placed_id integer not null,
    kind text collate "C" not null,
    level text collate "C" not null,
    year smallint not null,
    group_code text collate "C" not null,
    grade text collate "C" not null,
    valid_through smallint not null,
    registered integer not null default 0,
    self_assessed integer not null default 0,
    verified integer not null default 0,
    recognised integer not null default 0,
    not_recognised integer not null default 0,
    withdrawn integer not null default 0,
    revoked integer not null default 0,
    constraint title_counts_pkey primary key (area_id, placed_id, kind, level, year, group_code, grade, valid_through)
);
create index title_counts_year on title_counts (year, area_id, kind, level);

-- What changed on a day: the sum to a day is the register as known at its end.
create table count_changes (
    day date not null,
    area_id integer not null,
    placed_id integer not null,
    kind text collate "C" not null,
    level text collate "C" not null,
    year smallint not null,
    group_code text collate "C" not null,
    grade text collate "C" not null,
    valid_through smallint not null,
    registered integer not null default 0,
    self_assessed integer not null default 0,
    verified integer not null default 0,
    recognised integer not null default 0,
    not_recognised integer not null default 0,
    withdrawn integer not null default 0,
    revoked integer not null default 0,
    constraint count_changes_pkey primary key (day, area_id, placed_id, kind, level, year, group_code, grade, valid_through)
);

-- What each entry of the chains changed in the counts: the daily changes, entry by entry, so that what
-- lies between two days is explained at the cost of the entries and not of the records.
create table entry_counts (
    day date not null,
    chain_id integer not null,
    seq bigint not null,
    area_id integer not null,
    placed_id integer not null,
    kind text collate "C" not null,
    level text collate "C" not null,
    year smallint not null,
    group_code text collate "C" not null,
    grade text collate "C" not null,
    valid_through smallint not null,
    registered integer not null default 0,
    self_assessed integer not null default 0,
    verified integer not null default 0,
    recognised integer not null default 0,
    not_recognised integer not null default 0,
    withdrawn integer not null default 0,
    revoked integer not null default 0,
    constraint entry_counts_pkey primary key (day, chain_id, seq, area_id, placed_id, kind, level, year, group_code, grade, valid_through)
);
create index entry_counts_area on entry_counts (area_id, day);

-- What decisions of each date changed in the counts, by the day on which it is known: what is left
-- out where only those up to some date are meant. Grows with decisions and cells, not with titles.
create table decision_changes (
    day date not null,
    decided_on date not null,
    area_id integer not null,
    placed_id integer not null,
    kind text collate "C" not null,
    level text collate "C" not null,
    year smallint not null,
    group_code text collate "C" not null,
    grade text collate "C" not null,
    valid_through smallint not null,
    registered integer not null default 0,
    self_assessed integer not null default 0,
    verified integer not null default 0,
    recognised integer not null default 0,
    not_recognised integer not null default 0,
    withdrawn integer not null default 0,
    revoked integer not null default 0,
    constraint decision_changes_pkey primary key (day, decided_on, area_id, placed_id, kind, level, year, group_code, grade, valid_through)
);
create index decision_changes_year on decision_changes (year, decided_on);

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
