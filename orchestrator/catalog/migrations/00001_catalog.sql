-- +goose Up
-- One set of tables for SQLite and PostgreSQL: JSON is kept as text, exactly as it
-- was written; times are UTC.

CREATE TABLE sites (
    name  TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL
);

CREATE TABLE locations (
    name       TEXT NOT NULL PRIMARY KEY,
    site       TEXT NOT NULL,
    url        TEXT NOT NULL,
    tier       TEXT NOT NULL,
    updated_at TIMESTAMPTZ
);

CREATE TABLE assets (
    id            TEXT NOT NULL PRIMARY KEY,
    name          TEXT NOT NULL,
    site          TEXT NOT NULL,
    route         TEXT NOT NULL,
    arrival_id    TEXT NOT NULL UNIQUE,
    source_path   TEXT NOT NULL,
    labels        TEXT,
    size          BIGINT NOT NULL,
    digests       TEXT,
    status        TEXT NOT NULL,
    reason        TEXT NOT NULL,
    facts         TEXT,
    qc            TEXT,
    tier          TEXT NOT NULL,
    tier_reason   TEXT NOT NULL,
    workflow      TEXT NOT NULL,
    recorded_at   TIMESTAMPTZ,
    first_seen_at TIMESTAMPTZ,
    arrived_at    TIMESTAMPTZ,
    live_at       TIMESTAMPTZ,
    published_at  TIMESTAMPTZ,
    updated_at    TIMESTAMPTZ
);
CREATE INDEX assets_status ON assets (status, id);

CREATE TABLE renditions (
    id         TEXT NOT NULL PRIMARY KEY,
    asset_id   TEXT NOT NULL REFERENCES assets (id),
    profile    TEXT NOT NULL,
    path       TEXT NOT NULL,
    files      BIGINT NOT NULL,
    size       BIGINT NOT NULL,
    facts      TEXT,
    created_at TIMESTAMPTZ,
    UNIQUE (asset_id, profile)
);

CREATE TABLE copies (
    id           TEXT NOT NULL PRIMARY KEY,
    asset_id     TEXT NOT NULL REFERENCES assets (id),
    rendition_id TEXT REFERENCES renditions (id),
    location     TEXT NOT NULL,
    path         TEXT NOT NULL,
    size         BIGINT NOT NULL,
    digests      TEXT,
    proof        TEXT NOT NULL,
    tier         TEXT NOT NULL,
    kind         TEXT NOT NULL,
    verified_at  TIMESTAMPTZ,
    UNIQUE (location, path)
);
CREATE INDEX copies_asset ON copies (asset_id);

CREATE TABLE workflows (
    namespace  TEXT NOT NULL,
    name       TEXT NOT NULL,
    version    TEXT NOT NULL,
    source     TEXT NOT NULL,
    digest     TEXT NOT NULL,
    created_at TIMESTAMPTZ,
    PRIMARY KEY (namespace, name, version)
);

CREATE TABLE runs (
    id         TEXT NOT NULL PRIMARY KEY,
    namespace  TEXT NOT NULL,
    workflow   TEXT NOT NULL,
    version    TEXT NOT NULL,
    asset_id   TEXT NOT NULL,
    parent_id  TEXT NOT NULL,
    parent_key TEXT NOT NULL,
    status     TEXT NOT NULL,
    input      TEXT,
    output     TEXT,
    error      TEXT,
    state      TEXT,
    waiting    TEXT,
    created_at TIMESTAMPTZ,
    updated_at TIMESTAMPTZ,
    ended_at   TIMESTAMPTZ
);
CREATE INDEX runs_asset ON runs (asset_id, id);
CREATE INDEX runs_status ON runs (status, id);
CREATE INDEX runs_parent ON runs (parent_id, parent_key);

CREATE TABLE steps (
    run_id     TEXT NOT NULL REFERENCES runs (id),
    key        TEXT NOT NULL,
    task       TEXT NOT NULL,
    name       TEXT NOT NULL,
    function   TEXT NOT NULL,
    status     TEXT NOT NULL,
    attempt    BIGINT NOT NULL,
    fence      BIGINT NOT NULL,
    lost       BIGINT NOT NULL,
    job        BIGINT NOT NULL,
    input      TEXT,
    output     TEXT,
    error      TEXT,
    progress   TEXT,
    created_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ,
    ended_at   TIMESTAMPTZ,
    PRIMARY KEY (run_id, key)
);

CREATE TABLE timers (
    run_id TEXT NOT NULL REFERENCES runs (id),
    key    TEXT NOT NULL,
    due    TIMESTAMPTZ,
    job    BIGINT NOT NULL,
    PRIMARY KEY (run_id, key)
);

CREATE TABLE transfers (
    id          TEXT NOT NULL PRIMARY KEY,
    key         TEXT NOT NULL UNIQUE,
    kind        TEXT NOT NULL,
    site        TEXT NOT NULL,
    asset_id    TEXT NOT NULL,
    run_id      TEXT NOT NULL,
    status      TEXT NOT NULL,
    agent       TEXT NOT NULL,
    fence       BIGINT NOT NULL,
    lease_until TIMESTAMPTZ,
    not_before  TIMESTAMPTZ,
    spec        TEXT,
    done        BIGINT NOT NULL,
    total       BIGINT NOT NULL,
    rate        DOUBLE PRECISION NOT NULL,
    phase       TEXT NOT NULL,
    receipts    TEXT,
    error       TEXT NOT NULL,
    created_at  TIMESTAMPTZ,
    started_at  TIMESTAMPTZ,
    ended_at    TIMESTAMPTZ
);
CREATE INDEX transfers_site ON transfers (site, status, id);
CREATE INDEX transfers_asset ON transfers (asset_id, id);

CREATE TABLE deliveries (
    id           TEXT NOT NULL PRIMARY KEY,
    asset_id     TEXT NOT NULL REFERENCES assets (id),
    partner      TEXT NOT NULL,
    profile      TEXT NOT NULL,
    location     TEXT NOT NULL,
    path         TEXT NOT NULL,
    status       TEXT NOT NULL,
    transfer_id  TEXT NOT NULL,
    receipts     TEXT,
    proof        TEXT NOT NULL,
    error        TEXT NOT NULL,
    created_at   TIMESTAMPTZ,
    delivered_at TIMESTAMPTZ,
    UNIQUE (asset_id, partner)
);

CREATE TABLE events (
    seq     BIGINT NOT NULL PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,
    type    TEXT NOT NULL,
    source  TEXT NOT NULL,
    subject TEXT NOT NULL,
    time    TIMESTAMPTZ,
    data    TEXT
);
CREATE INDEX events_subject ON events (subject, seq);

-- +goose Down
DROP TABLE events;
DROP TABLE deliveries;
DROP TABLE transfers;
DROP TABLE timers;
DROP TABLE steps;
DROP TABLE runs;
DROP TABLE workflows;
DROP TABLE copies;
DROP TABLE renditions;
DROP TABLE assets;
DROP TABLE locations;
DROP TABLE sites;
