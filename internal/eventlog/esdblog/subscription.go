package esdblog

import (
	"context"
	"errors"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"sijil/internal/eventlog"
)

// subscription is one live connection to the whole log, without the server's own events.
// It does not resume: who opened it opens another from the last place handled.
type subscription struct {
	*esdb.Subscription
	from  eventlog.Position
	conn  *conn
	close func()
}

// errDropped: the subscription ended on this side.
var errDropped = errors.New("the subscription was ended")

// subscribe opens a subscription that begins after a position.
func (l *Log) subscribe(ctx context.Context, from eventlog.Position) (*subscription, error) {
	c, err := l.super.acquire(ctx)
	if err != nil {
		return nil, err
	}
	c.using.Add(1) // beyond the call
	life, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(c.ended, cancel)
	s := &subscription{from: from, conn: c, close: func() {
		stop()
		cancel()
		c.using.Done()
	}}
	s.Subscription, err = call(ctx, c, l.cfg.Attempt, func(ctx context.Context, client *esdb.Client) (*esdb.Subscription, error) {
		return client.SubscribeToAll(instead(ctx, life), esdb.SubscribeToAllOptions{
			From: after(from), Filter: esdb.ExcludeSystemEventsFilter(),
			// A checkpoint after this many events of the server's own: rare enough not to cost.
			MaxSearchWindow: 512, CheckpointInterval: 4,
		})
	})
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// next gives the next event of the ledger on a course, or a place up to which there is none (then
// the event has no stream).
func (s *subscription) next(c *course) (eventlog.Recorded, error) {
	for {
		got := s.Recv()
		switch {
		case got.SubscriptionDropped != nil:
			err := got.SubscriptionDropped.Error
			if err == nil {
				err = errDropped
			}
			return eventlog.Recorded{}, err
		case got.EventAppeared != nil:
			e, ours := recorded(got.EventAppeared)
			if !ours {
				continue
			}
			if ok, err := c.event(e, s.from); ok || err != nil {
				return e, err
			}
		case got.CheckPointReached != nil:
			if p := eventlog.Position(got.CheckPointReached.Commit); p > c.at && p <= last {
				c.at = p
				return eventlog.Recorded{Position: p}, nil
			}
		}
	}
}

// follow hands each event after a position to take, and each place up to which there is
// none, over as many connections as it needs, until take says that it is enough, ctx ends,
// or the server has refused. idle bounds how long a subscription may say nothing; 0 is
// no bound. trouble, when given, hears of each cut and says whether to go on.
func (l *Log) follow(ctx context.Context, at eventlog.Position, idle time.Duration, take func(eventlog.Recorded) bool, trouble func(error) bool) error {
	c := newCourse(at)
	for failures := 0; ; {
		before := c.at
		err := l.followOnce(ctx, c, idle, take)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		}
		if failures++; c.at > before {
			failures = 1
		}
		if !trouble(err) {
			return err
		}
		if !pause(ctx, backoff(failures)) {
			return ctx.Err()
		}
	}
}

func (l *Log) followOnce(ctx context.Context, c *course, idle time.Duration, take func(eventlog.Recorded) bool) error {
	life, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	s, err := l.subscribe(life, c.at)
	if err != nil {
		return err
	}
	defer s.close()
	silent := func() {}
	if idle > 0 {
		t := time.AfterFunc(idle, func() { cut(errHung{}) })
		defer t.Stop()
		silent = func() { t.Reset(idle) }
	}
	for {
		e, err := s.next(c)
		if err != nil {
			if ctx.Err() == nil && life.Err() != nil {
				err = context.Cause(life) // it was silent for too long
			}
			if ctx.Err() == nil && judge(err) == lost {
				s.conn.broken.Store(true) // the client itself does not notice
			}
			return err
		}
		if e.Stream != "" {
			l.clock.observe(e)
		}
		if !take(e) {
			return nil
		}
		silent()
	}
}
