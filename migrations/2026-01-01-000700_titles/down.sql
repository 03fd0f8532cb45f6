drop trigger holders_carried on holders;
drop function carry_holder_to_titles();
drop table title_states, titles;
