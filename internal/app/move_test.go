package app_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"testing"
	"time"

	"sijil/internal/apitest"
	"sijil/internal/app"
	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdbserver"
	"sijil/internal/eventlog/memlog"
	"sijil/internal/logcopy"
	"sijil/internal/pgtest"
	"sijil/projections"
)

// TestALedgerMovesHouse: from PostgreSQL to an event store and back, with copies that are
// broken off; the read models built from each copy equal the original's.
func TestALedgerMovesHouse(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	g := apitest.NewGraduates(w)
	g.Authorize()
	for n := range 12 {
		g.Award(g.Graduate(fmt.Sprint("graduate ", n)))
	}
	signed(t, g, 12)
	quiet := slog.New(slog.DiscardHandler)
	store := app.EventStore{URL: eventStore(t)}

	there, err := store.Open(t.Context(), w.Clock.Now, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	out := brokenCopy(t, w.Log, there)
	original := modelsOf(t, w.Log)
	same(t, "on the event store", original, modelsOf(t, there))

	// Back into another database.
	home := app.Config{DataDir: t.TempDir(), DatabaseURL: pgtest.URL(t), Now: w.Clock.Now, Logger: quiet}
	back, err := app.Open(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	defer closeApp(t, back)
	if in := brokenCopy(t, there, back.Log); in.Digest != out.Digest {
		t.Errorf("the copy of the copy has the digest %s, the copy %s", in.Digest, out.Digest)
	}
	same(t, "back in PostgreSQL", original, modelsOf(t, back.Log))
}

// brokenCopy copies with many breaks, each after a few writes, and verifies.
func brokenCopy(t *testing.T, from, to eventlog.Log) logcopy.Verified {
	t.Helper()
	for after := 1; ; after++ {
		ctx, kill := context.WithCancel(t.Context())
		cut := &cutLog{Log: to, left: after, kill: kill}
		_, err := logcopy.Copy(ctx, logcopy.Config{From: from, To: cut, Logger: slog.New(slog.DiscardHandler)})
		killed := ctx.Err() != nil
		kill()
		if err != nil && !killed {
			t.Fatal(err)
		}
		v, err := logcopy.Verify(t.Context(), logcopy.Config{From: from, To: to})
		if err != nil {
			t.Fatal(err)
		}
		if !killed {
			if v.Behind > 0 || after < 3 {
				t.Fatalf("after %d runs %d events are missing", after, v.Behind)
			}
			return v
		}
	}
}

// cutLog ends its user after some writes. It hides that a log takes many streams at once, so
// that there are many writes to break off between.
type cutLog struct {
	eventlog.Log
	left int
	kill context.CancelFunc
}

func (l *cutLog) Append(ctx context.Context, stream string, want eventlog.Revision, drafts ...eventlog.Draft) ([]eventlog.Recorded, error) {
	got, err := l.Log.Append(ctx, stream, want, drafts...)
	if l.left--; l.left == 0 {
		l.kill()
		return nil, errors.Join(err, context.Canceled)
	}
	return got, err
}

// modelsOf builds every read model from a log in a database of its own, and compares them with
// the slow fold.
func modelsOf(t *testing.T, log eventlog.Log) []projections.TableDigest {
	t.Helper()
	r := projections.NewRunner(pgtest.Pool(t), log, slog.New(slog.DiscardHandler))
	if err := r.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	c, err := r.Compare(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Different > 0 || c.Events == 0 {
		t.Fatalf("%d events, %d rows differ from the slow fold: %v", c.Events, c.Different, c.Differences)
	}
	return c.Tables
}

func same(t *testing.T, where string, original, copied []projections.TableDigest) {
	t.Helper()
	if !slices.Equal(original, copied) {
		t.Errorf("%s the read models are\n%v\nnot\n%v", where, copied, original)
	}
}

// eventStore serves an empty log and gives its connection string.
func eventStore(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	log := memlog.New(time.Now)
	server := esdbserver.New(esdbserver.Config{Log: log, Logger: slog.New(slog.DiscardHandler)})
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(context.Background(), l) }()
	t.Cleanup(func() {
		server.Stop()
		log.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return server.ConnectionString(l.Addr())
}
