drop table reforms;
