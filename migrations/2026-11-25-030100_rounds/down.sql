alter table titles drop column late;
drop table rounds;
