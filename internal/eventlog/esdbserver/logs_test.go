package esdbserver_test

import (
	"context"
	"iter"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"sijil/internal/eventlog"
)

// Logs that look at what the server asks, or get in its way.

type seq = iter.Seq2[eventlog.Recorded, error]

func plain() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
}

type counter struct{ atomic.Int64 }

func (c *counter) count(events seq) seq {
	return func(yield func(eventlog.Recorded, error) bool) {
		for e, err := range events {
			c.Add(1)
			if !yield(e, err) {
				return
			}
		}
	}
}

// counted counts what is read from a log.
type counted struct {
	eventlog.Log
	yielded counter
}

func (l *counted) Read(ctx context.Context, stream string, from eventlog.Revision) seq {
	return l.yielded.count(l.Log.Read(ctx, stream, from))
}

func (l *counted) All(ctx context.Context, after eventlog.Position) seq {
	return l.yielded.count(l.Log.All(ctx, after))
}

// narrow shows the streams whose names begin with a prefix, as a tenant's view of a log would.
type narrow struct {
	eventlog.Log
	prefix string
}

func (l narrow) shows(stream string) bool { return strings.HasPrefix(stream, l.prefix) }

func (l narrow) only(events seq) seq {
	return func(yield func(eventlog.Recorded, error) bool) {
		for e, err := range events {
			if (err != nil || l.shows(e.Stream)) && !yield(e, err) {
				return
			}
		}
	}
}

func (l narrow) Head(ctx context.Context, stream string) (eventlog.Revision, error) {
	if !l.shows(stream) {
		return eventlog.NoStream, nil
	}
	return l.Log.Head(ctx, stream)
}

func (l narrow) Read(ctx context.Context, stream string, from eventlog.Revision) seq {
	return l.only(l.Log.Read(ctx, stream, from))
}

func (l narrow) All(ctx context.Context, after eventlog.Position) seq {
	return l.only(l.Log.All(ctx, after))
}

func (l narrow) Back(ctx context.Context, before eventlog.Position) seq {
	return l.only(l.Log.Back(ctx, before))
}

// waiting tells what a log is waited for.
type waiting struct {
	eventlog.Log
	asked chan eventlog.Position
}

func (l *waiting) Wait(ctx context.Context, after eventlog.Position) error {
	l.asked <- after
	return l.Log.Wait(ctx, after)
}

// deaf appends although the caller has gone.
type deaf struct{ eventlog.Log }

func (l deaf) Append(ctx context.Context, stream string, want eventlog.Revision, drafts ...eventlog.Draft) ([]eventlog.Recorded, error) {
	return l.Log.Append(context.WithoutCancel(ctx), stream, want, drafts...)
}
