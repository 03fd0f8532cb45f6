-- What was entered wrongly is annulled, whole or for some of its titles: the lines stay in the annex.
-- Each line keeps what the title had before it, so that annulling can give it back.
alter table decision_titles
    add column earlier_decision_id uuid,
    add column earlier_valid_through smallint,
    add column annulled_at timestamptz,
    add column annulled_by uuid,
    add column annul_reason text not null default '';

-- Before a revocation stood the recognition that it took back; before all else nothing.
update decision_titles line
set earlier_decision_id = case when action = 'revoke' then (
        select earlier.decision_id from decision_titles earlier
        where earlier.holder_id = line.holder_id and earlier.year = line.year
          and earlier.level = line.level and earlier.action = 'recognise'
          and earlier.decision_id < line.decision_id
        order by earlier.decision_id desc limit 1) end,
    earlier_valid_through = coalesce(case when action = 'revoke' then (
        select s.valid_through from title_states s
        where s.holder_id = line.holder_id and s.year = line.year and s.level = line.level
          and s.status = 'recognised'
        order by s.n desc limit 1) end, year);
alter table decision_titles alter column earlier_valid_through set not null;

alter table decisions
    add column annulled_at timestamptz,
    add column annulled_by uuid,
    add column annul_reason text not null default '';

-- The paper of an annulled decision may be entered again.
alter table decisions drop constraint decisions_number_key;
create unique index decisions_number_key
    on decisions (authority_area_id, authority_body, symbol, number, year) where annulled_at is null;
