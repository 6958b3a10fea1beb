package esdblog_test

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdblog"
)

func uuidOf(n int) (u eventlog.UUID) {
	binary.BigEndian.PutUint64(u[8:], uint64(n))
	u[6], u[8] = 0x80, u[8]&0x3f|0x80
	return u
}

func draft(n int) eventlog.Draft {
	return eventlog.Draft{ID: uuidOf(n), Type: "test.Happened.v1", Data: []byte(`{}`), Meta: eventlog.Meta{Actor: "tester"}.Encode()}
}

func collect(events iter.Seq2[eventlog.Recorded, error]) (got []eventlog.Recorded, err error) {
	for e, err := range events {
		if err != nil {
			return got, err
		}
		got = append(got, e)
	}
	return got, nil
}

// A real server may send the greatest number there is as a checkpoint. Whoever resumes from
// it skips everything for ever. Here it comes twice, and the connection is cut after each.
func TestACheckpointBeyondTheLogIsIgnored(t *testing.T) {
	for name, beyond := range map[string]uint64{"the greatest": math.MaxUint64, "the least": 1 << 63} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var begun []string
			f := &fake{}
			f.read = func(o *streams.ReadReq_Options, s streams.Streams_ReadServer) error {
				if o.GetCount() > 0 {
					return s.Send(stored("s-1", 1, 30, "test.Happened.v1", "{}"))
				}
				mu.Lock()
				begun = append(begun, from(o))
				turn := len(begun)
				mu.Unlock()
				for _, r := range [][]*streams.ReadResp{
					{confirmed(), checkpoint(beyond)},
					{confirmed(), stored("s-1", 0, 10, "test.Happened.v1", "{}"), checkpoint(20), checkpoint(15), checkpoint(beyond)},
					// A server that begins with what was seen already is forgiven.
					{confirmed(), stored("s-1", 0, 10, "test.Happened.v1", "{}"), stored("s-1", 1, 30, "test.Happened.v1", "{}")},
				}[min(turn, 3)-1] {
					if err := s.Send(r); err != nil {
						return err
					}
				}
				if turn < 3 {
					return status.Error(codes.Unavailable, "going down")
				}
				return f.hang(s.Context())
			}
			got, err := collect(f.open(t).All(t.Context(), 0))
			if err != nil || len(got) != 2 || got[0].Position != 10 || got[1].Position != 30 {
				t.Fatalf("got %+v, %v", got, err)
			}
			if want := "start start 20"; strings.Join(begun, " ") != want {
				t.Errorf("the subscriptions began at %q, want %s", begun, want)
			}
		})
	}
}

// A follower refuses and names the leader; the append is answered by the leader.
func TestNotLeaderIsTriedAgain(t *testing.T) {
	for name, known := range map[string]bool{"a follower that knows the leader": true, "one that knows none yet": false} {
		t.Run(name, func(t *testing.T) {
			var tries atomic.Int64
			f := &fake{}
			f.append = func(s streams.Streams_AppendServer) error {
				if md, _ := metadata.FromIncomingContext(s.Context()); len(md.Get("requires-leader")) == 0 {
					return status.Error(codes.InvalidArgument, "a write that any node may answer")
				}
				if tries.Add(1) == 1 {
					leader := ""
					if known {
						leader = f.addr
					}
					return notLeader(s, leader)
				}
				return s.SendAndClose(appended(0, 7))
			}
			f.read = func(o *streams.ReadReq_Options, s streams.Streams_ReadServer) error {
				return s.Send(stored("s-1", 0, 7, "test.Happened.v1", "{}"))
			}
			got, err := f.open(t).Append(t.Context(), "s-1", eventlog.NoStream, draft(7))
			if err != nil || len(got) != 1 || got[0].Position != 7 {
				t.Fatalf("got %+v, %v", got, err)
			}
			if n := tries.Load(); n < 2 || n > 5 { // the connection is changed meanwhile
				t.Errorf("it took %d tries", n)
			}
		})
	}
}

// A follower that does not know its leader answers a read with the status NotFound, which is
// not the message that a stream does not exist.
func TestNotFoundIsNotAMissingStream(t *testing.T) {
	var tries atomic.Int64
	f := &fake{}
	f.read = func(_ *streams.ReadReq_Options, s streams.Streams_ReadServer) error {
		if tries.Add(1) < 3 {
			return notLeader(s, "")
		}
		return s.Send(stored("s-1", 4, 7, "test.Happened.v1", "{}"))
	}
	if h, err := f.open(t).Head(t.Context(), "s-1"); err != nil || h != 4 {
		t.Fatalf("the head is %d, %v", h, err)
	}
}

func TestFinalRefusals(t *testing.T) {
	trailer := func(code codes.Code, message string, pairs ...string) func(streams.Streams_AppendServer) error {
		return func(s streams.Streams_AppendServer) error {
			s.SetTrailer(metadata.Pairs(pairs...))
			return status.Error(code, message)
		}
	}
	for name, c := range map[string]struct {
		answer func(streams.Streams_AppendServer) error
		want   string
		is     error
	}{
		"a stream that was deleted": {
			answer: trailer(codes.FailedPrecondition, "deleted", "exception", "stream-deleted", "stream-name", "s-1"),
			want:   "restore it from a backup",
		},
		"access denied":         {answer: trailer(codes.PermissionDenied, "no", "exception", "access-denied"), want: "read and write access"},
		"unknown credentials":   {answer: trailer(codes.Unauthenticated, "who"), want: "check user and password"},
		"a limit below a MiB":   {answer: trailer(codes.InvalidArgument, "Maximum Append Size of 1024 Exceeded.", "exception", "maximum-append-size-exceeded", "maximum-append-size", "1024"), is: eventlog.ErrTooLarge},
		"something it dislikes": {answer: trailer(codes.InvalidArgument, "no"), want: "no"},
	} {
		t.Run(name, func(t *testing.T) {
			var tries atomic.Int64
			f := &fake{append: func(s streams.Streams_AppendServer) error {
				for { // all of it first: the client reports a write to an ended call as something else
					if _, err := s.Recv(); err != nil {
						break
					}
				}
				tries.Add(1)
				return c.answer(s)
			}}
			_, err := f.open(t).Append(t.Context(), "s-1", eventlog.NoStream, draft(1))
			if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("got %v", err)
			}
			if errors.Is(err, eventlog.ErrConflict) || tries.Load() != 1 {
				t.Errorf("%v after %d tries", err, tries.Load())
			}
		})
	}
}

// The client panics on these; whoever called gets an error, in time, and the next call works.
func TestTheClientsPanicsAreErrors(t *testing.T) {
	var bad atomic.Bool
	f := &fake{}
	f.append = func(s streams.Streams_AppendServer) error {
		s.SetTrailer(metadata.Pairs("exception", "stream-deleted")) // without its stream
		return status.Error(codes.FailedPrecondition, "deleted")
	}
	f.read = func(_ *streams.ReadReq_Options, s streams.Streams_ReadServer) error {
		if bad.Load() {
			return s.Send(checkpoint(1))
		}
		return s.Send(stored("s-1", 4, 7, "test.Happened.v1", "{}"))
	}
	l := f.open(t)
	bad.Store(true)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := l.Head(ctx, "s-1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("reading what no server sends: %v", err)
	}
	if _, err := l.Append(ctx, "s-1", eventlog.NoStream, draft(1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("appending to it: %v", err)
	}
	bad.Store(false)
	if h, err := l.Head(t.Context(), "s-1"); err != nil || h != 4 {
		t.Errorf("afterwards the head is %d, %v", h, err)
	}
}

// A server that takes a call and never answers holds up nobody longer than their contexts,
// and whoever comes when it answers again is answered.
func TestAServerThatHangs(t *testing.T) {
	for name, discovery := range map[string]bool{"in every call": false, "in the client's own discovery too": true} {
		t.Run(name, func(t *testing.T) {
			var hung atomic.Bool
			f := &fake{}
			f.append = func(s streams.Streams_AppendServer) error { return f.hang(s.Context()) }
			f.features = func(ctx context.Context) error {
				if hung.Load() && discovery {
					return f.hang(ctx)
				}
				return nil
			}
			f.read = func(o *streams.ReadReq_Options, s streams.Streams_ReadServer) error {
				if hung.Load() {
					return f.hang(s.Context())
				}
				return s.Send(stored("s-1", 0, 7, "test.Happened.v1", "{}"))
			}
			l := f.open(t)
			hung.Store(true)
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond) // Attempt, twice
			defer cancel()
			var calls sync.WaitGroup
			for range 10 {
				for what, call := range map[string]func() error{
					"Append": func() error { _, err := l.Append(ctx, "s-1", 0, draft(8)); return err },
					"Head":   func() error { _, err := l.Head(ctx, "s-1"); return err },
					"Find":   func() error { _, _, err := l.Find(ctx, "s-1", uuidOf(1)); return err },
					"Read":   func() error { _, err := collect(l.Read(ctx, "s-1", 0)); return err },
					"All":    func() error { _, err := collect(l.All(ctx, 0)); return err },
					"Back":   func() error { _, err := collect(l.Back(ctx, math.MaxUint64)); return err },
					"End":    func() error { _, err := l.End(ctx); return err },
					"Wait":   func() error { return l.Wait(ctx, 7) },
				} {
					calls.Go(func() {
						if err := call(); !errors.Is(err, context.DeadlineExceeded) {
							t.Errorf("%s: %v", what, err)
						}
					})
				}
			}
			calls.Wait()
			hung.Store(false)
			if h, err := l.Head(t.Context(), "s-1"); err != nil || h != 0 {
				t.Errorf("afterwards the head is %d, %v", h, err)
			}
		})
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	denied := &fake{append: func(streams.Streams_AppendServer) error { return status.Error(codes.PermissionDenied, "no") }}
	denied.features = func(context.Context) error { return status.Error(codes.Unauthenticated, "who") }
	cfg := denied.start(t)
	if _, err := esdblog.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "check user and password") {
		t.Errorf("with unknown credentials: %v", err)
	}
	cfg.ConnectionString, cfg.Timeout = "esdb://127.0.0.1:1?tls=false", 100*time.Millisecond
	if _, err := esdblog.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "did not answer within 100ms") {
		t.Errorf("where nobody listens: %v", err)
	}
}
