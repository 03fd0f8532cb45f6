drop index closings_day;
drop index area_totals_day;
drop table entry_counts;
