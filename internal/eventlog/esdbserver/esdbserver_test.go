package esdbserver_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdbserver"
	"sijil/internal/eventlog/memlog"
)

func TestMain(m *testing.M) {
	// A closed client of EventStoreDB goes away by itself, a moment later.
	goleak.VerifyTestMain(m)
}

// patience bounds what a test waits for; it only ends one that would fail.
const patience = 30 * time.Second

// served is a server on loopback over a log, and a way to speak to it.
type served struct {
	*esdbserver.Server
	log  eventlog.Log
	addr net.Addr
	stop func() // idempotent
}

// serve serves cfg until the test ends.
func serve(t testing.TB, cfg esdbserver.Config) *served {
	t.Helper()
	if cfg.Log == nil {
		cfg.Log = memlog.New(time.Now)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &served{Server: esdbserver.New(cfg), log: cfg.Log, addr: l.Addr()}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	s.stop = func() {
		cancel()
		if err, ok := <-ended; ok {
			close(ended)
			if err != nil {
				t.Errorf("serving: %v", err)
			}
		}
	}
	t.Cleanup(s.stop)
	return s
}

// client is a real client of the server.
func (s *served) client(t testing.TB) *esdb.Client {
	t.Helper()
	return connect(t, s.ConnectionString(s.addr), nil)
}

func connect(t testing.TB, url string, adjust func(*esdb.Configuration)) *esdb.Client {
	t.Helper()
	cfg, err := esdb.ParseConnectionString(url)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger = func(level esdb.LogLevel, format string, args ...any) {}
	if adjust != nil {
		adjust(cfg)
	}
	c, err := esdb.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// dial is a connection for what the client hides.
func (s *served) dial(t testing.TB, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	if len(options) == 0 {
		options = plain()
	}
	c, err := grpc.NewClient(s.addr.String(), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func event(n int, typ string) esdb.EventData {
	return esdb.EventData{EventID: id(n), EventType: typ, ContentType: esdb.ContentTypeJson, Data: []byte(`{"n":1}`)}
}

func id(n int) uuid.UUID {
	return uuid.UUID{0: 0x11, 6: 0x40, 8: 0x80, 14: byte(n >> 8), 15: byte(n)}
}

// code is the class of a client's error.
func code(err error) esdb.ErrorCode {
	var e *esdb.Error
	if !errors.As(err, &e) {
		return -1
	}
	return e.Code()
}

// drain reads what a read sends.
func drain(t testing.TB, r *esdb.ReadStream, err error) (got []*esdb.RecordedEvent) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		e, err := r.Recv()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.OriginalEvent())
	}
}

func TestAClientAppendsReadsAndSubscribes(t *testing.T) {
	ctx := within(t)
	s := serve(t, esdbserver.Config{})
	c := s.client(t)
	done, err := c.AppendToStream(ctx, "student-1", esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, event(1, "a.A.v1"), event(2, "a.B.v1"))
	if err != nil || done.NextExpectedVersion != 1 || done.CommitPosition != 2 || done.PreparePosition != 2 {
		t.Fatalf("appending: %+v, %v", done, err)
	}
	if _, err := c.AppendToStream(ctx, "student-1", esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, event(3, "a.A.v1")); code(err) != esdb.ErrorCodeWrongExpectedVersion {
		t.Fatalf("appending at a wrong revision: %v", err)
	}
	r, err := c.ReadStream(ctx, "student-1", esdb.ReadStreamOptions{From: esdb.Start{}}, 10)
	if got := drain(t, r, err); len(got) != 2 || got[0].EventID != id(1) || got[1].EventNumber != 1 || got[0].ContentType != "application/json" {
		t.Fatalf("reading the stream: %+v", got)
	}
	r, err = c.ReadAll(ctx, esdb.ReadAllOptions{From: esdb.Start{}}, 10)
	if got := drain(t, r, err); len(got) != 2 || got[1].Position.Commit != 2 {
		t.Fatalf("reading $all: %+v", got)
	}
	sub, err := c.SubscribeToAll(ctx, esdb.SubscribeToAllOptions{From: esdb.Start{}})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	var said []string
	for range 4 {
		switch e := sub.Recv(); {
		case e.EventAppeared != nil:
			said = append(said, e.EventAppeared.OriginalEvent().EventType)
		case e.CaughtUp != nil:
			said = append(said, "caught up")
			if _, err := c.AppendToStream(ctx, "student-1", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Revision(1)}, event(4, "a.C.v1")); err != nil {
				t.Fatal(err)
			}
		default:
			t.Fatalf("got %+v", e)
		}
	}
	if got := strings.Join(said, " "); got != "a.A.v1 a.B.v1 caught up a.C.v1" {
		t.Fatalf("the subscription said %q", got)
	}
}
