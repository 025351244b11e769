-- +goose Up
-- Transfers are steered: who goes first, until when, how fast, and what people have
-- changed of what was ordered.

ALTER TABLE transfers ADD COLUMN priority BIGINT NOT NULL DEFAULT 0;
ALTER TABLE transfers ADD COLUMN deadline TIMESTAMPTZ;
ALTER TABLE transfers ADD COLUMN bandwidth TEXT NOT NULL DEFAULT '';
ALTER TABLE transfers ADD COLUMN paused BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE transfers ADD COLUMN wanted TEXT;
ALTER TABLE transfers ADD COLUMN attempt BIGINT NOT NULL DEFAULT 0;
ALTER TABLE transfers ADD COLUMN waiting TEXT NOT NULL DEFAULT '';
ALTER TABLE transfers ADD COLUMN progress TEXT;
CREATE INDEX transfers_agent ON transfers (agent, status, id);

-- +goose Down
DROP INDEX transfers_agent;
ALTER TABLE transfers DROP COLUMN progress;
ALTER TABLE transfers DROP COLUMN waiting;
ALTER TABLE transfers DROP COLUMN attempt;
ALTER TABLE transfers DROP COLUMN wanted;
ALTER TABLE transfers DROP COLUMN paused;
ALTER TABLE transfers DROP COLUMN bandwidth;
ALTER TABLE transfers DROP COLUMN deadline;
ALTER TABLE transfers DROP COLUMN priority;
