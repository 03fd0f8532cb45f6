drop table dismissed_pairs;
