package pglog_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/pglog"
)

// Codes of PostgreSQL's appendix A.
const (
	privilege   = "42501"
	refusedCode = "55000"
	duplicate   = "23505"
)

func TestTheLogIsAppendOnly(t *testing.T) {
	url := freshURL(t)
	l := open(t, url, pglog.Config{})
	stored, err := l.Append(t.Context(), "s-1", eventlog.NoStream, draft(1), draft(2))
	if err != nil {
		t.Fatal(err)
	}
	insert := `insert into events select 3, stream_id, 2, id, type, data, meta, created from events where pos = 2`
	for name, c := range map[string]struct{ role, sql, code string }{
		"the log does not update an event":                {"sijil_log", `update events set data = ''`, privilege},
		"the log does not delete an event":                {"sijil_log", `delete from events`, privilege},
		"the log does not truncate events":                {"sijil_log", `truncate events`, privilege},
		"the log does not rename a stream":                {"sijil_log", `update streams set name = 'x'`, privilege},
		"the log does not delete a stream":                {"sijil_log", `delete from streams`, privilege},
		"the log moves no head back":                      {"sijil_log", `update streams set head = 0`, refusedCode},
		"the log does not change its id":                  {"sijil_log", `update event_log set id = gen_random_uuid()`, privilege},
		"the log does not drop the trigger":               {"sijil_log", `drop trigger append_only on events`, privilege},
		"the log reads":                                   {"sijil_log", `select from events, streams, event_log`, ""},
		"the log inserts":                                 {"sijil_log", insert, ""},
		"the owner does not update an event":              {"", `update events set data = '' where false`, refusedCode},
		"the owner does not delete an event":              {"", `delete from events where pos = 1`, refusedCode},
		"the owner does not truncate events":              {"", `truncate events`, refusedCode},
		"the owner does not truncate events by a cascade": {"", `truncate streams, events cascade`, refusedCode},
		"the owner does not rename a stream":              {"", `update streams set name = 'x'`, refusedCode},
		"the owner does not delete a stream":              {"", `delete from streams`, refusedCode},
		"nobody changes an event in a replication role":   {"", `set local session_replication_role to replica; delete from events`, refusedCode},
		"nobody stores a position twice":                  {"", `insert into events select 1, 9, 9, id, type, data, meta, created from events where pos = 1`, duplicate},
		"nobody stores a revision twice":                  {"", `insert into events select 4, stream_id, 0, id, type, data, meta, created from events where pos = 2`, duplicate},
		"projectors read":                                 {"sijil_projector", `select from events, streams, event_log`, ""},
		"projectors do not write":                         {"sijil_projector", insert, privilege},
		"projectors do not move heads":                    {"sijil_projector", `update streams set head = head`, privilege},
		"requests do not read the log":                    {"sijil_app", `select from events`, privilege},
		"requests do not read its streams":                {"sijil_app", `select from streams`, privilege},
		"requests do not write the log":                   {"sijil_app", insert, privilege},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := pgx.Connect(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			sql := c.sql
			if c.role != "" {
				sql = `set local role ` + c.role + `; ` + sql
			}
			_, err = conn.Exec(t.Context(), `begin; `+sql, pgx.QueryExecModeSimpleProtocol)
			code := ""
			if e, ok := errors.AsType[*pgconn.PgError](err); ok {
				code = e.Code
			} else if err != nil {
				t.Fatal(err)
			}
			if code != c.code {
				t.Fatalf("got code %q (%v), want %q", code, err, c.code)
			}
		})
	}
	holds(t, l, stored)
}
