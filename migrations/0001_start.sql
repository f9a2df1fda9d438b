-- Accounts, sessions, keys, the ledger and its hourly sums. SQLite and PostgreSQL both run this text:
-- booleans are BIGINT 0/1, times are unix milliseconds.

CREATE TABLE accounts (
    id            TEXT   NOT NULL PRIMARY KEY,
    email         TEXT   NOT NULL,
    password_hash TEXT   NOT NULL,
    tier          TEXT   NOT NULL,
    rpm           BIGINT,
    tpm           BIGINT,
    is_admin      BIGINT NOT NULL,
    created_ms    BIGINT NOT NULL,
    CONSTRAINT accounts_email_unique UNIQUE (email),
    CONSTRAINT accounts_tier_known CHECK (tier IN ('free', 'developer', 'startup', 'enterprise'))
);

-- id is the SHA-256 of the cookie's value, so that the table alone opens no session.
CREATE TABLE sessions (
    id         TEXT   NOT NULL PRIMARY KEY,
    record     TEXT   NOT NULL,
    expires_ms BIGINT NOT NULL
);
CREATE INDEX sessions_expires ON sessions (expires_ms);

CREATE TABLE keys (
    id           TEXT   NOT NULL PRIMARY KEY,
    account_id   TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name         TEXT   NOT NULL,
    prefix       TEXT   NOT NULL,
    suffix       TEXT   NOT NULL,
    secret_hash  TEXT   NOT NULL,
    created_ms   BIGINT NOT NULL,
    last_used_ms BIGINT,
    revoked_ms   BIGINT,
    CONSTRAINT keys_secret_hash_unique UNIQUE (secret_hash)
);
CREATE INDEX keys_of_account ON keys (account_id, created_ms);

-- One row per request that had a valid key or session. Neither prompts nor answers are stored.
CREATE TABLE ledger (
    request_id        TEXT   NOT NULL PRIMARY KEY,
    account_id        TEXT   NOT NULL,
    key_id            TEXT,
    endpoint          TEXT   NOT NULL,
    model             TEXT,
    worker            TEXT,
    status            BIGINT NOT NULL,
    error_code        TEXT,
    prompt_tokens     BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    streamed          BIGINT NOT NULL,
    first_token_ms    BIGINT,
    duration_ms       BIGINT NOT NULL,
    finish_reason     TEXT,
    replayed          BIGINT NOT NULL,
    retry_count       BIGINT NOT NULL,
    billing_basis     TEXT   NOT NULL,
    started_ms        BIGINT NOT NULL
);
CREATE INDEX ledger_of_account ON ledger (account_id, started_ms);

-- Sums of the ledger by the hour, moved in one transaction with its rows. key_id and model are '' where there is none.
CREATE TABLE usage_hourly (
    account_id        TEXT   NOT NULL,
    hour_ms           BIGINT NOT NULL,
    key_id            TEXT   NOT NULL,
    endpoint          TEXT   NOT NULL,
    model             TEXT   NOT NULL,
    status            BIGINT NOT NULL,
    requests          BIGINT NOT NULL,
    prompt_tokens     BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    PRIMARY KEY (account_id, hour_ms, key_id, endpoint, model, status)
);
