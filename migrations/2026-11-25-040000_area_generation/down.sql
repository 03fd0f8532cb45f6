drop table area_generation;
