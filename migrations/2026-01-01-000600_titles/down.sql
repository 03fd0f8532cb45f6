drop trigger holders_carried on holders;
drop function carry_holder_to_titles();
drop table count_changes, title_counts, title_states, titles;
