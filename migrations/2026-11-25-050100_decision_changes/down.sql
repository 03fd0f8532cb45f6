drop table decision_changes;
alter table titles drop column decided_on, drop column recognised_on;
