-- The chain of an area that a reform made and that was taken back with it: who still knew the area when
-- it was there must not write into it.
alter table audit_heads add column closed boolean not null default false;
