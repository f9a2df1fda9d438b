-- Workers that were added while the service runs, beside those of its settings. A key is kept as it is sent.
CREATE TABLE workers (
    id            TEXT   NOT NULL,
    url           TEXT   NOT NULL,
    key           TEXT,
    weight        BIGINT NOT NULL,
    max_in_flight BIGINT,
    created_ms    BIGINT NOT NULL,
    CONSTRAINT workers_id_unique PRIMARY KEY (id)
);

-- Those that get nothing new, wherever they come from.
CREATE TABLE drained_workers (
    id       TEXT   NOT NULL PRIMARY KEY,
    since_ms BIGINT NOT NULL
);

-- One row, which counts the changes to both tables, so that whoever follows them need not read them to see that nothing
-- has changed.
CREATE TABLE worker_changes (
    version BIGINT NOT NULL
);
INSERT INTO worker_changes (version) VALUES (0);

-- The services that run on this database, and how each sees its workers, in JSON. One that has said nothing for a minute
-- is gone.
CREATE TABLE gateways (
    id      TEXT   NOT NULL PRIMARY KEY,
    name    TEXT   NOT NULL,
    seen_ms BIGINT NOT NULL,
    workers TEXT   NOT NULL
);
