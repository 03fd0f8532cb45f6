-- Whose personal data was erased: the holder itself stays, nameless, so that counts and chains stand.
create table erasures (
    holder_id uuid primary key,
    day date not null,
    erased_by uuid not null
);

-- Who read whole numbers or took personal data away is asked by itself.
create index audit_entries_reads on audit_entries (at)
    where action in ('number.look_up', 'personal_data.export', 'export.titles', 'export.holders',
                     'export.decisions', 'export.audit');

-- Reasons in free text are searched for the names of erased people.
create index audit_values_reasons on audit_values (area_id, seq) where n = -1;
