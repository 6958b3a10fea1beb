package memlog_test

import (
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/logtest"
	"sijil/internal/eventlog/memlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) {
	logtest.Suite{
		Open: func(testing.TB) eventlog.Log { return memlog.New(time.Now) },
		OpenAt: func(_ testing.TB, clock func() time.Time) eventlog.Log {
			return memlog.New(clock)
		},
		// In memory a log outlives whoever used it, and everybody shares it.
		Reopen: func(_ testing.TB, l eventlog.Log) eventlog.Log { return l },
		Second: func(_ testing.TB, l eventlog.Log) eventlog.Log { return l },
	}.Run(t)
}

func draft(n byte) eventlog.Draft {
	return eventlog.Draft{ID: eventlog.UUID{n}, Type: "test.Happened.v1", Meta: eventlog.Meta{}.Encode()}
}

func TestFailAppend(t *testing.T) {
	cut := errors.New("connection reset")
	for name, c := range map[string]struct {
		persist bool
		head    eventlog.Revision
	}{
		"an append that fails before it was stored leaves nothing":       {false, eventlog.NoStream},
		"an append that fails after it was stored is found, and retried": {true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			log := memlog.New(time.Now)
			failing := true
			log.FailAppend = func(string, []eventlog.Draft) (bool, error) {
				if !failing {
					return false, nil
				}
				failing = false
				return c.persist, cut
			}
			if _, err := log.Append(t.Context(), "s-1", eventlog.NoStream, draft(1), draft(2)); !errors.Is(err, cut) {
				t.Fatalf("got %v, want the failure", err)
			}
			if head, err := log.Head(t.Context(), "s-1"); err != nil || head != c.head {
				t.Fatalf("the head is %d, %v; want %d", head, err, c.head)
			}
			if _, ok, _ := log.Find(t.Context(), "s-1", draft(2).ID); ok != c.persist {
				t.Fatalf("find: %v, want %v", ok, c.persist)
			}
			got, err := log.Append(t.Context(), "s-1", eventlog.NoStream, draft(1), draft(2))
			if err != nil || len(got) != 2 || got[1].Position != 2 {
				t.Fatalf("the retry was answered %v, %v", got, err)
			}
		})
	}
}

func TestFailAppendLetsAnotherWriterIn(t *testing.T) {
	log := memlog.New(time.Now)
	busy := false
	log.FailAppend = func(stream string, _ []eventlog.Draft) (bool, error) {
		if !busy {
			busy = true
			_, err := log.Append(t.Context(), stream, eventlog.NoStream, draft(9))
			return false, err
		}
		return false, nil
	}
	if _, err := log.Append(t.Context(), "s-1", eventlog.NoStream, draft(1)); !errors.Is(err, eventlog.ErrConflict) {
		t.Fatalf("got %v, want a conflict", err)
	}
}

func TestFailRead(t *testing.T) {
	broken := errors.New("disk on fire")
	log := memlog.New(time.Now)
	failing := ""
	log.FailRead = func(method string) error {
		if method == failing {
			return broken
		}
		return nil
	}
	ctx := t.Context()
	for method, call := range map[string]func() error{
		"Head": func() error { _, err := log.Head(ctx, "s"); return err },
		"Find": func() error { _, _, err := log.Find(ctx, "s", eventlog.UUID{}); return err },
		"Read": func() (err error) {
			for _, err = range log.Read(ctx, "s", 0) {
			}
			return err
		},
		"All": func() (err error) {
			for _, err = range log.All(ctx, 0) {
			}
			return err
		},
		"End":  func() error { _, err := log.End(ctx); return err },
		"Wait": func() error { return log.Wait(ctx, 0) },
	} {
		failing = method
		if err := call(); !errors.Is(err, broken) {
			t.Errorf("%s answered %v, want the failure", method, err)
		}
	}
}

func TestClose(t *testing.T) {
	log := memlog.New(time.Now)
	waiting := make(chan error, 1)
	go func() { waiting <- log.Wait(t.Context(), 0) }()
	log.Close()
	log.Close()
	if err := <-waiting; !errors.Is(err, eventlog.ErrClosed) {
		t.Fatalf("a waiter at the close was answered %v", err)
	}
	if _, err := log.Append(t.Context(), "s-1", eventlog.NoStream, draft(1)); !errors.Is(err, eventlog.ErrClosed) {
		t.Fatalf("an append after the close was answered %v", err)
	}
}
