drop index holders_namesakes;
drop table merges;
