-- What was tried lately, by whom: tries is how often, free_ms when the next try is taken, ends_ms when the row no longer matters.
-- subject is an address, an account, or the SHA-256 of what a stranger typed or showed.
CREATE TABLE throttle (
    purpose TEXT   NOT NULL,
    subject TEXT   NOT NULL,
    tries   BIGINT NOT NULL,
    free_ms BIGINT NOT NULL,
    ends_ms BIGINT NOT NULL,
    PRIMARY KEY (purpose, subject)
);
CREATE INDEX throttle_ends ON throttle (ends_ms);

-- Browsers in which an account has signed in before. hash is the SHA-256 of a cookie's value.
CREATE TABLE devices (
    hash       TEXT   NOT NULL PRIMARY KEY,
    account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    seen_ms    BIGINT NOT NULL
);
CREATE INDEX devices_of_account ON devices (account_id, seen_ms);
CREATE INDEX devices_seen ON devices (seen_ms);

-- How large a kept answer is: an account keeps so much in all. 0 while its request runs.
ALTER TABLE idempotency ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
-- All that the quota looks at, so that no answer is read for it.
CREATE INDEX idempotency_quota ON idempotency (account_id, expires_ms, holder, bytes);
