package esdbserver

import (
	"context"
	"iter"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"sijil/internal/eventlog"
)

// Read answers reads and subscriptions. Events are read from the log as the client takes them:
// sending waits for it, so that a slow one costs a page of memory.
func (s *streamsService) Read(req *streams.ReadReq, stream streams.Streams_ReadServer) error {
	caller, err := s.caller(stream.Context())
	if err != nil {
		return s.ending(stream.Context(), "read", err, stream.SetTrailer)
	}
	ctx, cancel := s.lasting(stream.Context(), caller)
	defer cancel()
	r, err := parseRead(req.GetOptions())
	if err == nil {
		l := identified{caller.Log}
		if r.live {
			err = subscribe(ctx, l, r, stream.Send)
		} else {
			err = readOnce(ctx, l, r, stream.Send)
		}
	}
	return s.ending(ctx, "read", err, stream.SetTrailer)
}

// send hands one message to the client and waits until there is room for it.
type send func(*streams.ReadResp) error

// readOnce sends the events of a read, or that there is no such stream. It sends nothing else:
// anything else makes the Go client panic.
func readOnce(ctx context.Context, l identified, r request, send send) error {
	events, err := r.events(ctx, l)
	if err != nil {
		return err
	}
	if events == nil {
		return send(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{
			StreamNotFound: &streams.ReadResp_StreamNotFound{StreamIdentifier: encodeStream(r.stream)},
		}})
	}
	if r.count == 0 {
		return nil
	}
	sent := uint64(0)
	for e, err := range events {
		if err != nil {
			return err
		}
		if !r.filter.match(e) {
			continue
		}
		if err := send(encodeEvent(e, r.textIDs)); err != nil {
			return err
		}
		if sent++; sent == r.count {
			return nil
		}
	}
	return nil
}

// events is what a read goes through, nil when the stream does not exist. $all begins with the
// position that is asked for when it goes forwards, and before it when it goes backwards; a stream begins with
// the revision that is asked for in both directions.
func (r request) events(ctx context.Context, l identified) (iter.Seq2[eventlog.Recorded, error], error) {
	if r.stream == "" {
		return r.allEvents(ctx, l), nil
	}
	head, err := l.Head(ctx, r.stream)
	if err != nil || head == eventlog.NoStream {
		return nil, err
	}
	at := eventlog.Revision(r.from.at)
	switch {
	case r.back && r.from.kind == atEnd:
		return backwards(ctx, l, r.stream, head, r.count), nil
	case r.back:
		return backwards(ctx, l, r.stream, min(at, head), r.count), nil
	case r.from.kind == atEnd || at > head:
		return none, nil
	}
	return l.Read(ctx, r.stream, at), nil
}

func (r request) allEvents(ctx context.Context, l identified) iter.Seq2[eventlog.Recorded, error] {
	at := eventlog.Position(r.from.at)
	switch {
	case r.back && r.from.kind == atEnd:
		return l.Back(ctx, math.MaxUint64)
	case r.back:
		return l.Back(ctx, at)
	case r.from.kind == atEnd:
		return none
	}
	return l.All(ctx, at-min(at, 1))
}

// none has no events.
func none(func(eventlog.Recorded, error) bool) {}

// A backward read of a stream goes window by window; a window has at most windowEvents events and,
// unless it is a single event, about windowBytes.
const (
	windowEvents = 256
	windowBytes  = 2 << 20
)

// backwards yields count events of stream from revision from down. Revisions have no gaps, so
// a window before the last one is read by its first revision.
func backwards(ctx context.Context, l eventlog.Log, stream string, from eventlog.Revision, count uint64) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		size := eventlog.Revision(min(count, windowEvents))
		for to := from; to >= 0 && size > 0; {
			events, err := window(ctx, l, stream, max(0, to-size+1), to)
			if err != nil {
				yield(eventlog.Recorded{}, err)
				return
			}
			if len(events) == 0 {
				return // this caller does not see the rest
			}
			for i := len(events) - 1; i >= 0; i-- {
				if !yield(events[i], nil) {
					return
				}
			}
			to = events[0].Revision - 1
		}
	}
}

// window reads the events of stream from revision from to revision to, and drops the first ones when
// they are too many bytes.
func window(ctx context.Context, l eventlog.Log, stream string, from, to eventlog.Revision) (events []eventlog.Recorded, err error) {
	bytes := 0
	for e, err := range l.Read(ctx, stream, from) {
		if err != nil {
			return nil, err
		}
		if e.Revision > to {
			break
		}
		events = append(events, e)
		bytes += len(e.Data) + len(e.Meta)
		for bytes > windowBytes && len(events) > 1 {
			bytes -= len(events[0].Data) + len(events[0].Meta)
			events[0] = eventlog.Recorded{}
			events = events[1:]
		}
	}
	return events, nil
}
