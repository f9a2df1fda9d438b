-- What the pages Usage and Logs show beyond the first sums: where a request's time went, why it was limited, what its client
-- called it; and how long requests took, counted by steps of time, so that percentiles of any span can be told.

ALTER TABLE ledger ADD COLUMN client_request_id TEXT;
ALTER TABLE ledger ADD COLUMN auth_us BIGINT;
ALTER TABLE ledger ADD COLUMN limit_us BIGINT;
ALTER TABLE ledger ADD COLUMN queue_us BIGINT;
ALTER TABLE ledger ADD COLUMN upstream_us BIGINT;
ALTER TABLE ledger ADD COLUMN worker_tries BIGINT;
ALTER TABLE ledger ADD COLUMN limited TEXT;

-- For each filter of the log that may find few rows among many. With request_id they hold the log's whole order, which is
-- what has SQLite take them before ledger_of_account.
CREATE INDEX ledger_of_key ON ledger (account_id, key_id, started_ms, request_id);
CREATE INDEX ledger_of_model ON ledger (account_id, model, started_ms, request_id);
CREATE INDEX ledger_of_errors ON ledger (account_id, started_ms, status) WHERE status >= 400;

-- duration_150 counts the requests that took more than the step before (100 ms) and at most 150 ms, and so on; first_150
-- the streams whose first token came in that time.
ALTER TABLE usage_hourly ADD COLUMN duration_3 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_5 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_7 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_10 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_15 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_20 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_30 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_50 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_70 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_100 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_150 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_200 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_300 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_500 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_700 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_1000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_1500 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_2000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_3000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_5000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_7000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_10000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_15000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_20000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_30000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_60000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_120000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN duration_more BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_3 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_5 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_7 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_10 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_15 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_20 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_30 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_50 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_70 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_100 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_150 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_200 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_300 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_500 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_700 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_1000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_1500 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_2000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_3000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_5000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_7000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_10000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_15000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_20000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_30000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_60000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_120000 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN first_more BIGINT NOT NULL DEFAULT 0;

-- The same by the day, for long spans.
CREATE TABLE usage_daily (
    account_id        TEXT   NOT NULL,
    day_ms            BIGINT NOT NULL,
    key_id            TEXT   NOT NULL,
    endpoint          TEXT   NOT NULL,
    model             TEXT   NOT NULL,
    status            BIGINT NOT NULL,
    requests          BIGINT NOT NULL,
    prompt_tokens     BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    duration_3        BIGINT NOT NULL,
    duration_5        BIGINT NOT NULL,
    duration_7        BIGINT NOT NULL,
    duration_10       BIGINT NOT NULL,
    duration_15       BIGINT NOT NULL,
    duration_20       BIGINT NOT NULL,
    duration_30       BIGINT NOT NULL,
    duration_50       BIGINT NOT NULL,
    duration_70       BIGINT NOT NULL,
    duration_100      BIGINT NOT NULL,
    duration_150      BIGINT NOT NULL,
    duration_200      BIGINT NOT NULL,
    duration_300      BIGINT NOT NULL,
    duration_500      BIGINT NOT NULL,
    duration_700      BIGINT NOT NULL,
    duration_1000     BIGINT NOT NULL,
    duration_1500     BIGINT NOT NULL,
    duration_2000     BIGINT NOT NULL,
    duration_3000     BIGINT NOT NULL,
    duration_5000     BIGINT NOT NULL,
    duration_7000     BIGINT NOT NULL,
    duration_10000    BIGINT NOT NULL,
    duration_15000    BIGINT NOT NULL,
    duration_20000    BIGINT NOT NULL,
    duration_30000    BIGINT NOT NULL,
    duration_60000    BIGINT NOT NULL,
    duration_120000   BIGINT NOT NULL,
    duration_more     BIGINT NOT NULL,
    first_3           BIGINT NOT NULL,
    first_5           BIGINT NOT NULL,
    first_7           BIGINT NOT NULL,
    first_10          BIGINT NOT NULL,
    first_15          BIGINT NOT NULL,
    first_20          BIGINT NOT NULL,
    first_30          BIGINT NOT NULL,
    first_50          BIGINT NOT NULL,
    first_70          BIGINT NOT NULL,
    first_100         BIGINT NOT NULL,
    first_150         BIGINT NOT NULL,
    first_200         BIGINT NOT NULL,
    first_300         BIGINT NOT NULL,
    first_500         BIGINT NOT NULL,
    first_700         BIGINT NOT NULL,
    first_1000        BIGINT NOT NULL,
    first_1500        BIGINT NOT NULL,
    first_2000        BIGINT NOT NULL,
    first_3000        BIGINT NOT NULL,
    first_5000        BIGINT NOT NULL,
    first_7000        BIGINT NOT NULL,
    first_10000       BIGINT NOT NULL,
    first_15000       BIGINT NOT NULL,
    first_20000       BIGINT NOT NULL,
    first_30000       BIGINT NOT NULL,
    first_60000       BIGINT NOT NULL,
    first_120000      BIGINT NOT NULL,
    first_more        BIGINT NOT NULL,
    PRIMARY KEY (account_id, day_ms, key_id, endpoint, model, status)
);

-- What is in the ledger already, counted anew.
DELETE FROM usage_hourly;
INSERT INTO usage_hourly (account_id, hour_ms, key_id, endpoint, model, status, requests, prompt_tokens, completion_tokens,
    duration_3, duration_5, duration_7, duration_10, duration_15, duration_20, duration_30, duration_50, duration_70, duration_100, duration_150, duration_200, duration_300, duration_500, duration_700, duration_1000, duration_1500, duration_2000, duration_3000, duration_5000, duration_7000, duration_10000, duration_15000, duration_20000, duration_30000, duration_60000, duration_120000, duration_more,
    first_3, first_5, first_7, first_10, first_15, first_20, first_30, first_50, first_70, first_100, first_150, first_200, first_300, first_500, first_700, first_1000, first_1500, first_2000, first_3000, first_5000, first_7000, first_10000, first_15000, first_20000, first_30000, first_60000, first_120000, first_more)
SELECT account_id, started_ms - started_ms % 3600000, COALESCE(key_id, ''), endpoint, COALESCE(model, ''), status,
    COUNT(*), CAST(SUM(prompt_tokens) AS BIGINT), CAST(SUM(completion_tokens) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms <= 3 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 3 AND duration_ms <= 5 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 5 AND duration_ms <= 7 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 7 AND duration_ms <= 10 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 10 AND duration_ms <= 15 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 15 AND duration_ms <= 20 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 20 AND duration_ms <= 30 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 30 AND duration_ms <= 50 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 50 AND duration_ms <= 70 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 70 AND duration_ms <= 100 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 100 AND duration_ms <= 150 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 150 AND duration_ms <= 200 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 200 AND duration_ms <= 300 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 300 AND duration_ms <= 500 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 500 AND duration_ms <= 700 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 700 AND duration_ms <= 1000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 1000 AND duration_ms <= 1500 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 1500 AND duration_ms <= 2000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 2000 AND duration_ms <= 3000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 3000 AND duration_ms <= 5000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 5000 AND duration_ms <= 7000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 7000 AND duration_ms <= 10000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 10000 AND duration_ms <= 15000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 15000 AND duration_ms <= 20000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 20000 AND duration_ms <= 30000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 30000 AND duration_ms <= 60000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 60000 AND duration_ms <= 120000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN duration_ms > 120000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms <= 3 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 3 AND first_token_ms <= 5 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 5 AND first_token_ms <= 7 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 7 AND first_token_ms <= 10 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 10 AND first_token_ms <= 15 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 15 AND first_token_ms <= 20 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 20 AND first_token_ms <= 30 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 30 AND first_token_ms <= 50 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 50 AND first_token_ms <= 70 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 70 AND first_token_ms <= 100 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 100 AND first_token_ms <= 150 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 150 AND first_token_ms <= 200 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 200 AND first_token_ms <= 300 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 300 AND first_token_ms <= 500 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 500 AND first_token_ms <= 700 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 700 AND first_token_ms <= 1000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 1000 AND first_token_ms <= 1500 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 1500 AND first_token_ms <= 2000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 2000 AND first_token_ms <= 3000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 3000 AND first_token_ms <= 5000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 5000 AND first_token_ms <= 7000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 7000 AND first_token_ms <= 10000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 10000 AND first_token_ms <= 15000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 15000 AND first_token_ms <= 20000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 20000 AND first_token_ms <= 30000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 30000 AND first_token_ms <= 60000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 60000 AND first_token_ms <= 120000 THEN 1 ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN streamed = 1 AND first_token_ms > 120000 THEN 1 ELSE 0 END) AS BIGINT)
FROM ledger GROUP BY 1, 2, 3, 4, 5, 6;

INSERT INTO usage_daily (account_id, day_ms, key_id, endpoint, model, status, requests, prompt_tokens, completion_tokens,
    duration_3, duration_5, duration_7, duration_10, duration_15, duration_20, duration_30, duration_50, duration_70, duration_100, duration_150, duration_200, duration_300, duration_500, duration_700, duration_1000, duration_1500, duration_2000, duration_3000, duration_5000, duration_7000, duration_10000, duration_15000, duration_20000, duration_30000, duration_60000, duration_120000, duration_more,
    first_3, first_5, first_7, first_10, first_15, first_20, first_30, first_50, first_70, first_100, first_150, first_200, first_300, first_500, first_700, first_1000, first_1500, first_2000, first_3000, first_5000, first_7000, first_10000, first_15000, first_20000, first_30000, first_60000, first_120000, first_more)
SELECT account_id, hour_ms - hour_ms % 86400000, key_id, endpoint, model, status,
    CAST(SUM(requests) AS BIGINT), CAST(SUM(prompt_tokens) AS BIGINT), CAST(SUM(completion_tokens) AS BIGINT),
    CAST(SUM(duration_3) AS BIGINT),
    CAST(SUM(duration_5) AS BIGINT),
    CAST(SUM(duration_7) AS BIGINT),
    CAST(SUM(duration_10) AS BIGINT),
    CAST(SUM(duration_15) AS BIGINT),
    CAST(SUM(duration_20) AS BIGINT),
    CAST(SUM(duration_30) AS BIGINT),
    CAST(SUM(duration_50) AS BIGINT),
    CAST(SUM(duration_70) AS BIGINT),
    CAST(SUM(duration_100) AS BIGINT),
    CAST(SUM(duration_150) AS BIGINT),
    CAST(SUM(duration_200) AS BIGINT),
    CAST(SUM(duration_300) AS BIGINT),
    CAST(SUM(duration_500) AS BIGINT),
    CAST(SUM(duration_700) AS BIGINT),
    CAST(SUM(duration_1000) AS BIGINT),
    CAST(SUM(duration_1500) AS BIGINT),
    CAST(SUM(duration_2000) AS BIGINT),
    CAST(SUM(duration_3000) AS BIGINT),
    CAST(SUM(duration_5000) AS BIGINT),
    CAST(SUM(duration_7000) AS BIGINT),
    CAST(SUM(duration_10000) AS BIGINT),
    CAST(SUM(duration_15000) AS BIGINT),
    CAST(SUM(duration_20000) AS BIGINT),
    CAST(SUM(duration_30000) AS BIGINT),
    CAST(SUM(duration_60000) AS BIGINT),
    CAST(SUM(duration_120000) AS BIGINT),
    CAST(SUM(duration_more) AS BIGINT),
    CAST(SUM(first_3) AS BIGINT),
    CAST(SUM(first_5) AS BIGINT),
    CAST(SUM(first_7) AS BIGINT),
    CAST(SUM(first_10) AS BIGINT),
    CAST(SUM(first_15) AS BIGINT),
    CAST(SUM(first_20) AS BIGINT),
    CAST(SUM(first_30) AS BIGINT),
    CAST(SUM(first_50) AS BIGINT),
    CAST(SUM(first_70) AS BIGINT),
    CAST(SUM(first_100) AS BIGINT),
    CAST(SUM(first_150) AS BIGINT),
    CAST(SUM(first_200) AS BIGINT),
    CAST(SUM(first_300) AS BIGINT),
    CAST(SUM(first_500) AS BIGINT),
    CAST(SUM(first_700) AS BIGINT),
    CAST(SUM(first_1000) AS BIGINT),
    CAST(SUM(first_1500) AS BIGINT),
    CAST(SUM(first_2000) AS BIGINT),
    CAST(SUM(first_3000) AS BIGINT),
    CAST(SUM(first_5000) AS BIGINT),
    CAST(SUM(first_7000) AS BIGINT),
    CAST(SUM(first_10000) AS BIGINT),
    CAST(SUM(first_15000) AS BIGINT),
    CAST(SUM(first_20000) AS BIGINT),
    CAST(SUM(first_30000) AS BIGINT),
    CAST(SUM(first_60000) AS BIGINT),
    CAST(SUM(first_120000) AS BIGINT),
    CAST(SUM(first_more) AS BIGINT)
FROM usage_hourly GROUP BY 1, 2, 3, 4, 5, 6;
