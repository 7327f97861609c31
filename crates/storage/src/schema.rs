//! The tables as diesel sees them; `migrations/` is where they are made.

diesel::table! {
    languages (id) {
        id -> Integer,
        code -> Text,
        name -> Text,
    }
}

diesel::table! {
    users (id) {
        id -> Integer,
        role -> SmallInt,
        email -> Text,
        password_hash -> Text,
        name -> Text,
        availability -> SmallInt,
        performance -> Integer,
        last_seen -> Nullable<BigInt>,
        created_at -> BigInt,
        status -> SmallInt,
        company_id -> Nullable<Integer>,
    }
}

diesel::table! {
    tokens (hash) {
        hash -> Binary,
        user_id -> Integer,
        created_at -> BigInt,
        expires_at -> BigInt,
        language_id -> Nullable<Integer>,
    }
}

diesel::table! {
    provider_languages (provider_id, language_id) {
        provider_id -> Integer,
        language_id -> Integer,
        native -> Bool,
    }
}

diesel::table! {
    companies (id) {
        id -> Integer,
        code -> Text,
        name -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    company_secrets (hash) {
        hash -> Binary,
        company_id -> Integer,
        created_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    interpreters (id) {
        id -> Integer,
        number -> Nullable<Text>,
        gender -> Nullable<SmallInt>,
        employment -> SmallInt,
        certification -> Integer,
        rate -> Integer,
        special_type -> Integer,
        takes_calls -> Bool,
        takes_video -> Bool,
        takes_text -> Bool,
        said_at -> Nullable<BigInt>,
        missed_rings -> SmallInt,
        missed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    interpreter_specialties (interpreter_id, specialty) {
        interpreter_id -> Integer,
        specialty -> Integer,
    }
}

diesel::table! {
    credentials (interpreter_id, position) {
        interpreter_id -> Integer,
        position -> Integer,
        name -> Text,
        language_id -> Nullable<Integer>,
        effective_at -> BigInt,
        expires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    profile_images (id) {
        id -> Integer,
        interpreter_id -> Integer,
        media_type -> SmallInt,
        image -> Binary,
    }
}

diesel::table! {
    conferences (id) {
        id -> Integer,
        client_id -> Integer,
        ended_at -> Nullable<BigInt>,
        serviced -> Bool,
        last_seq -> Integer,
        next_deadline -> Nullable<BigInt>,
        requested_at -> BigInt,
        situation_code -> Integer,
        additional_info -> Nullable<Text>,
        location -> Nullable<Text>,
        from_language_id -> Nullable<Integer>,
        node -> Nullable<BigInt>,
        blanked -> Bool,
        start_by -> Nullable<BigInt>,
        place_until -> Nullable<BigInt>,
        working_id -> Nullable<Integer>,
    }
}

diesel::table! {
    requests (conference_id, id) {
        conference_id -> Integer,
        id -> Integer,
        language_id -> Integer,
        provider_id -> Nullable<Integer>,
        stage -> SmallInt,
        deadline -> Nullable<BigInt>,
        outcome -> Nullable<SmallInt>,
        ended_at -> Nullable<BigInt>,
        gender_option -> SmallInt,
        specialty -> SmallInt,
        accepted_at -> Nullable<BigInt>,
        purpose -> Nullable<SmallInt>,
        specialty_required -> Bool,
        certification -> Nullable<Integer>,
        certification_required -> Bool,
        video_option -> SmallInt,
        interpreter_id -> Nullable<Integer>,
        interpreter_required -> Bool,
    }
}

diesel::table! {
    offers (conference_id, request_id, provider_id) {
        conference_id -> Integer,
        provider_id -> Integer,
        position -> Integer,
        state -> SmallInt,
        offered_at -> BigInt,
        released_at -> Nullable<BigInt>,
        request_id -> Integer,
        step -> SmallInt,
        rung_until -> BigInt,
    }
}

diesel::table! {
    participants (conference_id, id) {
        conference_id -> Integer,
        id -> Integer,
        position -> Integer,
        kind -> SmallInt,
        user_id -> Nullable<Integer>,
        state -> SmallInt,
        deadline -> Nullable<BigInt>,
        account_expires -> Nullable<BigInt>,
        account_secret -> Nullable<Binary>,
        reason -> Nullable<SmallInt>,
        finished_at -> Nullable<BigInt>,
        removal -> Nullable<SmallInt>,
        invitation -> Nullable<Binary>,
        name -> Nullable<Text>,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        inviter_id -> Nullable<Integer>,
        request_id -> Nullable<Integer>,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    events (conference_id, seq) {
        conference_id -> Integer,
        seq -> Integer,
        at -> BigInt,
        kind -> SmallInt,
        actor_role -> Nullable<SmallInt>,
        actor_id -> Nullable<Integer>,
        participant_id -> Nullable<Integer>,
        other_id -> Nullable<Integer>,
        user_id -> Nullable<Integer>,
        code -> Nullable<Integer>,
        deadline -> Nullable<BigInt>,
        request_id -> Nullable<Integer>,
        purpose -> Nullable<SmallInt>,
    }
}

diesel::table! {
    nodes (id) {
        id -> BigInt,
        seen_at -> BigInt,
    }
}

diesel::table! {
    jobs (id) {
        id -> BigInt,
        kind -> SmallInt,
        ordering_key -> Nullable<Integer>,
        conference_id -> Nullable<Integer>,
        version -> SmallInt,
        payload -> Text,
        attempts -> Integer,
        created_at -> BigInt,
        due_at -> Nullable<BigInt>,
        lease_node -> Nullable<BigInt>,
        lease_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    recent_deliveries (participant_id) {
        participant_id -> Integer,
        recipient -> Binary,
        queued_at -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (owner, key) {
        owner -> Text,
        key -> Text,
        request_hash -> Binary,
        answer -> Binary,
        created_at -> BigInt,
        participant_id -> Nullable<Integer>,
    }
}

diesel::table! {
    call_legs (conference_id, position) {
        conference_id -> Integer,
        position -> Integer,
        started_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        call_time -> Text,
        successful -> Bool,
        additional_info -> Nullable<Text>,
        third_party_call_id -> Nullable<Text>,
    }
}

diesel::table! {
    id_blocks (name) {
        name -> Text,
        next -> Integer,
    }
}

diesel::table! {
    ring_plans (company_id) {
        company_id -> Integer,
        plan -> Text,
        changed_at -> BigInt,
    }
}

diesel::table! {
    search_looks (conference_id, seq) {
        conference_id -> Integer,
        seq -> Integer,
        request_id -> Integer,
        not_rung -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    users,
    tokens,
    languages,
    provider_languages,
    companies,
    company_secrets,
    interpreters,
    interpreter_specialties,
    credentials,
    profile_images,
    conferences,
    requests,
    offers,
    participants,
    nodes,
    jobs,
    call_legs,
);
