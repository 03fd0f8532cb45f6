drop table checkpoint_heads, checkpoints, closed_days, audit_values, audit_items, audit_entries, audit_heads;
drop function refuse_all_but_forgetting;
drop function refuse_change;
drop function take_day;
