-- +goose Up
-- How far the issuer has come: before this place in the log every award is signed or over.
CREATE TABLE issuer_place (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    log_id   text   NOT NULL,
    position bigint NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON issuer_place TO sijil_projector;

-- The public URLs under which credentials were signed: institutions and status lists are
-- named by them for ever.
CREATE TABLE issuer_url (
    url   text PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT ON issuer_url TO sijil_projector;
