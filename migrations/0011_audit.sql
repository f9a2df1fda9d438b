-- An account may be suspended: its keys are refused, and nobody is signed in to it. The reason is shown to whoever signs in.

ALTER TABLE accounts ADD COLUMN suspended_ms BIGINT;
ALTER TABLE accounts ADD COLUMN suspended_for TEXT;

-- What was done, by whom, from where. No key refers to another table: a record outlives what it tells of.

CREATE TABLE audit_log (
    id            TEXT   NOT NULL PRIMARY KEY,
    at_ms         BIGINT NOT NULL,
    -- account, shell, system, or stranger: who did not prove to be the account.
    actor         TEXT   NOT NULL,
    actor_id      TEXT,
    actor_email   TEXT,
    -- Whom it concerns.
    account_id    TEXT,
    account_email TEXT,
    action        TEXT   NOT NULL,
    target_id     TEXT,
    target_name   TEXT,
    ip            TEXT,
    agent         TEXT   NOT NULL,
    outcome       TEXT   NOT NULL,
    -- JSON: what changed. Never a secret.
    details       TEXT   NOT NULL,
    CONSTRAINT audit_log_actor_known CHECK (actor IN ('account', 'shell', 'system', 'stranger')),
    CONSTRAINT audit_log_outcome_known CHECK (outcome IN ('done', 'refused'))
);
CREATE INDEX audit_log_in_order ON audit_log (at_ms, id);
CREATE INDEX audit_log_of_account ON audit_log (account_id, at_ms, id);

-- The log is only added to: no row is ever changed, and none is deleted before it is a year old. The engines write triggers
-- differently. PostgreSQL's comments nest and SQLite's do not, so each reads its own lines below and takes the other's for comments.

/* /* */ CREATE TRIGGER audit_log_unchanged BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END; -- */
/* /* */ CREATE TRIGGER audit_log_kept BEFORE DELETE ON audit_log WHEN OLD.at_ms > (CAST(strftime('%s', 'now') AS INTEGER) - 31536000) * 1000 BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END; -- */
/* /* */ -- */ CREATE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the audit log is only added to'; END $$;
/* /* */ -- */ CREATE TRIGGER audit_log_unchanged BEFORE UPDATE ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_log_refuse();
/* /* */ -- */ CREATE TRIGGER audit_log_kept BEFORE DELETE ON audit_log FOR EACH ROW WHEN (OLD.at_ms > (CAST(extract(epoch FROM now()) AS BIGINT) - 31536000) * 1000) EXECUTE FUNCTION audit_log_refuse();
