drop table hamlets, difficult_areas, area_scopes, area_successions, area_versions, areas;
drop extension pg_trgm, btree_gin;
