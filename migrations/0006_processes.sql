-- +goose Up
-- What the rules that span streams still have to do. It follows from the log, and is made
-- again from it when both tables are emptied.
CREATE TABLE process_place (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    log_id   text   NOT NULL,
    position bigint NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON process_place TO sijil_projector;

CREATE TABLE process_reminder (
    tenant   uuid        NOT NULL,
    rule     text        NOT NULL,
    event    uuid        NOT NULL, -- the one the rule comes back to
    grp      text        NOT NULL, -- what a later event clears it by, '' for nothing
    due      timestamptz NOT NULL,
    stream   text        NOT NULL,
    revision bigint      NOT NULL,
    failed   int         NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, rule, event)
);
CREATE INDEX process_reminder_due ON process_reminder (due);
CREATE INDEX process_reminder_group ON process_reminder (tenant, rule, grp) WHERE grp <> '';

-- Processes work for every tenant; nobody else has a right to the table.
ALTER TABLE process_reminder ENABLE ROW LEVEL SECURITY;
ALTER TABLE process_reminder FORCE ROW LEVEL SECURITY;
CREATE POLICY every_tenant ON process_reminder TO sijil_projector USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON process_reminder TO sijil_projector;
