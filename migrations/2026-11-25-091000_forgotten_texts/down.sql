drop trigger area_totals_forget on area_totals;
drop trigger area_totals_append_only on area_totals;
create trigger area_totals_append_only before update or delete or truncate on area_totals
    for each statement execute function refuse_change();
drop trigger closings_forget on closings;
drop trigger closings_append_only on closings;
create trigger closings_append_only before update or delete or truncate on closings
    for each statement execute function refuse_change();
drop trigger reported_figures_forget on reported_figures;
drop trigger reported_figures_append_only on reported_figures;
create trigger reported_figures_append_only before update or delete or truncate on reported_figures
    for each statement execute function refuse_change();
drop trigger targets_forget on targets;
drop trigger targets_append_only on targets;
create trigger targets_append_only before update or delete or truncate on targets
    for each statement execute function refuse_change();
drop function refuse_all_but_forgetting();
