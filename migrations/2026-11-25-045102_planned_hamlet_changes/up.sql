-- A change may be entered before its day: it is planned, and made on its day, unless it was withdrawn
-- or does not fit any more.
alter table hamlet_changes
    add column state text collate "C" not null default 'made' constraint hamlet_changes_state
        check (state in ('planned', 'made', 'failed', 'withdrawn', 'undone')),
    -- What is to be made of which hamlets; none where it was made at once.
    add column plan jsonb,
    -- Why it could not be made on its day.
    add column faults jsonb;
update hamlet_changes set state = 'undone' where undone_on is not null;
alter table hamlet_changes alter column state drop default;
create index hamlet_changes_planned on hamlet_changes (effective_on, id) where state = 'planned';
