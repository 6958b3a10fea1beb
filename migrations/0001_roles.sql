-- +goose Up
-- Who may do what in the database. The server logs in as the owner and steps down with
-- SET ROLE: sijil_log appends to the event log, sijil_projector writes read models,
-- sijil_app answers requests under row-level security, sijil_vault holds persons' wrapped
-- keys. None can log in, none owns a table.
--
-- Roles belong to the whole cluster, and several databases of one cluster may migrate at
-- once. Two transactions that create the same role, or grant the same membership, meet in
-- a unique index: the later one waits and then sees unique_violation, which means that the
-- work is done.

-- +goose StatementBegin
DO $$
DECLARE
    r text;
BEGIN
    FOREACH r IN ARRAY ARRAY['sijil_log', 'sijil_projector', 'sijil_app', 'sijil_vault'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', r);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN
                    NULL; -- another database of this cluster made it just now
                WHEN insufficient_privilege THEN
                    RAISE EXCEPTION 'the role % is missing and % may not create it', r, current_user
                        USING ERRCODE = 'insufficient_privilege',
                              HINT = format('As an administrator run: CREATE ROLE %I NOLOGIN NOINHERIT; GRANT %I TO %I;', r, r, current_user);
            END;
        END IF;

        -- A superuser may SET ROLE to anything. Anybody else must be a member.
        IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
            BEGIN
                EXECUTE format('GRANT %I TO %I', r, current_user);
            EXCEPTION
                WHEN unique_violation THEN
                    NULL; -- granted just now by another database of this cluster
                WHEN insufficient_privilege THEN
                    IF NOT pg_has_role(current_user, r, 'MEMBER') THEN
                        RAISE EXCEPTION '% is not a member of the role %', current_user, r
                            USING ERRCODE = 'insufficient_privilege',
                                  HINT = format('As an administrator run: GRANT %I TO %I;', r, current_user);
                    END IF;
            END;
        END IF;
    END LOOP;
END
$$;
-- +goose StatementEnd

-- Tables are granted one by one where they are made; nothing is public.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO sijil_log, sijil_projector, sijil_app, sijil_vault;
