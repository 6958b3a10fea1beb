package projections

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"sijil/internal/pgtest"
)

// Projecting does not wait for the disk, so a crash of the database takes the rows of the
// last moments away; the log has them. A reader that carries a position must not be told
// that the tables still hold it, and they have to catch up without a further event.
func TestACrashOfTheDatabaseIsNoticed(t *testing.T) {
	server := pgtest.NewServer(t)
	log := newLog()
	r, _ := projecting(t, server.URL(), log)
	aClass(t, log, 0, 1)
	reached(t, r, log)
	before := r.Position()
	// Nothing is written from here on.
	var writer int
	if err := server.Pool().QueryRow(t.Context(), `select pid from pg_stat_activity where backend_type = 'walwriter'`).Scan(&writer); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(writer, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	aClass(t, log, 1, 5)
	reached(t, r, log)
	end, err := log.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	server.Kill()
	time.Sleep(50 * time.Millisecond)
	if err := r.WaitFor(t.Context(), end, 50*time.Millisecond); err == nil {
		t.Error("a dead database has come to the end of the log")
	}
	server.Restart()
	if at, err := r.readPosition(t.Context()); err == nil && at != before {
		t.Logf("the tables are at %d after the crash: nothing was lost, so nothing is tested", at)
	}
	for told := errors.New("not asked"); told != nil && t.Context().Err() == nil; {
		// While it recovers there are no answers, which is one.
		if told = r.WaitFor(t.Context(), end, 100*time.Millisecond); told != nil {
			continue
		}
		if at, err := r.readPosition(t.Context()); err != nil || at < end {
			t.Errorf("a reader was told that the tables are at %d, and they are at %d, %v", end, at, err)
		}
	}
	reached(t, r, log)
	if c := same(t, r); c.Position != end {
		t.Errorf("compared at %d, the log ends at %d", c.Position, end)
	}
}
