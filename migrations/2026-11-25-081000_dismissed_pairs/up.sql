-- Two holders who look alike and are not one, as somebody has found out.
create table dismissed_pairs (
    id uuid primary key,
    one_id uuid not null
        constraint dismissed_pairs_one_fkey references holders (id) on delete cascade,
    other_id uuid not null
        constraint dismissed_pairs_other_fkey references holders (id) on delete cascade,
    day date not null,
    -- Over the name, birth year and hamlet of both: once one of them is another, it stands no more.
    digest bytea not null,
    version bigint not null,
    constraint dismissed_pairs_key unique (one_id, other_id),
    constraint dismissed_pairs_in_order check (one_id < other_id)
);
create index dismissed_pairs_other on dismissed_pairs (other_id);
