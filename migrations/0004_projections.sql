-- +goose Up
-- Read models live in schema read, made and owned by the projector; schema rebuild is
-- where a fresh copy of one grows until it takes the old one's place.
CREATE SCHEMA read AUTHORIZATION sijil_projector;
CREATE SCHEMA rebuild AUTHORIZATION sijil_projector;
GRANT USAGE ON SCHEMA read TO sijil_app;

-- How far each read model has come on which log. It commits with the rows it speaks of.
CREATE TABLE read.checkpoints (
    name     text PRIMARY KEY,
    version  int         NOT NULL, -- of the projection's tables and fold
    log_id   text        NOT NULL,
    position bigint      NOT NULL,
    epoch    bigint      NOT NULL DEFAULT 0, -- fencing: the turn that may move it
    updated  timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE read.checkpoints OWNER TO sijil_projector;
GRANT SELECT ON read.checkpoints TO sijil_app;
