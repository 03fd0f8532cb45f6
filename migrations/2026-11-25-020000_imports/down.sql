drop table import_newcomers;
alter table imports add column done_rows integer not null default 0;
alter table imports drop constraint imports_state;
update imports set state = 'applied' where state = 'undone';
alter table imports add constraint imports_state
    check (state in ('checking', 'checked', 'applying', 'applied', 'failed'));
alter table imports drop column commune_id, drop column listed_on, drop column applied_in, drop column undone_in;
