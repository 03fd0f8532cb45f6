drop table count_changes, title_counts, title_states, titles;
