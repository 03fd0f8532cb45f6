drop table criteria_sets;
