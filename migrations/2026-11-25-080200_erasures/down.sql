drop index audit_values_reasons;
drop index audit_entries_reads;
drop table erasures;
