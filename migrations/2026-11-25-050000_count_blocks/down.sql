drop table count_blocks; drop table count_spans;
