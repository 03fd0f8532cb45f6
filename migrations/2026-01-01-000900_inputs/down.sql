drop table closings, area_totals;
