package pglog

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"sijil/internal/eventlog"
)

// channel is where each commit announces the log's new end. A notification can be lost with
// its connection; the poller makes up for it.
const channel = "sijil_events"

// pollEvery is how often somebody who waits is looked after without a notification, and how
// long after a failure the next attempt comes.
const pollEvery = time.Second

// Wait implements eventlog.Log. Without a database it waits on: it has no error of its own.
func (l *Log) Wait(ctx context.Context, after eventlog.Position) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.tide.Wait(ctx, after)
}

// listen keeps one connection that is told of other processes' commits.
func (l *Log) listen(ctx context.Context) {
	down := false
	for {
		err := l.hear(ctx, func() {
			if down {
				l.cfg.Logger.InfoContext(ctx, "new events are announced again")
			}
			down = false
		})
		if ctx.Err() != nil {
			return
		}
		if !down {
			l.cfg.Logger.WarnContext(ctx, "the connection that announces new events was lost; reading by polling until it is back. If it stays away, check the database and its connection limit", "err", err)
		}
		down = true
		if !pause(ctx, pollEvery) {
			return
		}
	}
}

// hear listens until the connection or ctx ends; ready is called when it does listen.
func (l *Log) hear(ctx context.Context, ready func()) error {
	conn, err := l.own(ctx, `listen `+channel)
	if err != nil {
		return err
	}
	defer l.drop(ctx, conn)
	// The first look is for what was committed before the listening began. What a
	// notification says is only a reason to look: anybody who may connect may notify.
	for said := int64(math.MaxInt64); ; {
		if eventlog.Position(said) > l.tide.Now() {
			var end int64
			if err := conn.QueryRow(ctx, endSQL).Scan(&end); err != nil {
				return fmt.Errorf("reading the end of the event log: %w", err)
			}
			l.tide.Rise(eventlog.Position(end))
		}
		ready()
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("listening: %w", err)
		}
		if said, err = strconv.ParseInt(n.Payload, 10, 64); err != nil || said < 0 {
			said = 0
		}
	}
}

// poll is the safety net below listen. Failures are not reported: listen does.
func (l *Log) poll(ctx context.Context) {
	for pause(ctx, pollEvery) {
		if !l.tide.Waiting() {
			continue
		}
		short, cancel := context.WithTimeout(ctx, l.cfg.Timeout)
		if end, err := l.End(short); err == nil {
			l.tide.Rise(end)
		}
		cancel()
	}
}

// pause waits, and reports whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
