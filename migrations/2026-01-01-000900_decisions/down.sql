drop table decision_titles, decisions;
