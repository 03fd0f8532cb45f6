drop index holders_area_community_key;
create unique index holders_area_community_key on holders (area_id)
    where kind = 'community' and hamlet_id is null;
alter table holders drop column ended_on;
drop table former_hamlets;
drop table hamlet_changes;
