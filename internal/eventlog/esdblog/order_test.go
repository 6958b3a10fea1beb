package esdblog_test

import (
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdblog"
)

const happened = "test.Happened.v1"

// A server that leaves out, repeats, reorders or makes up events is not believed, whatever is asked
// of it: an error comes, in time, and never the wrong events.
func TestAServerThatLies(t *testing.T) {
	event := func(stream string, revision, at uint64, kind string) *streams.ReadResp {
		return stored(stream, revision, at, kind, "{}")
	}
	full := make([]*streams.ReadResp, 512)
	for i := range full {
		full[i] = event("s-1", uint64(i), uint64(i+1), "$own")
	}
	still := make([]*streams.ReadResp, 600)
	for i := range still {
		still[i] = event("$stats", 7, 40, "$own")
	}
	read := func(l *esdblog.Log) error { _, err := collect(l.Read(t.Context(), "s-1", 0)); return err }
	head := func(l *esdblog.Log) error { _, err := l.Head(t.Context(), "s-1"); return err }
	find := func(l *esdblog.Log) error { _, _, err := l.Find(t.Context(), "s-1", uuidOf(9999)); return err }
	all := func(l *esdblog.Log) error { _, err := collect(l.All(t.Context(), 0)); return err }
	back := func(l *esdblog.Log) error { _, err := collect(l.Back(t.Context(), math.MaxUint64)); return err }
	end := func(l *esdblog.Log) error { _, err := l.End(t.Context()); return err }
	for name, c := range map[string]struct {
		sends []*streams.ReadResp // to a subscription for All, else to a read
		ask   func(*esdblog.Log) error
		want  string
	}{
		"a stream that begins late":         {[]*streams.ReadResp{event("s-1", 3, 30, happened)}, read, "revision 3 of a stream of the ledger where revision 0 has to be"},
		"a stream with a hole":              {[]*streams.ReadResp{event("s-1", 0, 10, happened), event("s-1", 2, 30, happened)}, read, "where revision 1 has to be"},
		"an event of a stream twice":        {[]*streams.ReadResp{event("s-1", 0, 10, happened), event("s-1", 0, 10, happened)}, read, "where revision 1 has to be"},
		"another stream's event":            {[]*streams.ReadResp{event("s-2", 0, 10, happened)}, read, "none of its own"},
		"a stream of the server's types":    {full, read, "none of its own"},
		"looking for an id among those":     {full, find, "none of its own"},
		"a head that is no revision":        {[]*streams.ReadResp{event("s-1", math.MaxUint64, 10, happened)}, head, "none of its own"},
		"another stream's head":             {[]*streams.ReadResp{event("s-2", 8, 10, happened)}, head, "none of its own"},
		"the log backwards, rising":         {[]*streams.ReadResp{event("s-1", 0, 10, happened), event("s-1", 1, 30, happened)}, back, "position 30 after the one at 10"},
		"the log backwards, an event twice": {[]*streams.ReadResp{event("s-1", 0, 10, happened), event("s-1", 0, 10, happened)}, back, "position 10 after the one at 10"},
		"a position beyond every log":       {[]*streams.ReadResp{event("s-1", 0, 1<<63, happened)}, end, "no order of a log"},
		"a log that never goes further":     {still, end, "no order of a log"},
		"the log going back":                {[]*streams.ReadResp{event("s-1", 0, 10, happened), event("s-2", 0, 20, happened), event("s-3", 0, 15, happened)}, all, "position 15 after the one at 20"},
		"the log going back behind a place": {[]*streams.ReadResp{checkpoint(20), event("s-3", 0, 15, happened)}, all, "position 15 after the one at 20"},
		"the log with an event twice":       {[]*streams.ReadResp{event("s-1", 0, 10, happened), event("s-1", 0, 10, happened)}, all, "position 10 after the one at 10"},
		"the log without an event":          {[]*streams.ReadResp{event("s-1", 0, 10, happened), event("s-1", 2, 30, happened)}, all, "revision 2 of a stream at position 30, after revision 0"},
		"the log with a revision twice":     {[]*streams.ReadResp{event("s-1", 0, 10, happened), event("s-1", 0, 30, happened)}, all, "revision 0 of a stream at position 30, after revision 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{}
			f.read = func(o *streams.ReadReq_Options, s streams.Streams_ReadServer) error {
				sends := c.sends
				switch {
				case o.GetCount() == 0:
					sends = append([]*streams.ReadResp{confirmed()}, sends...)
				case strings.Contains(name, "the log ") && !strings.Contains(name, "backwards"):
					sends = []*streams.ReadResp{event("s-9", 0, 90, happened)} // where the log ends
				default:
					sends = sends[:min(uint64(len(sends)), o.GetCount())]
				}
				for _, r := range sends {
					if err := s.Send(r); err != nil {
						return err
					}
				}
				if o.GetCount() == 0 {
					return f.hang(s.Context())
				}
				return nil
			}
			told := make(chan error, 1)
			l := f.open(t)
			go func() { told <- c.ask(l) }()
			select {
			case err := <-told:
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want %q", err, c.want)
				}
			case <-time.After(20 * time.Second):
				t.Error("it goes on for ever")
			}
		})
	}
}

// A log that was restored from an older backup keeps its name. A process that has read more of it does
// not go on as if nothing had happened.
func TestALogThatLostItsEnd(t *testing.T) {
	n := serve(t, inMemory(t))
	l := open(t, n, esdblog.Config{})
	for i := range 3 {
		if _, err := l.Append(t.Context(), fmt.Sprint("s-", i), eventlog.NoStream, draft(i+1)); err != nil {
			t.Fatal(err)
		}
	}
	if end, err := l.End(t.Context()); err != nil || end != 3 {
		t.Fatalf("the end is %d, %v", end, err)
	}
	n.stop()
	n.log = &shorter{n.log, 2}
	n.start()
	if _, err := l.End(t.Context()); err == nil || !strings.Contains(err.Error(), "older backup") {
		t.Errorf("the end of a log that lost an event: %v", err)
	}
}

// While nothing is asked, the server goes and another log's comes to its address. The connection is
// there again by itself; what it answers is not taken for this log.
func TestAnotherLogComesUnnoticed(t *testing.T) {
	n := serve(t, inMemory(t))
	if _, err := n.log.Append(t.Context(), "s-1", eventlog.NoStream, draft(1)); err != nil {
		t.Fatal(err)
	}
	l := open(t, n, esdblog.Config{Connections: 2, Timeout: 2 * time.Second}) // only one is used so far
	n.stop()
	n.log = inMemory(t)
	for i := range 2 {
		if _, err := n.log.Append(t.Context(), "s-1", eventlog.Revision(i-1), draft(i+7)); err != nil {
			t.Fatal(err)
		}
	}
	n.start()
	time.Sleep(1200 * time.Millisecond) // longer than a connection is trusted without a word
	for range 6 {
		if h, err := l.Head(t.Context(), "s-1"); err == nil || !strings.Contains(err.Error(), "now holds the log") {
			t.Fatalf("the head on another log: %d, %v", h, err)
		}
	}
}

// A server that was emptied is refused too, and no log is begun on it.
func TestAnEmptiedServer(t *testing.T) {
	f := &fake{}
	gone := false
	f.identity = func(s streams.Streams_ReadServer) error {
		if gone {
			return notFound(s, "sijil-log")
		}
		return s.Send(stored("sijil-log", 0, 1, "sijil.LogCreated.v1", `{"id":"8d0f8f5e-6f0c-4c56-9b5e-0d7f3b0f6a11"}`))
	}
	f.append = func(streams.Streams_AppendServer) error {
		t.Error("something was written")
		return nil
	}
	l := f.open(t)
	gone = true
	time.Sleep(1200 * time.Millisecond)
	if _, err := l.Head(t.Context(), "s-1"); err == nil || !strings.Contains(err.Error(), "that has no name") {
		t.Errorf("the head on an emptied server: %v", err)
	}
}

// The live subscription lies. What it brought is forgotten, the operator is told, and who reads the log
// gets the error instead of what followers share.
func TestALiveSubscriptionThatLies(t *testing.T) {
	said := make(chan string, 100)
	f := &fake{}
	f.read = func(o *streams.ReadReq_Options, s streams.Streams_ReadServer) error {
		if o.GetCount() > 0 {
			return s.Send(stored("s-9", 0, 5, happened, "{}"))
		}
		for _, r := range []*streams.ReadResp{confirmed(), stored("s-1", 0, 10, happened, "{}"), stored("s-2", 0, 20, happened, "{}"), stored("s-3", 0, 15, happened, "{}")} {
			if err := s.Send(r); err != nil {
				return err
			}
		}
		return f.hang(s.Context())
	}
	cfg := f.start(t)
	cfg.Logger = slog.New(slog.NewTextHandler(writer(func(b []byte) (int, error) {
		if line := string(b); strings.Contains(line, "cannot be this log") {
			said <- line
		}
		return len(b), nil
	}), nil))
	l, err := esdblog.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	if err := l.Wait(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	if line := <-said; !strings.Contains(line, "position 15 after the one at 20") || !strings.Contains(line, "level=ERROR") {
		t.Errorf("the operator is told %q", line)
	}
	if got, err := collect(l.All(t.Context(), 5)); err == nil {
		t.Errorf("whoever reads it is given %v", got)
	}
}
