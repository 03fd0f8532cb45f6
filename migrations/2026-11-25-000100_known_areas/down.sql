alter table areas add column settled_in integer constraint areas_settled_in_fkey references areas (id);
with recursive ending as (
    select a.id, a.id as at from areas a
    union all
    select e.id, s.new_id
    from ending e join area_successions s on s.old_id = e.at and s.whole and s.known_to is null
)
update areas set settled_in = e.at
from ending e
where e.id = areas.id
  and exists (select from area_versions v
              where v.area_id = e.at and v.valid_to is null and v.known_to is null);

delete from area_successions where known_to is not null;
alter table area_successions
    drop constraint area_successions_pkey,
    add constraint area_successions_pkey primary key (old_id, new_id),
    drop column known_from,
    drop column known_to;

delete from area_versions where known_to is not null;
alter table area_versions
    drop constraint area_versions_pkey,
    add constraint area_versions_pkey primary key (area_id, valid_from),
    drop column known_from,
    drop column known_to;
