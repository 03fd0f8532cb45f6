drop function take_day(bigint);
drop table closed_days, audit_values, audit_items, audit_entries, audit_heads;
drop function refuse_change;
