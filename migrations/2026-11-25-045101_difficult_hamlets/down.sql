alter table hamlets add column difficult boolean not null default false;
update hamlets set difficult = true where id in (
    select hamlet_id from difficult_hamlets where valid_to is null
);
drop table difficult_hamlets;
