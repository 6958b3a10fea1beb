-- +goose Up
-- Wrapped keys of persons, outside the event log: deleting one erases what it sealed.
CREATE TABLE vault_keys (
    tenant  uuid NOT NULL,
    subject uuid NOT NULL,
    class   text NOT NULL,
    epoch   int  NOT NULL,   -- of the master key; 0 with no box: erased for good
    box     bytea,
    created timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, subject, class),
    CHECK ((epoch = 0) = (box IS NULL))
);
CREATE INDEX vault_keys_by_epoch ON vault_keys (tenant, epoch);

ALTER TABLE vault_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON vault_keys TO sijil_vault
    USING (tenant = nullif(current_setting('sijil.tenant', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON vault_keys TO sijil_vault;

-- Re-wrapping goes tenant by tenant; the owner, whom FORCE binds too, sees who they are.
CREATE POLICY tenants_listed ON vault_keys FOR SELECT TO CURRENT_USER USING (class = 'tenant');
