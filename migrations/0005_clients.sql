-- +goose Up
-- Who may ask for tokens. A tenant is an authority; its id derives from its slug.
CREATE TABLE tenant (
    tenant  uuid PRIMARY KEY,
    slug    text NOT NULL UNIQUE,
    created timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE client (
    tenant        uuid  NOT NULL REFERENCES tenant,
    id            uuid  NOT NULL,
    name          text  NOT NULL,
    institution   uuid  NOT NULL,
    scopes        text[] NOT NULL,
    secret_sha256 bytea NOT NULL CHECK (length(secret_sha256) = 32),
    created       timestamptz NOT NULL DEFAULT now(),
    revoked       timestamptz,
    PRIMARY KEY (tenant, id)
);

ALTER TABLE tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON tenant TO sijil_app
    USING (tenant = nullif(current_setting('sijil.tenant', true), '')::uuid);
GRANT SELECT, INSERT ON tenant TO sijil_app;

ALTER TABLE client ENABLE ROW LEVEL SECURITY;
ALTER TABLE client FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON client TO sijil_app
    USING (tenant = nullif(current_setting('sijil.tenant', true), '')::uuid);
GRANT SELECT, INSERT ON client TO sijil_app;
GRANT UPDATE (revoked) ON client TO sijil_app;

-- The list of authorities, for commands that go through all of them; FORCE binds the owner too.
CREATE POLICY tenants_listed ON tenant FOR SELECT TO CURRENT_USER USING (true);
