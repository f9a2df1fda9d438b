-- A session knows whose it is, so that its account can see and end it. Those from before do not: they end.

DELETE FROM sessions;
ALTER TABLE sessions ADD COLUMN account_id TEXT REFERENCES accounts (id) ON DELETE CASCADE;
ALTER TABLE sessions ADD COLUMN begun_ms BIGINT NOT NULL DEFAULT 0;
-- When, and from which address, it was last used.
ALTER TABLE sessions ADD COLUMN seen_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN ip TEXT;
-- What the browser calls itself.
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';
CREATE INDEX sessions_of_account ON sessions (account_id, begun_ms);

-- What the account is called where it is shown; empty for its e-mail address.
ALTER TABLE accounts ADD COLUMN name TEXT NOT NULL DEFAULT '';
-- Rows of the ledger are kept for so long. Those of before ledger_from_ms may be gone; their hourly sums stay.
ALTER TABLE accounts ADD COLUMN retention_days BIGINT NOT NULL DEFAULT 30;
ALTER TABLE accounts ADD COLUMN ledger_from_ms BIGINT NOT NULL DEFAULT 0;

-- Accounts that were deleted, for as long as a request of theirs may still come to the ledger: what is there of them goes.
CREATE TABLE deleted_accounts (
    account_id TEXT   NOT NULL PRIMARY KEY,
    deleted_ms BIGINT NOT NULL
);
