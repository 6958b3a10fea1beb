package esdblog

import (
	"context"
	"fmt"
	"iter"
	"time"

	"sijil/internal/eventlog"
)

// All implements eventlog.Log. Where the live subscription's memory reaches back far
// enough, the events come from there; else from a subscription of its own that is read
// up to the end of the log, as it was when the reading began.
func (l *Log) All(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		end, err := l.End(ctx)
		if err != nil {
			hand(ctx, nil, err, yield)
			return
		}
		at := after
		for at < end {
			events := l.hub.after(ctx, at, end)
			if len(events) == 0 {
				l.catchUp(ctx, at, end, yield)
				return
			}
			if !hand(ctx, events, nil, yield) {
				return
			}
			at = events[len(events)-1].Position
		}
	}
}

// catchUp yields what lies after at up to end, and resumes by itself after a cut.
func (l *Log) catchUp(ctx context.Context, at, end eventlog.Position, yield func(eventlog.Recorded, error) bool) {
	handled := l.cfg.Clock()
	stopped := false
	err := l.follow(ctx, at, l.cfg.Attempt, func(e eventlog.Recorded) bool {
		if err := ctx.Err(); err != nil {
			yield(eventlog.Recorded{}, err)
			stopped = true
			return false
		}
		if e.Stream != "" && !yield(e, nil) {
			stopped = true
			return false
		}
		handled = l.cfg.Clock()
		return e.Position < end
	}, func(err error) bool {
		return judge(err) != final && l.cfg.Clock().Sub(handled) < l.cfg.Timeout
	})
	if err != nil && !stopped {
		if ctx.Err() == nil {
			err = fmt.Errorf("reading the log: %w", explained(err))
		}
		yield(eventlog.Recorded{}, err)
	}
}

// pollEvery is how often somebody who waits is looked after without a push.
const pollEvery = time.Second

// Wait implements eventlog.Log. Without a server it waits on: it has no error of its own.
func (l *Log) Wait(ctx context.Context, after eventlog.Position) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.hub.start()
	return l.tide.Wait(ctx, after)
}

// poll is the safety net below the live subscription, and cuts it when it is silent about
// what the poll saw. Failures are not reported: the supervisor does.
func (l *Log) poll() {
	missed := eventlog.Position(0)
	for pause(l.background, pollEvery) {
		if !l.tide.Waiting() {
			continue
		}
		end, err := l.findEnd(l.background)
		if err != nil {
			continue
		}
		if missed != 0 && l.hub.reached.Now() < missed {
			l.hub.cut()
		}
		if missed = 0; l.hub.reached.Now() < end {
			missed = end
		}
	}
}
