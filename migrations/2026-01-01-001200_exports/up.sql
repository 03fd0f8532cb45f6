-- What was taken away: the signed manifest of each export, which holds nothing about a person.
create table exports (
    id uuid primary key,
    -- Of the account that took it.
    area_id integer not null constraint exports_area_fkey references areas (id),
    at timestamptz not null default now(),
    jws text not null
);

create trigger exports_append_only before update or delete or truncate on exports
    for each statement execute function refuse_change();
