-- Changes of areas by a decree: sent as a file, looked at, applied, perhaps taken back.
create table reforms (
    id uuid primary key,
    decree text not null,
    -- The first day on which it holds.
    effective_on date not null,
    -- The file as it was sent.
    file text not null,
    state text collate "C" not null constraint reforms_state check (state in ('staged', 'applied', 'undone')),
    -- The areas that it ended, renamed and began, by id, once it was applied.
    touched jsonb,
    author_id uuid not null,
    -- The day on which it was sent.
    day date not null,
    version bigint not null
);
