package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
	"sijil/internal/eventlog/pglog"
	"sijil/internal/logcopy"
	"sijil/internal/pgtest"
)

// TestACopyIsKilled: sijil log copy ended with SIGKILL again and again, in both directions,
// and then left alone.
func TestACopyIsKilled(t *testing.T) {
	t.Parallel()
	source := pgtest.URL(t)
	digest := fillLog(t, source, 3000)
	store := exec.Command("sijil", "eventstore", "serve", "--memory", "--listen", "127.0.0.1:0")
	store.Stderr = os.Stderr
	out, err := store.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = store.Process.Kill()
		_ = store.Wait() // killed
	})
	line := make([]byte, 200)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	there := string(bytes.TrimSpace(line[:n]))
	for _, way := range []struct {
		name, from, to string
		within         int // milliseconds
	}{{"to an event store", source, there, 400}, {"and back", there, pgtest.URL(t), 80}} {
		killed := 0
		for try := 0; ; try++ {
			cmd := exec.Command("sijil", "log", "copy", "--from", "env:FROM", "--to", "env:TO", "--json")
			cmd.Env = append(os.Environ(), "FROM="+way.from, "TO="+way.to)
			var said, complained bytes.Buffer
			cmd.Stdout, cmd.Stderr = &said, &complained
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if try < 6 {
				// Before it has begun, or in the middle; a copy that was quicker than that is done.
				time.Sleep(time.Duration(20+rand.IntN(way.within)) * time.Millisecond)
				_ = cmd.Process.Kill() // it may have ended
			}
			if err := cmd.Wait(); err != nil {
				if try < 6 {
					killed++
					continue
				}
				t.Fatalf("%s: %v\n%s", way.name, err, complained.Bytes())
			}
			var result copyResult
			if err := json.Unmarshal(said.Bytes(), &result); err != nil {
				t.Fatal(err)
			}
			if v := result.Verified; v.Digest != digest || v.Behind != 0 {
				t.Errorf("%s: the copy is %+v, want the digest %s", way.name, v, digest)
			}
			break
		}
		t.Logf("%s: killed %d times", way.name, killed)
	}
}

// fillLog appends n events to the log of a database, and gives the digest of them all.
func fillLog(t *testing.T, url string, n int) string {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	l, err := pglog.Open(t.Context(), pool, pglog.Config{Clock: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var batch []eventlog.Recorded
	next := map[string]eventlog.Revision{}
	for i := range n {
		stream := fmt.Sprintf("thing-%d", rand.IntN(n/10))
		batch = append(batch, eventlog.Recorded{Stream: stream, Revision: next[stream], Draft: eventlog.Draft{
			ID: eventlog.UUID{1: byte(i), 2: byte(i >> 8), 8: 0x80}, Type: "thing.Happened.v1", Data: fmt.Appendf(nil, `{"n":%d}`, i),
			Meta: eventlog.Meta{RecordedAt: time.UnixMicro(1e15 + int64(i)), Tenant: "t"}.Encode(),
		}})
		next[stream]++
	}
	if err := l.Import(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	same := logcopy.Config{From: l, To: memlog.New(time.Now)}
	if _, err := logcopy.Copy(t.Context(), same); err != nil {
		t.Fatal(err)
	}
	v, err := logcopy.Verify(t.Context(), same)
	if err != nil || v.Events != int64(n) {
		t.Fatalf("%d events, %v", v.Events, err)
	}
	return v.Digest
}
