-- +goose Up
-- The event log: what internal/eventlog/pglog reads and writes. Events are only ever added.

-- The log's name for ever, beside every position that is kept anywhere.
CREATE TABLE event_log (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    id  uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO event_log DEFAULT VALUES;

-- A stream's id is the position of its first event, so that it is known before it is
-- stored and takes no sequence. Room on the pages keeps a moving head in place.
CREATE TABLE streams (
    id   bigint PRIMARY KEY CHECK (id > 0),
    name text COLLATE "C" NOT NULL UNIQUE CHECK (name <> '' AND octet_length(name) <= 400),
    head bigint NOT NULL CHECK (head >= 0)
) WITH (fillfactor = 80);

-- pos is dense and becomes visible in order: one appender at a time holds the advisory lock
-- until it has committed. There is no foreign key to streams: it would lock and rewrite the
-- stream's row for every event, and the only statement that writes writes both.
CREATE TABLE events (
    pos       bigint PRIMARY KEY CHECK (pos > 0),
    stream_id bigint NOT NULL,
    rev       bigint NOT NULL CHECK (rev >= 0),
    id        uuid NOT NULL,
    type      text COLLATE "C" NOT NULL,
    data      bytea NOT NULL,
    meta      bytea NOT NULL,
    created   timestamptz NOT NULL,
    UNIQUE (stream_id, rev)
);
CREATE INDEX events_stream_id_id ON events (stream_id, id);

-- The second line behind the grants: nobody changes or removes an event, the owner and a
-- superuser by mistake included. ENABLE ALWAYS holds in replication roles too.

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the event log is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE events ENABLE ALWAYS TRIGGER append_only;

-- Of a stream only the head moves, and only forward.
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON streams
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE streams ENABLE ALWAYS TRIGGER append_only;

CREATE TRIGGER head_moves_forward BEFORE UPDATE ON streams
    FOR EACH ROW WHEN (new.id <> old.id OR new.name <> old.name OR new.head < old.head)
    EXECUTE FUNCTION refuse_change();
ALTER TABLE streams ENABLE ALWAYS TRIGGER head_moves_forward;

REVOKE ALL ON event_log, streams, events FROM PUBLIC;
GRANT SELECT ON event_log, streams, events TO sijil_log, sijil_projector;
GRANT INSERT ON events, streams TO sijil_log;
GRANT UPDATE (head) ON streams TO sijil_log;
