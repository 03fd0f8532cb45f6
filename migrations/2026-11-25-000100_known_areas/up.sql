-- What the register knew of areas on a day: a row is known from one day until the day before
-- another. A reform retires rows and adds others, so that the figures of a closed day find the
-- areas as they were known then. A row that would be retired on its first day is deleted instead.
alter table area_versions
    add column known_from date not null default '2021-01-01',
    add column known_to date,
    add constraint area_versions_known check (known_to > known_from),
    drop constraint area_versions_pkey,
    add constraint area_versions_pkey primary key (area_id, valid_from, known_from);
alter table area_versions alter column known_from drop default;

alter table area_successions
    add column known_from date not null default '2021-01-01',
    add column known_to date,
    add constraint area_successions_known check (known_to > known_from),
    drop constraint area_successions_pkey,
    add constraint area_successions_pkey primary key (old_id, new_id, known_from);
alter table area_successions alter column known_from drop default;

-- Where records are kept follows from the successions and the day.
alter table areas drop column settled_in;
