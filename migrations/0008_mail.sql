-- When the account's owner showed that its address is theirs; NULL for not yet. Administrators were made from a shell, by
-- who knew them.
ALTER TABLE accounts ADD COLUMN verified_ms BIGINT;
UPDATE accounts SET verified_ms = created_ms WHERE is_admin = 1;

-- The outbox: a mail is written down here before anything else is done with it.
CREATE TABLE mails (
    id         TEXT   NOT NULL PRIMARY KEY,
    account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    purpose    TEXT   NOT NULL,
    recipient  TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    -- Without the secret of its link, which is kept beside it for as long as the mail is still to go out.
    body       TEXT   NOT NULL,
    secret     TEXT,
    state      TEXT   NOT NULL,
    tries      BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    -- When it is tried next, and until when.
    due_ms     BIGINT NOT NULL,
    until_ms   BIGINT NOT NULL,
    sent_ms    BIGINT,
    last_error TEXT,
    CONSTRAINT mails_state_known CHECK (state IN ('waiting', 'sent', 'failed'))
);
CREATE INDEX mails_due ON mails (state, due_ms);
CREATE INDEX mails_of_recipient ON mails (recipient, purpose, created_ms);
CREATE INDEX mails_of_account ON mails (account_id, purpose, created_ms);
CREATE INDEX mails_created ON mails (created_ms);

-- The SHA-256 of the secrets in mailed links. One of a kind for each account: a new one takes the place of the last.
CREATE TABLE mail_links (
    secret_hash TEXT   NOT NULL PRIMARY KEY,
    account_id  TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    purpose     TEXT   NOT NULL,
    -- What it was mailed to.
    address     TEXT   NOT NULL,
    expires_ms  BIGINT NOT NULL,
    CONSTRAINT mail_links_account_id_unique UNIQUE (account_id, purpose)
);
CREATE INDEX mail_links_expire ON mail_links (expires_ms);
