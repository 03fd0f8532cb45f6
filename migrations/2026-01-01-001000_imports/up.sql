create table imports (
    id uuid primary key,
    area_id integer not null constraint imports_area_fkey references areas (id),
    kind text collate "C" not null,
    level text collate "C" not null,
    year smallint not null,
    file_name text not null,
    file_digest bytea not null,
    file_size bigint not null,
    state text collate "C" not null constraint imports_state 
        check (state in ('checking', 'checked', 'applying', 'applied', 'undone', 'failed')),
    heartbeat timestamptz not null default now(),
    summary jsonb not null,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    applied_at timestamptz,
    version bigint not null,
    -- A list may be of a commune of former boundaries: its titles stand there, its entries in the chain of
    -- area_id, which keeps its records today. The codes of such a list are read for its day.
    commune_id integer not null constraint imports_commune_fkey references areas (id),
    listed_on date not null,
    -- The versions that applying and taking back gave to what they touched.
    applied_in bigint,
    undone_in bigint,
    -- How far its check and its applying are.
    rows_checked integer not null default 0,
    rows_written integer not null default 0
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

-- Whom a list entered as “mới”: the same row of a list means the same holder again.
create table import_newcomers (
    holder_id uuid primary key constraint import_newcomers_holder_fkey references holders (id) on delete cascade,
    import_id uuid not null constraint import_newcomers_import_fkey references imports (id)
);
-- Every check asks for those whom the lists of its commune entered.
create index import_newcomers_import on import_newcomers (import_id);
