// Package esdblog keeps an event log on an EventStoreDB or KurrentDB server or cluster,
// through EventStore-Client-Go. It fulfils the contract of eventlog with one difference: the
// server does not stamp events, so recordedAt is in causal order, not in total order.
package esdblog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/adapter"
)

// Config says where the server is and how to talk to it. ConnectionString and Clock are
// required.
type Config struct {
	// ConnectionString is esdb://host:port?… or esdb+discover://…, as the EventStoreDB
	// clients understand it. Several hosts, separated by commas, are seeds of a cluster.
	ConnectionString string
	// Username and Password are used instead of those in the connection string. They travel
	// only over TLS.
	Username, Password string
	// UserFile and PasswordFile, when set, hold them; white space around them does not count.
	UserFile, PasswordFile string
	// CAFile holds the certificates (PEM) that may have signed the server's; empty means those
	// of the connection string, or of the system.
	CAFile string
	// CertFile and KeyFile hold the certificate (PEM) that this side shows, if any.
	CertFile, KeyFile string
	// Clock is what recordedAt is read from.
	Clock func() time.Time
	// Logger hears of lost connections and of their return; nil means slog.Default().
	Logger *slog.Logger
	// Attempt bounds one exchange with the server, after which its connection is given up and
	// another one asked; 0 means 5 s.
	Attempt time.Duration
	// Timeout is how long a call goes on trying while the server does not answer; 0 means
	// 15 s. When it is over, the outcome of an append is unknown.
	Timeout time.Duration
	// Connections is how many connections share the load; 0 means 2.
	Connections int

	single bool // appends are sent one by one, as to a server that offers no batches
}

// Log is one process's use of the event log on a server. It implements eventlog.Log.
type Log struct {
	cfg   Config
	id    string
	super *supervisor
	clock *causal
	tide  *adapter.Tide
	floor floor
	ends  ends
	hub   *hub
	index *index
	batch *batcher

	background context.Context
	cancel     context.CancelFunc
	others     sync.WaitGroup // the hub and the poller

	mu      sync.Mutex
	closed  bool
	appends sync.WaitGroup
	close   sync.Once
	done    chan struct{} // closed when Close is over
}

var _ eventlog.Log = (*Log)(nil)

// Open connects to the server and reads the log's id; on a server that has no log yet it
// makes one. ctx bounds only the opening.
func Open(ctx context.Context, cfg Config) (*Log, error) {
	if cfg.Clock == nil {
		return nil, errors.New("opening the event log: no clock given")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Attempt <= 0 {
		cfg.Attempt = 5 * time.Second
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 15 * time.Second
	}
	if cfg.Connections <= 0 {
		cfg.Connections = 2
	}
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	client, err := configuration(background, cfg)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("opening the event log: %w", err)
	}
	l := &Log{
		cfg: cfg, clock: newCausal(cfg.Clock), tide: new(adapter.Tide), index: newIndex(),
		background: background, cancel: cancel, done: make(chan struct{}),
	}
	l.hub = newHub(l)
	l.super = newSupervisor(background, cfg, client)
	if l.id, err = insist(ctx, l, "opening the event log", identity); err != nil {
		l.Close()
		return nil, err
	}
	l.batch = &batcher{log: l, client: client}
	return l, nil
}

// Close accepts nothing further, finishes the appends that were accepted, and lets go of the
// server. Waiting readers get [eventlog.ErrClosed].
func (l *Log) Close() {
	l.close.Do(func() {
		l.mu.Lock()
		l.closed = true
		l.mu.Unlock()
		l.appends.Wait() // each is bounded by Timeout
		l.cancel()
		l.tide.Close()
		l.hub.reached.Close()
		l.others.Wait()
		l.super.close()
		close(l.done)
	})
	<-l.done
}

// accept counts an append that Close has to wait for; false when the log is closed.
func (l *Log) accept() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.appends.Add(1)
	}
	return !l.closed
}

// also runs f in the background; false when the log is closed.
func (l *Log) also(f func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.others.Go(f)
	}
	return !l.closed
}

// ID implements eventlog.Log.
func (l *Log) ID(ctx context.Context) (string, error) { return l.id, ctx.Err() }
