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

-- Entries that were made before are read from their items, which keep the fields that changed: a
-- title is walked through its changes in the order of time.
with recursive items as (
    select i.entity_id, e.day, i.area_id as chain_id, i.seq, i.body::jsonb -> 'after' as after,
           row_number() over (partition by i.entity_id order by e.at, i.area_id, i.seq, i.n) as nth
    from audit_items i join audit_entries e on e.area_id = i.area_id and e.seq = i.seq
    where i.entity = 'title'
), walk as (
    select entity_id, day, chain_id, seq, nth, null::jsonb as before, after
    from items where nth = 1
    union all
    select i.entity_id, i.day, i.chain_id, i.seq, i.nth, w.after,
           case when i.after is not null then coalesce(w.after, '{}') || i.after end
    from walk w join items i on i.entity_id = w.entity_id and i.nth = w.nth + 1
), sides as (
    select day, chain_id, seq, entity_id, -1 as by, before as fields from walk where before is not null
    union all
    select day, chain_id, seq, entity_id, 1, after from walk where after is not null
), counted as (
    select day, chain_id, seq, (fields ->> 'area')::integer as area_id,
           coalesce((fields ->> 'placed')::integer, 0) as placed_id, fields ->> 'kind' as kind,
           split_part(entity_id, '/', 3) as level, split_part(entity_id, '/', 2)::smallint as year,
           fields ->> 'group' as group_code, fields ->> 'grade' as grade,
           (fields ->> 'valid_through')::smallint as valid_through,
           coalesce(sum(by) filter (where fields ->> 'status' = 'registered'), 0) as registered,
           coalesce(sum(by) filter (where fields ->> 'status' = 'self_assessed'), 0) as self_assessed,
           coalesce(sum(by) filter (where fields ->> 'status' = 'verified'), 0) as verified,
           coalesce(sum(by) filter (where fields ->> 'status' = 'recognised'), 0) as recognised,
           coalesce(sum(by) filter (where fields ->> 'status' = 'not_recognised'), 0) as not_recognised,
           coalesce(sum(by) filter (where fields ->> 'status' = 'withdrawn'), 0) as withdrawn,
           coalesce(sum(by) filter (where fields ->> 'status' = 'revoked'), 0) as revoked
    from sides group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
)
insert into entry_counts
select * from counted
where (registered, self_assessed, verified, recognised, not_recognised, withdrawn, revoked)
      <> (0, 0, 0, 0, 0, 0, 0);

-- What came to be known between two days is found by its day.
create index area_totals_day on area_totals (day);
create index closings_day on closings (day);
