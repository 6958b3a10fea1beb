package esdblog

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"sijil/internal/eventlog"
)

// A reader takes events by pages and holds nothing on the server while its caller works on
// one.
const (
	pageEvents = 512
	pageBytes  = 4 << 20
)

// page is a part of a stream or of the log.
type page struct {
	events []eventlog.Recorded // the ledger's
	raw    int                 // how many were read, others included
	first  eventlog.Position   // of the first one read, whoever's it is; 0 when none was
	last   eventlog.Position   // of the last one
	more   bool                // there may be another page
}

// receive reads a page from what the client opened, and holds it to a rule.
func (l *Log) receive(s *esdb.ReadStream, count int, keeps rule) (p page, err error) {
	defer s.Close()
	size := 0
	for p.raw < count && size < pageBytes {
		r, err := s.Recv()
		if errors.Is(err, io.EOF) || missing(err) {
			return p, nil
		}
		if err != nil {
			return p, err
		}
		p.raw++
		w := r.OriginalEvent()
		if err := keeps(w); err != nil {
			return page{}, err
		}
		if w != nil {
			if p.last = eventlog.Position(w.Position.Commit); p.raw == 1 {
				p.first = p.last
			}
		}
		if e, ok := recorded(r); ok {
			l.clock.observe(e)
			p.events = append(p.events, e)
			size += weight(e)
		}
	}
	p.more = true
	return p, nil
}

// stream reads a page of a stream.
func (l *Log) stream(ctx context.Context, stream string, direction esdb.Direction, from esdb.StreamPosition, count int) (page, error) {
	return insist(ctx, l, "reading a stream", func(ctx context.Context, c *esdb.Client) (page, error) {
		s, err := c.ReadStream(ctx, stream, esdb.ReadStreamOptions{Direction: direction, From: from}, uint64(count))
		if err != nil {
			return page{}, err
		}
		return l.receive(s, count, revisions(stream, direction, from))
	})
}

// Head implements eventlog.Log.
func (l *Log) Head(ctx context.Context, stream string) (eventlog.Revision, error) {
	if !readable(stream) {
		return eventlog.NoStream, ctx.Err()
	}
	p, err := l.stream(ctx, stream, esdb.Backwards, esdb.End{}, 1)
	if err != nil || len(p.events) == 0 {
		return eventlog.NoStream, err
	}
	return p.events[0].Revision, nil
}

// Read implements eventlog.Log.
func (l *Log) Read(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		if !readable(stream) {
			hand(ctx, nil, ctx.Err(), yield)
			return
		}
		from := max(from, 0)
		p, err := l.stream(ctx, stream, esdb.Forwards, esdb.Revision(uint64(from)), pageEvents)
		upTo := eventlog.Revision(last)
		if err == nil && p.more {
			upTo, err = l.Head(ctx, stream) // where reading ends, however fast the stream grows
		}
		for {
			if !hand(ctx, p.events, err, yield) || !p.more {
				return
			}
			if from = p.events[len(p.events)-1].Revision + 1; from > upTo {
				return
			}
			count := int(min(upTo-from+1, pageEvents))
			p, err = l.stream(ctx, stream, esdb.Forwards, esdb.Revision(uint64(from)), count)
		}
	}
}

// hand yields events, then err, and says whether to go on.
func hand(ctx context.Context, events []eventlog.Recorded, err error, yield func(eventlog.Recorded, error) bool) bool {
	for _, e := range events {
		if ended := ctx.Err(); ended != nil {
			yield(eventlog.Recorded{}, ended)
			return false
		}
		if !yield(e, nil) {
			return false
		}
	}
	if err != nil {
		yield(eventlog.Recorded{}, err)
	}
	return err == nil
}
