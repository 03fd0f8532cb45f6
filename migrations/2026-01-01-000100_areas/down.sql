drop table reforms, difficult_areas, area_generation, area_scopes, area_successions, area_versions, areas;
drop extension btree_gin;
drop extension pg_trgm;
