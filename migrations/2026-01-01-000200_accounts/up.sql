create table users (
    id uuid primary key,
    username text collate "C" not null constraint users_username_key unique,
    full_name text not null,
    role text not null constraint users_role check (role in ('recorder', 'approver', 'supervisor', 'auditor', 'viewer', 'administrator')),
    area_id integer not null constraint users_area_fkey references areas (id),
    password_hash text not null,
    password_temporary boolean not null,
    disabled boolean not null default false,
    created_at timestamptz not null default now(),
    version bigint not null
);
create index users_area on users (area_id, username);

create table sessions (
    id uuid primary key,
    user_id uuid not null constraint sessions_user_fkey references users (id) on delete cascade,
    started_at timestamptz not null default now(),
    expires_at timestamptz not null,
    ended_at timestamptz
);
create index sessions_user on sessions (user_id) where ended_at is null;

-- One row for each refresh token ever issued in a session: one that comes a second time ends the session.
create table refresh_tokens (
    digest bytea primary key,
    session_id uuid not null constraint refresh_tokens_session_fkey references sessions (id) on delete cascade,
    issued_at timestamptz not null default now(),
    used_at timestamptz
);
create index refresh_tokens_session on refresh_tokens (session_id);

-- Keyed by a digest of the user name or address, so that what a stranger typed is not kept.
create table login_failures (
    id uuid primary key,
    subject bytea not null,
    at timestamptz not null default now()
);
create index login_failures_subject on login_failures (subject, at);

create table service_accounts (
    id uuid primary key,
    name text collate "C" not null constraint service_accounts_name_key unique,
    area_id integer not null constraint service_accounts_area_fkey references areas (id),
    key_digest bytea not null constraint service_accounts_key_key unique,
    disabled boolean not null default false,
    created_at timestamptz not null default now(),
    version bigint not null
);

-- A value made with each key: a server that holds other keys must not start.
create table key_checks (
    key_id text primary key,
    value bytea not null
);

-- Only what identifies the outcome of a request is kept, nothing of its content.
create table idempotency_keys (
    caller uuid not null,
    route text not null,
    key text collate "C" not null,
    request_digest bytea not null,
    outcome jsonb,
    at timestamptz not null default now(),
    constraint idempotency_keys_pkey primary key (caller, route, key)
);
create index idempotency_keys_at on idempotency_keys (at);
