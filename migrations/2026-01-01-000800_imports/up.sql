create table imports (
    id uuid primary key,
    area_id integer not null constraint imports_area_fkey references areas (id),
    kind text collate "C" not null,
    level text collate "C" not null,
    year smallint not null,
    file_name text not null,
    file_digest bytea not null,
    file_size bigint not null,
    state text collate "C" not null constraint imports_state check (state in ('checking', 'checked', 'applying', 'applied', 'failed')),
    heartbeat timestamptz not null default now(),
    done_rows integer not null default 0,
    summary jsonb not null,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    applied_at timestamptz,
    version bigint not null
);
create index imports_list on imports (area_id, created_at, id);

-- The file as sent, encrypted, in pieces: the workbook of errors is made from it. Kept 30 days.
create table import_files (
    import_id uuid not null constraint import_files_import_fkey references imports (id) on delete cascade,
    n integer not null,
    sealed bytea not null,
    constraint import_files_pkey primary key (import_id, n)
);

-- Staging: what a row says stands encrypted; only what the matching needs stands beside it.
create unlogged table import_rows (
    import_id uuid not null,
    n integer not null,
    sheet text not null,
    row_number integer not null,
    state text collate "C" not null,
    holder_id uuid,
    is_new boolean not null,
    sealed bytea not null,
    errors bytea,
    notes bytea,
    constraint import_rows_pkey primary key (import_id, n)
);
create index import_rows_state on import_rows (import_id, state, n);
