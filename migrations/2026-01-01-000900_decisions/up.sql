create table decisions (
    id uuid primary key,
    document text collate "C" not null constraint decisions_document check (document in ('decision', 'notice', 'minutes')),
    -- The body that decided: of an area, which may be one that no longer exists.
    authority_area_id integer not null constraint decisions_authority_fkey references areas (id),
    authority_body text collate "C" not null,
    authority_name text not null,
    number text collate "C" not null,
    symbol text collate "C" not null,
    decided_on date not null,
    year smallint not null generated always as (extract(year from decided_on)) stored,
    signatory_name text not null,
    signatory_position text not null,
    signatory_capacity text not null,
    note text not null,
    entered_by uuid not null,
    version bigint not null,
    -- What was entered wrongly is annulled, whole or for some of its titles: the lines stay in the annex.
    annulled_at timestamptz,
    annulled_by uuid,
    annul_reason text not null default ''
);
-- The paper of an annulled decision may be entered again.
create unique index decisions_number_key
    on decisions (authority_area_id, authority_body, symbol, number, year) where annulled_at is null;
create index decisions_list on decisions (authority_area_id, decided_on, id);

-- The annexed list: everything stands as it was that day.
create table decision_titles (
    decision_id uuid not null constraint decision_titles_decision_fkey references decisions (id),
    holder_id uuid not null,
    year smallint not null,
    level text collate "C" not null,
    n integer not null,
    action text collate "C" not null constraint decision_titles_action check (action in ('recognise', 'decline', 'revoke')),
    kind text collate "C" not null,
    area_id integer not null,
    code text collate "C" not null,
    name text not null,
    hamlet text not null,
    group_code text collate "C" not null,
    own_score jsonb,
    verified_score jsonb,
    outcome text collate "C" not null,
    grade text collate "C" not null,
    reason text not null,
    -- What the title had before the line, so that annulling can give it back.
    earlier_decision_id uuid,
    earlier_valid_through smallint not null,
    annulled_at timestamptz,
    annulled_by uuid,
    annul_reason text not null default '',
    constraint decision_titles_pkey primary key (decision_id, holder_id, year, level)
);
create index decision_titles_title on decision_titles (holder_id, year, level);
