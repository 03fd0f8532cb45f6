alter table difficult_areas drop column version;
