drop table idempotency_keys, key_checks, service_accounts, login_failures, refresh_tokens, sessions, users;
