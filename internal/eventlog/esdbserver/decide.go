package esdbserver

import (
	"context"
	"errors"
	"math"

	"sijil/internal/eventlog"
)

// expected is where a writer wants the stream to be.
type expected struct {
	kind     expectedKind
	revision uint64 // of atRevision
}

type expectedKind int

const (
	atRevision expectedKind = iota
	noStream
	anyRevision
	streamExists
)

// outcome is what became of an append that was neither refused nor failed.
type outcome struct {
	// wrong: the stream is not where it was expected, and nothing was written.
	wrong bool
	// head is the revision of the append's last event; the stream's when it is wrong or empty.
	head eventlog.Revision
	// position is that event's, 0 when there is none.
	position eventlog.Position
}

// decide appends by EventStoreDB's table of expected revisions and event ids.
func decide(ctx context.Context, l eventlog.Log, stream string, want expected, drafts []eventlog.Draft) (outcome, error) {
	if len(drafts) == 0 {
		return decideEmpty(ctx, l, stream, want)
	}
	switch {
	case want.kind == noStream:
		return appendAt(ctx, l, stream, eventlog.NoStream, drafts)
	case want.kind == atRevision && want.revision <= math.MaxInt64:
		return appendAt(ctx, l, stream, eventlog.Revision(want.revision), drafts)
	case want.kind == atRevision: // no stream gets there
		head, err := l.Head(ctx, stream)
		return outcome{wrong: true, head: head}, err
	}
	return decideAnywhere(ctx, l, stream, want.kind, drafts)
}

// appendAt is the part of the table that is the log's own contract.
func appendAt(ctx context.Context, l eventlog.Log, stream string, want eventlog.Revision, drafts []eventlog.Draft) (outcome, error) {
	stored, err := l.Append(ctx, stream, want, drafts...)
	if conflict, ok := errors.AsType[*eventlog.ConflictError](err); ok {
		return outcome{wrong: true, head: conflict.Actual}, nil
	}
	if err != nil {
		return outcome{}, err
	}
	last := stored[len(stored)-1]
	return outcome{head: last.Revision, position: last.Position}, nil
}

// decideAnywhere appends wherever the stream ends, once: a writer that does not say where is
// recognised by its event ids. The head is read before the ids are looked for, so that what
// another writer stores in between makes the append conflict, and everything is asked again.
func decideAnywhere(ctx context.Context, l eventlog.Log, stream string, kind expectedKind, drafts []eventlog.Draft) (outcome, error) {
	for {
		head, err := l.Head(ctx, stream)
		if err != nil {
			return outcome{}, err
		}
		if kind == streamExists && head == eventlog.NoStream {
			return outcome{wrong: true, head: head}, nil
		}
		earlier, known, err := find(ctx, l, stream, drafts)
		switch {
		case err != nil:
			return outcome{}, err
		case known == len(drafts):
			return outcome{head: earlier.Revision, position: earlier.Position}, nil
		case known > 0: // the first is there and a later one is not
			return outcome{wrong: true, head: head}, nil
		}
		done, err := appendAt(ctx, l, stream, head, drafts)
		if err != nil || !done.wrong {
			return done, err
		}
	}
}

// find counts how many of drafts, from the first on, are in the stream, and gives the last of
// them.
func find(ctx context.Context, l eventlog.Log, stream string, drafts []eventlog.Draft) (last eventlog.Recorded, known int, err error) {
	for _, d := range drafts {
		e, ok, err := l.Find(ctx, stream, d.ID)
		if err != nil || !ok {
			return last, known, err
		}
		last, known = e, known+1
	}
	return last, known, nil
}

// decideEmpty answers an append without events: it writes nothing and tells where the stream is.
func decideEmpty(ctx context.Context, l eventlog.Log, stream string, want expected) (outcome, error) {
	head, err := l.Head(ctx, stream)
	if err != nil {
		return outcome{}, err
	}
	ok := want.kind == anyRevision ||
		want.kind == streamExists && head != eventlog.NoStream ||
		want.kind == noStream && head == eventlog.NoStream ||
		want.kind == atRevision && head != eventlog.NoStream && want.revision == uint64(head)
	return outcome{wrong: !ok, head: head}, nil
}
