-- A checked list is applied by a run of its own, which says how far it is as the check does.
alter table imports drop constraint imports_state;
alter table imports add constraint imports_state
    check (state in ('checking', 'checked', 'applying', 'applied', 'undone', 'failed'));
alter table imports add column rows_checked integer not null default 0,
                    add column rows_written integer not null default 0;

-- Every check asks for those whom the lists of its commune entered.
create index import_newcomers_import on import_newcomers (import_id);
