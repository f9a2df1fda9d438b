-- Requests with an idempotency key: those that run now (status is NULL), and the answers of those that have ended.
-- owner is the service that runs it, holder the one run among others under the same key; until lease_until_ms nobody else
-- takes it over.
CREATE TABLE idempotency (
    account_id     TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    path           TEXT   NOT NULL,
    key            TEXT   NOT NULL,
    fingerprint    TEXT   NOT NULL,
    owner          TEXT   NOT NULL,
    holder         TEXT   NOT NULL,
    lease_until_ms BIGINT NOT NULL,
    expires_ms     BIGINT NOT NULL,
    status         BIGINT,
    streamed       BIGINT,
    body           TEXT,
    PRIMARY KEY (account_id, path, key)
);
CREATE INDEX idempotency_expires ON idempotency (expires_ms);
CREATE INDEX idempotency_holder ON idempotency (holder);
