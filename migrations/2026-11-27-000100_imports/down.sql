drop index import_newcomers_import;
update imports set state = 'checked' where state = 'applying';
alter table imports drop column rows_checked, drop column rows_written;
alter table imports drop constraint imports_state;
alter table imports add constraint imports_state
    check (state in ('checking', 'checked', 'applied', 'undone', 'failed'));
