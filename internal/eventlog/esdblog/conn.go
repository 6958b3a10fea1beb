package esdblog

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// conn is one client and who uses it.
type conn struct {
	client *esdb.Client
	// ended is over when the client is taken out: subscriptions on it stop.
	ended  context.Context
	end    context.CancelFunc
	broken atomic.Bool
	using  sync.WaitGroup
	// rested is set when nothing has been asked for a while. A connection that nobody uses can be lost
	// unnoticed, and comes back by itself to whatever is at the address then.
	rested atomic.Bool
	rest   *time.Timer
	// entry is held for reading by each call until it has got the client's connection. Before
	// the client forgets a lost connection, it is taken for writing: a call that asked for
	// one then would make the client connect again by itself and leak the old connection.
	entry sync.RWMutex
}

// lostMessage is the client's message just before it tells its own goroutine that the
// connection is lost, from the goroutine of the call that noticed.
const lostMessage = "unexpected exception: %v"

func newConn(ctx context.Context, cfg Config, client *esdb.Configuration) (*conn, error) {
	c := &conn{}
	c.ended, c.end = context.WithCancel(ctx)
	c.rest = time.AfterFunc(restAfter, func() { c.rested.Store(true) })
	own := *client
	own.Logger = func(level esdb.LogLevel, format string, args ...any) {
		bridge(ctx, cfg.Logger, level, format, args)
		if format == lostMessage && len(args) == 1 {
			if err, ok := args[0].(error); ok && status.Code(err) == codes.Unavailable {
				c.forbid()
			}
		}
	}
	var err error
	if c.client, err = esdb.NewClient(&own); err != nil {
		c.end()
		return nil, fmt.Errorf("making an event store client: %w", err)
	}
	return c, nil
}

// restAfter is how long a client may be idle before it is asked again which log is behind it.
const restAfter = time.Second

// used says that the client has just been answered by the server of this log.
func (c *conn) used() {
	c.rested.Store(false)
	c.rest.Reset(restAfter)
}

// enter begins a use of the client; false when it is broken. Its end is leave, its entry is
// over when entered's context is first asked for its deadline.
func (c *conn) enter() bool {
	if !c.entry.TryRLock() {
		return false // somebody is about to say that it is broken
	}
	if c.broken.Load() {
		c.entry.RUnlock()
		return false
	}
	c.using.Add(1)
	return true
}

// forbid lets nobody enter any more. When it returns, whoever did before has the client's
// connection, and is counted.
func (c *conn) forbid() {
	c.entry.Lock()
	defer c.entry.Unlock()
	c.broken.Store(true)
}

// retire takes the client out of use: nobody enters any more, subscriptions stop, calls
// under way may end within grace, and then it is closed. Calls that hang inside the client
// are thrown out by that; call knows how to catch them.
func (c *conn) retire(grace time.Duration) {
	c.forbid()
	c.end()
	c.rest.Stop()
	drained := make(chan struct{})
	go func() {
		c.using.Wait()
		close(drained)
	}()
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case <-drained:
	case <-t.C:
	}
	_ = c.client.Close() // always nil
}

// entering is a call's context, which lets go of the entry when the client, having got its
// connection, looks for the deadline.
type entering struct {
	context.Context
	in func()
}

func (e entering) Deadline() (time.Time, bool) {
	e.in()
	return e.Context.Deadline()
}

// errHung: an exchange took longer than Attempt.
type errHung struct{}

func (errHung) Error() string { return "the event store did not answer in time" }

// call runs f on a client that was entered, in a goroutine of its own, and returns when f
// does, ctx ends, or limit is over. What f does must end with its context as far as it
// depends on the server. A panic of the client is an error.
func call[T any](ctx context.Context, c *conn, limit time.Duration, f func(context.Context, *esdb.Client) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answered := make(chan answer, 1)
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	go func() {
		var a answer
		in := sync.OnceFunc(c.entry.RUnlock)
		defer func() {
			if p := recover(); p != nil {
				a.err = fmt.Errorf("the event store client panicked: %v", p)
			}
			in()
			c.using.Done()
			answered <- a
		}()
		a.value, a.err = f(entering{leader(within), in}, c.client)
	}()
	var a answer
	select {
	case a = <-answered:
	case <-within.Done():
		a.err = errHung{}
	}
	switch verdict := judge(a.err); {
	case a.err == nil:
		c.rest.Reset(restAfter)
	case verdict == final:
	case ctx.Err() != nil:
		return a.value, ctx.Err()
	case verdict == lost:
		c.broken.Store(true)
	}
	return a.value, a.err
}

// instead is ctx, which a call was given, with another life: for a subscription, which
// outlives the call that opens it.
func instead(ctx, life context.Context) context.Context {
	if e, ok := ctx.(entering); ok {
		return entering{leader(life), e.in}
	}
	return leader(life)
}

// leader asks that only a cluster's leader answers: a follower may not have yet what this
// process wrote or saw. The client's own option does not leave the process.
func leader(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "requires-leader", "true")
}
