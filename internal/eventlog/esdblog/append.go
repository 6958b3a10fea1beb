package esdblog

import (
	"context"
	"fmt"
	"slices"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"sijil/internal/eventlog"
)

// Append implements eventlog.Log. An unknown outcome is cleared up here by appending again
// with the same revision and the same ids, which the server stores at most once; only when
// ctx or Timeout ends first does the caller get the error.
func (l *Log) Append(ctx context.Context, stream string, want eventlog.Revision, drafts ...eventlog.Draft) ([]eventlog.Recorded, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := check(stream, want, drafts); err != nil {
		return nil, err
	}
	if !l.accept() {
		return nil, eventlog.ErrClosed
	}
	defer l.appends.Done()
	l.hub.start()
	l.batch.start()
	if want > last-eventlog.Revision(len(drafts)) {
		return l.conflicting(ctx, stream, want)
	}
	// Within a stream times do not go back, so the event before must have been seen.
	if want != eventlog.NoStream && !l.clock.knows(stream, want) {
		if _, _, err := l.at(ctx, stream, want); err != nil {
			return nil, err
		}
	}
	for {
		s := l.batch.append(ctx, stream, want, drafts)
		if s == (sent{}) {
			var err error
			if s, err = l.send(ctx, stream, want, drafts); err != nil {
				return nil, err
			}
		}
		if !s.refused {
			return l.answer(ctx, stream, want, drafts, s.at)
		}
		if s.head >= want+eventlog.Revision(len(drafts)) {
			if earlier, ok, err := l.earlier(ctx, stream, want, drafts); ok || err != nil {
				return earlier, err
			}
		}
		if s.head != want { // else it has grown to want since it was refused
			return nil, &eventlog.ConflictError{Stream: stream, Want: want, Actual: s.head}
		}
	}
}

// send sends the append by itself until it was decided on, stamped anew each time.
func (l *Log) send(ctx context.Context, stream string, want eventlog.Revision, drafts []eventlog.Draft) (s sent, err error) {
	s.at, err = insist(ctx, l, "appending to the event store", func(ctx context.Context, c *esdb.Client) (eventlog.Position, error) {
		r, err := c.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: expected(want)}, proposed(l.clock.stamp(drafts))...)
		if err != nil {
			return 0, err
		}
		return eventlog.Position(r.CommitPosition), nil
	})
	if refused(err) {
		s.refused = true // the client says where the stream is in words only
		s.head, err = l.Head(ctx, stream)
	}
	return s, err
}

// answer is what an append stored, of which the server told only where it ends.
func (l *Log) answer(ctx context.Context, stream string, want eventlog.Revision, drafts []eventlog.Draft, at eventlog.Position) ([]eventlog.Recorded, error) {
	l.tide.Rise(at)
	if got, ok := l.hub.brought(ctx, stream, at, drafts); ok && got[0].Revision == want+1 {
		return got, nil
	}
	got, ok, err := l.earlier(ctx, stream, want, drafts)
	if err == nil && !ok {
		err = fmt.Errorf("the event store acknowledged an append at revision %d and holds other events there; check that nobody deletes or truncates the ledger's streams", want+1)
	}
	if err != nil {
		return nil, fmt.Errorf("reading what was appended: %w", err)
	}
	return got, nil
}

// earlier is what stands after want, if it is an append of these ids.
func (l *Log) earlier(ctx context.Context, stream string, want eventlog.Revision, drafts []eventlog.Draft) (got []eventlog.Recorded, ok bool, err error) {
	for from := want + 1; len(got) < len(drafts); {
		p, err := l.stream(ctx, stream, esdb.Forwards, esdb.Revision(uint64(from)), len(drafts)-len(got))
		if err != nil || len(p.events) == 0 {
			return nil, false, err
		}
		got = append(got, p.events...)
		from = got[len(got)-1].Revision + 1
	}
	same := slices.EqualFunc(got, drafts, func(e eventlog.Recorded, d eventlog.Draft) bool { return e.ID == d.ID })
	if !same || got[0].Revision != want+1 {
		return nil, false, nil
	}
	return got, true, nil
}

// conflicting is the refusal of a revision that no stream can reach.
func (l *Log) conflicting(ctx context.Context, stream string, want eventlog.Revision) ([]eventlog.Recorded, error) {
	head, err := l.Head(ctx, stream)
	if err != nil {
		return nil, err
	}
	return nil, &eventlog.ConflictError{Stream: stream, Want: want, Actual: head}
}
