-- How often what proves an account's owner was replaced: a sign-in that was proved by what was before opens nothing.
ALTER TABLE accounts ADD COLUMN proofs BIGINT NOT NULL DEFAULT 0;
