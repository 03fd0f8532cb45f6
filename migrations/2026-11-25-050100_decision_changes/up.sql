-- The days on the decisions that made a title what it is: of its state, and of its recognition where
-- it was revoked since.
alter table titles
    add column decided_on date,
    add column recognised_on date;

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

-- What was decided before this table was: known since the last state of each title.
update titles t
set decided_on = d.decided_on,
    recognised_on = case t.status when 'recognised' then d.decided_on when 'revoked' then (
        select max(r.decided_on)
        from decision_titles l join decisions r on r.id = l.decision_id
        where l.holder_id = t.holder_id and l.year = t.year and l.level = t.level
          and l.action = 'recognise') end
from decisions d
where d.id = t.decision_id and t.status in ('recognised', 'not_recognised', 'revoked');

insert into decision_changes (day, decided_on, area_id, placed_id, kind, level, year, group_code, grade,
                              valid_through, verified, recognised, not_recognised, revoked)
select s.day, p.decided_on, t.area_id, coalesce(t.placed_id, 0), t.kind, t.level, t.year, t.group_code,
       t.grade, t.valid_through, sum(p.verified), sum(p.recognised), sum(p.not_recognised), sum(p.revoked)
from titles t
cross join lateral (
    select max(day) as day from title_states s
    where s.holder_id = t.holder_id and s.year = t.year and s.level = t.level
) s
cross join lateral (values
    (t.decided_on, -1, 1, 0, 0, t.status = 'recognised'),
    (t.decided_on, -1, 0, 1, 0, t.status = 'not_recognised'),
    (t.recognised_on, -1, 1, 0, 0, t.status = 'revoked'),
    (t.decided_on, 0, -1, 0, 1, t.status = 'revoked')
) p (decided_on, verified, recognised, not_recognised, revoked, holds)
where p.holds and p.decided_on is not null
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;
