-- What a key may be restricted to, where it was last used from, and the secrets that it had before. A restriction that
-- is NULL restricts nothing; lists are words with spaces between them.

ALTER TABLE keys ADD COLUMN expires_ms BIGINT;
ALTER TABLE keys ADD COLUMN endpoints TEXT;
ALTER TABLE keys ADD COLUMN models TEXT;
ALTER TABLE keys ADD COLUMN ips TEXT;
ALTER TABLE keys ADD COLUMN rpm BIGINT;
ALTER TABLE keys ADD COLUMN tpm BIGINT;
ALTER TABLE keys ADD COLUMN last_used_ip TEXT;

-- Secrets that a rotation replaced. Each is taken until expires_ms, and known for a while after that, so that whoever
-- still sends it is told what became of it.
CREATE TABLE retired_secrets (
    secret_hash  TEXT   NOT NULL PRIMARY KEY,
    key_id       TEXT   NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    prefix       TEXT   NOT NULL,
    suffix       TEXT   NOT NULL,
    last_used_ms BIGINT,
    last_used_ip TEXT,
    retired_ms   BIGINT NOT NULL,
    expires_ms   BIGINT NOT NULL
);
CREATE INDEX retired_secrets_of_key ON retired_secrets (key_id, expires_ms);
