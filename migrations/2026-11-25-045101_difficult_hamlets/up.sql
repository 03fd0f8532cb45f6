-- When a hamlet is specially difficult, by the decision that lists it, as a commune is.
create table difficult_hamlets (
    hamlet_id uuid not null constraint difficult_hamlets_hamlet_fkey references hamlets (id) on delete cascade,
    valid_from date not null,
    -- The last day; none while it holds.
    valid_to date,
    source text not null,
    constraint difficult_hamlets_pkey primary key (hamlet_id, valid_from),
    constraint difficult_hamlets_period check (valid_to is null or valid_to >= valid_from)
);
-- A mark without days meant all days; which decision gave it was not asked.
insert into difficult_hamlets (hamlet_id, valid_from, valid_to, source)
    select id, valid_from, null, 'Chưa ghi văn bản' from hamlets where difficult;
alter table hamlets drop column difficult;
