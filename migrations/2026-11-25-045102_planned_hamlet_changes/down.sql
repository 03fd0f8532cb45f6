drop index hamlet_changes_planned;
-- What was never made is known only where it can be planned.
delete from hamlet_changes where state in ('planned', 'failed', 'withdrawn');
alter table hamlet_changes drop column faults, drop column plan, drop column state;
