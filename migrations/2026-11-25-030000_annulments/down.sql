drop index decisions_number_key;
alter table decisions
    add constraint decisions_number_key unique (authority_area_id, authority_body, symbol, number, year),
    drop column annulled_at,
    drop column annulled_by,
    drop column annul_reason;
alter table decision_titles
    drop column earlier_decision_id,
    drop column earlier_valid_through,
    drop column annulled_at,
    drop column annulled_by,
    drop column annul_reason;
