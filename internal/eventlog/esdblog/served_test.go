package esdblog_test

import (
	"context"
	"iter"
	"log/slog"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdblog"
	"sijil/internal/eventlog/esdbserver"
	"sijil/internal/eventlog/memlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// node is a server over a log, which can be stopped and started again at its address.
type node struct {
	t    testing.TB
	log  eventlog.Log
	addr string
	stop func()
	via  *proxy // nil: directly
	how  esdbserver.Config
}

// serve serves a log over a real connection until the test ends.
func serve(t testing.TB, l eventlog.Log) *node {
	t.Helper()
	n := &node{t: t, log: l, addr: "127.0.0.1:0"}
	n.start()
	t.Cleanup(func() { n.stop() })
	return n
}

func (n *node) start() {
	n.t.Helper()
	var listener net.Listener
	var err error
	for range 100 { // the port may still be held by the connections of before
		if listener, err = net.Listen("tcp", n.addr); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil {
		n.t.Fatal(err)
	}
	if n.addr == "127.0.0.1:0" { // from then on it keeps its address
		n.addr = listener.Addr().String()
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(n.t.Context()))
	how := n.how
	how.Log, how.Logger, how.Grace = n.log, slog.New(slog.DiscardHandler), 20*time.Millisecond
	server := esdbserver.New(how)
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := server.Serve(ctx, listener); err != nil {
			n.t.Errorf("serving: %v", err)
		}
	}()
	n.stop = func() {
		cancel()
		<-served
	}
}

func (n *node) url() string {
	if n.via != nil {
		return "esdb://" + n.via.addr + "?tls=false"
	}
	return "esdb://" + n.addr + "?tls=false"
}

// proxied puts a proxy before the server for those who open its log from now on.
func (n *node) proxied() *node {
	n.via = newProxy(n.t, func() string { return n.addr })
	return n
}

// process is one process's use of a node.
type process struct {
	*esdblog.Log
	node *node
}

// open opens the log of a node, at another address when cfg names one.
func open(t testing.TB, n *node, cfg esdblog.Config) *process {
	t.Helper()
	l, err := esdblog.Open(t.Context(), complete(n, cfg))
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	t.Cleanup(l.Close)
	return &process{l, n}
}

func complete(n *node, cfg esdblog.Config) esdblog.Config {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.ConnectionString == "" {
		cfg.ConnectionString = n.url()
	}
	return cfg
}

func inMemory(testing.TB) eventlog.Log { return memlog.New(time.Now) }

// shorter is a log without what lies after a position.
type shorter struct {
	eventlog.Log
	end eventlog.Position
}

func (s *shorter) End(context.Context) (eventlog.Position, error) { return s.end, nil }

func (s *shorter) Back(ctx context.Context, before eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
	return s.Log.Back(ctx, min(before, s.end+1))
}
