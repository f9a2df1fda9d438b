-- Who has asked for the tier Enterprise, and for what; one request for each account, until it is answered.
CREATE TABLE enterprise_requests (
    account_id TEXT   NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    rpm        BIGINT NOT NULL,
    tpm        BIGINT NOT NULL,
    message    TEXT   NOT NULL,
    asked_ms   BIGINT NOT NULL
);
