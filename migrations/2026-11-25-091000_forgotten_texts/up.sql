-- What people type beside figures may name somebody. Of a line that is kept for ever that text alone may
-- be forgotten, and nothing may be put in its place.
create function refuse_all_but_forgetting() returns trigger language plpgsql as $$
begin
    if to_jsonb(new) - tg_argv[0] = to_jsonb(old) - tg_argv[0]
            and to_jsonb(new) ->> tg_argv[0] = '(đã xóa dữ liệu cá nhân)' then
        return new;
    end if;
    raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end
$$;

drop trigger area_totals_append_only on area_totals;
create trigger area_totals_append_only before delete or truncate on area_totals
    for each statement execute function refuse_change();
create trigger area_totals_forget before update on area_totals
    for each row execute function refuse_all_but_forgetting('source');
drop trigger closings_append_only on closings;
create trigger closings_append_only before delete or truncate on closings
    for each statement execute function refuse_change();
create trigger closings_forget before update on closings
    for each row execute function refuse_all_but_forgetting('reason');
drop trigger reported_figures_append_only on reported_figures;
create trigger reported_figures_append_only before delete or truncate on reported_figures
    for each statement execute function refuse_change();
create trigger reported_figures_forget before update on reported_figures
    for each row execute function refuse_all_but_forgetting('source');
drop trigger targets_append_only on targets;
create trigger targets_append_only before delete or truncate on targets
    for each statement execute function refuse_change();
create trigger targets_forget before update on targets
    for each row execute function refuse_all_but_forgetting('source');
