// @generated automatically by Diesel CLI.

diesel::table! {
    area_generation (one) {
        one -> Bool,
        n -> Int8,
    }
}

diesel::table! {
    area_scopes (area_id, covered_id) {
        area_id -> Int4,
        covered_id -> Int4,
    }
}

diesel::table! {
    area_successions (old_id, new_id, known_from) {
        old_id -> Int4,
        new_id -> Int4,
        effective_on -> Date,
        whole -> Bool,
        decree -> Nullable<Text>,
        known_from -> Date,
        known_to -> Nullable<Date>,
    }
}

diesel::table! {
    area_totals (area_id, year, base, n) {
        area_id -> Int4,
        year -> Int2,
        base -> Text,
        n -> Int4,
        total -> Nullable<Int4>,
        counted_on -> Nullable<Date>,
        source -> Text,
        day -> Date,
        author_id -> Uuid,
        version -> Int8,
    }
}

diesel::table! {
    area_versions (area_id, valid_from, known_from) {
        area_id -> Int4,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        code -> Text,
        unit_type -> Text,
        name -> Text,
        full_name -> Text,
        search_key -> Text,
        parent_id -> Nullable<Int4>,
        known_from -> Date,
        known_to -> Nullable<Date>,
    }
}

diesel::table! {
    areas (id) {
        id -> Int4,
        level -> Text,
    }
}

diesel::table! {
    audit_entries (area_id, seq) {
        area_id -> Int4,
        seq -> Int8,
        at -> Timestamptz,
        day -> Date,
        actor_id -> Uuid,
        request_id -> Uuid,
        action -> Text,
        items -> Int4,
        body -> Text,
        hash -> Bytea,
    }
}

diesel::table! {
    audit_heads (area_id) {
        area_id -> Int4,
        seq -> Int8,
        hash -> Bytea,
        closed -> Bool,
    }
}

diesel::table! {
    audit_items (area_id, seq, n) {
        area_id -> Int4,
        seq -> Int8,
        n -> Int4,
        entity -> Text,
        entity_id -> Text,
        body -> Text,
    }
}

diesel::table! {
    audit_values (area_id, seq, n, field) {
        area_id -> Int4,
        seq -> Int8,
        n -> Int4,
        field -> Text,
        salt -> Bytea,
        value -> Text,
    }
}

diesel::table! {
    checkpoint_heads (area_id, seq) {
        area_id -> Int4,
        seq -> Int8,
        hash -> Bytea,
        checkpoint -> Int8,
    }
}

diesel::table! {
    checkpoints (n) {
        n -> Int8,
        day -> Date,
        jws -> Text,
    }
}

diesel::table! {
    closed_days (day) {
        day -> Date,
        closed_at -> Timestamptz,
    }
}

diesel::table! {
    closings (area_id, year, kind, n) {
        area_id -> Int4,
        year -> Int2,
        kind -> Text,
        n -> Int4,
        state -> Text,
        reason -> Text,
        day -> Date,
        author_id -> Uuid,
        version -> Int8,
    }
}

diesel::table! {
    count_blocks (until, year, area_id, placed_id, kind, level, group_code, grade, valid_through) {
        until -> Date,
        area_id -> Int4,
        placed_id -> Int4,
        kind -> Text,
        level -> Text,
        year -> Int2,
        group_code -> Text,
        grade -> Text,
        valid_through -> Int2,
        registered -> Int4,
        self_assessed -> Int4,
        verified -> Int4,
        recognised -> Int4,
        not_recognised -> Int4,
        withdrawn -> Int4,
        revoked -> Int4,
    }
}

diesel::table! {
    count_changes (day, area_id, placed_id, kind, level, year, group_code, grade, valid_through) {
        day -> Date,
        area_id -> Int4,
        placed_id -> Int4,
        kind -> Text,
        level -> Text,
        year -> Int2,
        group_code -> Text,
        grade -> Text,
        valid_through -> Int2,
        registered -> Int4,
        self_assessed -> Int4,
        verified -> Int4,
        recognised -> Int4,
        not_recognised -> Int4,
        withdrawn -> Int4,
        revoked -> Int4,
    }
}

diesel::table! {
    count_spans (day) {
        day -> Date,
        after -> Date,
    }
}

diesel::table! {
    criteria_sets (id) {
        id -> Uuid,
        area_id -> Int4,
        kind -> Text,
        level -> Text,
        edition -> Int4,
        scheme -> Text,
        source -> Text,
        first_year -> Int2,
        last_year -> Int2,
        confirmed -> Bool,
        rules -> Jsonb,
        version -> Int8,
    }
}

diesel::table! {
    decision_changes (day, decided_on, area_id, placed_id, kind, level, year, group_code, grade, valid_through) {
        day -> Date,
        decided_on -> Date,
        area_id -> Int4,
        placed_id -> Int4,
        kind -> Text,
        level -> Text,
        year -> Int2,
        group_code -> Text,
        grade -> Text,
        valid_through -> Int2,
        registered -> Int4,
        self_assessed -> Int4,
        verified -> Int4,
        recognised -> Int4,
        not_recognised -> Int4,
        withdrawn -> Int4,
        revoked -> Int4,
    }
}

diesel::table! {
    decision_titles (decision_id, holder_id, year, level) {
        decision_id -> Uuid,
        holder_id -> Uuid,
        year -> Int2,
        level -> Text,
        n -> Int4,
        action -> Text,
        kind -> Text,
        area_id -> Int4,
        code -> Text,
        name -> Text,
        hamlet -> Text,
        group_code -> Text,
        own_score -> Nullable<Jsonb>,
        verified_score -> Nullable<Jsonb>,
        outcome -> Text,
        grade -> Text,
        reason -> Text,
        earlier_decision_id -> Nullable<Uuid>,
        earlier_valid_through -> Int2,
        annulled_at -> Nullable<Timestamptz>,
        annulled_by -> Nullable<Uuid>,
        annul_reason -> Text,
    }
}

diesel::table! {
    decisions (id) {
        id -> Uuid,
        document -> Text,
        authority_area_id -> Int4,
        authority_body -> Text,
        authority_name -> Text,
        number -> Text,
        symbol -> Text,
        decided_on -> Date,
        year -> Int2,
        signatory_name -> Text,
        signatory_position -> Text,
        signatory_capacity -> Text,
        note -> Text,
        entered_by -> Uuid,
        version -> Int8,
        annulled_at -> Nullable<Timestamptz>,
        annulled_by -> Nullable<Uuid>,
        annul_reason -> Text,
    }
}

diesel::table! {
    difficult_areas (area_id, valid_from) {
        area_id -> Int4,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        source -> Text,
        version -> Int8,
    }
}

diesel::table! {
    difficult_hamlets (hamlet_id, valid_from) {
        hamlet_id -> Uuid,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        source -> Text,
    }
}

diesel::table! {
    dismissed_pairs (id) {
        id -> Uuid,
        one_id -> Uuid,
        other_id -> Uuid,
        day -> Date,
        digest -> Bytea,
        version -> Int8,
    }
}

diesel::table! {
    entry_counts (day, chain_id, seq, area_id, placed_id, kind, level, year, group_code, grade, valid_through) {
        day -> Date,
        chain_id -> Int4,
        seq -> Int8,
        area_id -> Int4,
        placed_id -> Int4,
        kind -> Text,
        level -> Text,
        year -> Int2,
        group_code -> Text,
        grade -> Text,
        valid_through -> Int2,
        registered -> Int4,
        self_assessed -> Int4,
        verified -> Int4,
        recognised -> Int4,
        not_recognised -> Int4,
        withdrawn -> Int4,
        revoked -> Int4,
    }
}

diesel::table! {
    erasures (holder_id) {
        holder_id -> Uuid,
        day -> Date,
        erased_by -> Uuid,
    }
}

diesel::table! {
    exports (id) {
        id -> Uuid,
        area_id -> Int4,
        at -> Timestamptz,
        jws -> Text,
    }
}

diesel::table! {
    former_hamlets (hamlet_id, change_id) {
        hamlet_id -> Uuid,
        change_id -> Uuid,
        hamlet_type -> Text,
        name -> Text,
        search_key -> Text,
        valid_to -> Date,
        into_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    hamlet_changes (id) {
        id -> Uuid,
        area_id -> Int4,
        action -> Text,
        effective_on -> Date,
        document -> Text,
        day -> Date,
        undone_on -> Nullable<Date>,
        author_id -> Uuid,
        version -> Int8,
        state -> Text,
        plan -> Nullable<Jsonb>,
        faults -> Nullable<Jsonb>,
    }
}

diesel::table! {
    hamlets (id) {
        id -> Uuid,
        area_id -> Int4,
        placed_id -> Nullable<Int4>,
        hamlet_type -> Text,
        name -> Text,
        search_key -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        version -> Int8,
    }
}

diesel::table! {
    holder_identifiers (holder_id, scheme) {
        holder_id -> Uuid,
        scheme -> Text,
        key_id -> Int2,
        digest -> Bytea,
        sealed -> Bytea,
    }
}

diesel::table! {
    holders (id) {
        id -> Uuid,
        kind -> Text,
        area_id -> Int4,
        hamlet_id -> Nullable<Uuid>,
        code -> Text,
        name -> Text,
        search_key -> Text,
        group_code -> Text,
        birth_year -> Nullable<Int2>,
        family_id -> Nullable<Uuid>,
        unit_id -> Nullable<Uuid>,
        details -> Jsonb,
        version -> Int8,
        ended_on -> Nullable<Date>,
    }
}

diesel::table! {
    idempotency_keys (caller, route, key) {
        caller -> Uuid,
        route -> Text,
        key -> Text,
        request_digest -> Bytea,
        outcome -> Nullable<Jsonb>,
        at -> Timestamptz,
    }
}

diesel::table! {
    import_files (import_id, n) {
        import_id -> Uuid,
        n -> Int4,
        sealed -> Bytea,
    }
}

diesel::table! {
    import_newcomers (holder_id) {
        holder_id -> Uuid,
        import_id -> Uuid,
    }
}

diesel::table! {
    import_rows (import_id, n) {
        import_id -> Uuid,
        n -> Int4,
        sheet -> Text,
        row_number -> Int4,
        state -> Text,
        holder_id -> Nullable<Uuid>,
        is_new -> Bool,
        sealed -> Bytea,
        errors -> Nullable<Bytea>,
        notes -> Nullable<Bytea>,
    }
}

diesel::table! {
    imports (id) {
        id -> Uuid,
        area_id -> Int4,
        kind -> Text,
        level -> Text,
        year -> Int2,
        file_name -> Text,
        file_digest -> Bytea,
        file_size -> Int8,
        state -> Text,
        heartbeat -> Timestamptz,
        summary -> Jsonb,
        created_by -> Uuid,
        created_at -> Timestamptz,
        applied_at -> Nullable<Timestamptz>,
        version -> Int8,
        commune_id -> Int4,
        listed_on -> Date,
        applied_in -> Nullable<Int8>,
        undone_in -> Nullable<Int8>,
        rows_checked -> Int4,
        rows_written -> Int4,
    }
}

diesel::table! {
    key_checks (key_id) {
        key_id -> Text,
        value -> Bytea,
    }
}

diesel::table! {
    login_failures (id) {
        id -> Uuid,
        subject -> Bytea,
        at -> Timestamptz,
    }
}

diesel::table! {
    merges (id) {
        id -> Uuid,
        survivor_id -> Uuid,
        merged_id -> Uuid,
        merged_code -> Text,
        kind -> Text,
        area_id -> Int4,
        day -> Date,
        merged_by -> Uuid,
        sealed -> Nullable<Bytea>,
        undone_on -> Nullable<Date>,
        version -> Int8,
    }
}

diesel::table! {
    moves (id) {
        id -> Uuid,
        holder_id -> Uuid,
        code -> Text,
        kind -> Text,
        with_id -> Nullable<Uuid>,
        from_area_id -> Int4,
        from_hamlet_id -> Nullable<Uuid>,
        to_area_id -> Int4,
        to_hamlet_id -> Nullable<Uuid>,
        day -> Date,
        claimed_by -> Uuid,
        titles -> Jsonb,
        taken_back_on -> Nullable<Date>,
        version -> Int8,
    }
}

diesel::table! {
    reforms (id) {
        id -> Uuid,
        decree -> Text,
        effective_on -> Date,
        file -> Text,
        state -> Text,
        touched -> Nullable<Jsonb>,
        author_id -> Uuid,
        day -> Date,
        version -> Int8,
    }
}

diesel::table! {
    refresh_tokens (digest) {
        digest -> Bytea,
        session_id -> Uuid,
        issued_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    reported_figures (area_id, year, kind, level, reported_on, n) {
        area_id -> Int4,
        year -> Int2,
        kind -> Text,
        level -> Text,
        reported_on -> Date,
        n -> Int4,
        registered -> Nullable<Int4>,
        recognised -> Nullable<Int4>,
        total -> Nullable<Int4>,
        printed_rate -> Nullable<Int4>,
        printed_base -> Nullable<Text>,
        source -> Text,
        taken_back -> Bool,
        day -> Date,
        author_id -> Uuid,
        version -> Int8,
    }
}

diesel::table! {
    retention_rules (class) {
        class -> Text,
        keep_days -> Nullable<Int4>,
        basis -> Text,
        version -> Int8,
    }
}

diesel::table! {
    rounds (area_id, year, kind, n) {
        area_id -> Int4,
        year -> Int2,
        kind -> Text,
        n -> Int4,
        registration_until -> Nullable<Date>,
        decision_until -> Nullable<Date>,
        day -> Date,
        author_id -> Uuid,
        version -> Int8,
    }
}

diesel::table! {
    service_accounts (id) {
        id -> Uuid,
        name -> Text,
        area_id -> Int4,
        key_digest -> Bytea,
        disabled -> Bool,
        created_at -> Timestamptz,
        version -> Int8,
    }
}

diesel::table! {
    sessions (id) {
        id -> Uuid,
        user_id -> Uuid,
        started_at -> Timestamptz,
        expires_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    targets (area_id, year, kind, base, group_code, n) {
        area_id -> Int4,
        year -> Int2,
        kind -> Text,
        base -> Text,
        group_code -> Text,
        n -> Int4,
        percent -> Nullable<Int4>,
        source -> Text,
        day -> Date,
        author_id -> Uuid,
        version -> Int8,
    }
}

diesel::table! {
    title_counts (area_id, placed_id, kind, level, year, group_code, grade, valid_through) {
        area_id -> Int4,
        placed_id -> Int4,
        kind -> Text,
        level -> Text,
        year -> Int2,
        group_code -> Text,
        grade -> Text,
        valid_through -> Int2,
        registered -> Int4,
        self_assessed -> Int4,
        verified -> Int4,
        recognised -> Int4,
        not_recognised -> Int4,
        withdrawn -> Int4,
        revoked -> Int4,
    }
}

diesel::table! {
    title_states (holder_id, year, level, n) {
        holder_id -> Uuid,
        year -> Int2,
        level -> Text,
        n -> Int4,
        day -> Date,
        kind -> Text,
        area_id -> Int4,
        placed_id -> Nullable<Int4>,
        group_code -> Text,
        status -> Nullable<Text>,
        grade -> Text,
        valid_through -> Int2,
    }
}

diesel::table! {
    titles (holder_id, year, level) {
        holder_id -> Uuid,
        year -> Int2,
        level -> Text,
        kind -> Text,
        area_id -> Int4,
        placed_id -> Nullable<Int4>,
        code -> Text,
        name -> Text,
        search_key -> Text,
        hamlet_id -> Nullable<Uuid>,
        group_code -> Text,
        status -> Text,
        grade -> Text,
        valid_through -> Int2,
        registered_on -> Date,
        difficult -> Bool,
        own_score -> Nullable<Jsonb>,
        verified_score -> Nullable<Jsonb>,
        outcome -> Text,
        criteria_set_id -> Nullable<Uuid>,
        decision_id -> Nullable<Uuid>,
        import_id -> Nullable<Uuid>,
        hands -> Array<Nullable<Uuid>>,
        version -> Int8,
        decided_on -> Nullable<Date>,
        recognised_on -> Nullable<Date>,
        late -> Bool,
    }
}

diesel::table! {
    users (id) {
        id -> Uuid,
        username -> Text,
        full_name -> Text,
        role -> Text,
        area_id -> Int4,
        password_hash -> Text,
        password_temporary -> Bool,
        disabled -> Bool,
        created_at -> Timestamptz,
        version -> Int8,
    }
}

diesel::joinable!(area_totals -> areas (area_id));
diesel::joinable!(audit_heads -> areas (area_id));
diesel::joinable!(closings -> areas (area_id));
diesel::joinable!(count_blocks -> count_spans (until));
diesel::joinable!(criteria_sets -> areas (area_id));
diesel::joinable!(decision_titles -> decisions (decision_id));
diesel::joinable!(decisions -> areas (authority_area_id));
diesel::joinable!(difficult_areas -> areas (area_id));
diesel::joinable!(difficult_hamlets -> hamlets (hamlet_id));
diesel::joinable!(former_hamlets -> hamlet_changes (change_id));
diesel::joinable!(hamlet_changes -> areas (area_id));
diesel::joinable!(holder_identifiers -> holders (holder_id));
diesel::joinable!(holders -> areas (area_id));
diesel::joinable!(holders -> hamlets (hamlet_id));
diesel::joinable!(import_files -> imports (import_id));
diesel::joinable!(import_newcomers -> holders (holder_id));
diesel::joinable!(import_newcomers -> imports (import_id));
diesel::joinable!(refresh_tokens -> sessions (session_id));
diesel::joinable!(reported_figures -> areas (area_id));
diesel::joinable!(service_accounts -> areas (area_id));
diesel::joinable!(rounds -> areas (area_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(targets -> areas (area_id));
diesel::joinable!(titles -> criteria_sets (criteria_set_id));
diesel::joinable!(titles -> holders (holder_id));
diesel::joinable!(users -> areas (area_id));

diesel::allow_tables_to_appear_in_same_query!(
    area_scopes,
    area_successions,
    area_totals,
    area_versions,
    areas,
    audit_entries,
    audit_heads,
    audit_items,
    audit_values,
    checkpoint_heads,
    checkpoints,
    closed_days,
    closings,
    count_blocks,
    count_changes,
    count_spans,
    criteria_sets,
    decision_changes,
    decision_titles,
    decisions,
    difficult_areas,
    difficult_hamlets,
    entry_counts,
    dismissed_pairs,
    erasures,
    former_hamlets,
    hamlet_changes,
    exports,
    hamlets,
    holder_identifiers,
    holders,
    idempotency_keys,
    import_files,
    import_newcomers,
    import_rows,
    imports,
    key_checks,
    login_failures,
    merges,
    moves,
    reforms,
    refresh_tokens,
    reported_figures,
    retention_rules,
    rounds,
    service_accounts,
    sessions,
    targets,
    title_counts,
    title_states,
    titles,
    users,
);
