-- A list may be of a commune of former boundaries: its titles stand there, its entries in the chain of
-- area_id, which keeps its records today. The codes of such a list are read for its day.
alter table imports add column commune_id integer constraint imports_commune_fkey references areas (id);
alter table imports add column listed_on date;
update imports set commune_id = area_id, listed_on = (created_at at time zone interval '7 hours')::date;
alter table imports alter column commune_id set not null, alter column listed_on set not null;

-- The versions that applying and taking back gave to what they touched.
alter table imports add column applied_in bigint, add column undone_in bigint;
update imports set applied_in = version where state = 'applied';
alter table imports drop constraint imports_state;
alter table imports add constraint imports_state
    check (state in ('checking', 'checked', 'applied', 'undone', 'failed'));
alter table imports drop column done_rows;

-- Whom a list entered as “mới”: the same row of a list means the same holder again.
create table import_newcomers (
    holder_id uuid primary key constraint import_newcomers_holder_fkey references holders (id) on delete cascade,
    import_id uuid not null constraint import_newcomers_import_fkey references imports (id)
);
