-- What an account asks for beside its password: a secret that it shares with an authenticator app (base32). A code is good
-- for one step of 30 seconds, and once: last_step is the latest that was taken, and only grows.
CREATE TABLE second_factors (
    account_id TEXT   NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    secret     TEXT   NOT NULL,
    last_step  BIGINT NOT NULL,
    since_ms   BIGINT NOT NULL,
    -- When its recovery codes were made.
    codes_ms   BIGINT NOT NULL,
    -- Codes of the app that were tried since the last right one, and when that began.
    tries      BIGINT NOT NULL DEFAULT 0,
    tries_ms   BIGINT NOT NULL DEFAULT 0
);

-- Codes for when the app is lost, as SHA-256. One that is used is deleted.
CREATE TABLE recovery_codes (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    code_hash  TEXT NOT NULL,
    PRIMARY KEY (account_id, code_hash)
);

-- A session after the password and before the code is nobody's yet: it has half_of in place of account_id.
ALTER TABLE sessions ADD COLUMN half_of TEXT REFERENCES accounts (id) ON DELETE CASCADE;
-- Wrong passwords and codes since it has its id.
ALTER TABLE sessions ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
CREATE INDEX sessions_half_of ON sessions (half_of, begun_ms);
