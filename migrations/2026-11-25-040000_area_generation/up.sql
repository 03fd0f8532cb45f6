-- Counts up with every change of areas: the servers keep areas in memory and ask whether they are
-- still the latest.
create table area_generation (
    one boolean primary key default true constraint area_generation_one check (one),
    n bigint not null
);
insert into area_generation (n) values (1);
