-- The list of a commune's difficult times is changed as a whole, on the version that was read.
alter table difficult_areas add column version bigint not null default 0;
alter table difficult_areas alter column version drop default;
