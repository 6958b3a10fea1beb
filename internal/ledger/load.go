package ledger

import (
	"context"
	"fmt"
	"strings"

	"sijil/domain"
	"sijil/domain/schema"
	"sijil/internal/eventlog"
	"sijil/internal/follower"
)

// Loaded is a stream's state at a revision; NoStream and the zero state when there is none.
type Loaded[S any] struct {
	State    S
	Stream   string
	Revision eventlog.Revision
}

// Exists reports whether the stream has events.
func (l Loaded[S]) Exists() bool { return l.Revision != eventlog.NoStream }

// Input names what was read, for the metadata of the decision that rests on it.
func (l Loaded[S]) Input() eventlog.Input {
	return eventlog.Input{Stream: l.Stream, Revision: l.Revision}
}

// Load is the state of another stream as evidence for a decision, never older than
// act.After. A stream of another tenant answers like one that does not exist.
func Load[C, S, E any](ctx context.Context, l *Ledger, d domain.Decider[C, S, E], stream string, act Act) (Loaded[S], error) {
	f, err := l.load(ctx, stream, act.After, evolver(d))
	if err != nil {
		return Loaded[S]{}, err
	}
	return loaded[S](f, stream, act.Tenant), nil
}

// LoadAt is the state of a stream as of a revision, for deciding again at an earlier place.
func LoadAt[C, S, E any](ctx context.Context, l *Ledger, d domain.Decider[C, S, E], at eventlog.Input, tenant domain.ID) (Loaded[S], error) {
	f, err := l.read(ctx, at.Stream, at.Revision, evolver(d))
	if err != nil {
		return Loaded[S]{}, err
	}
	return loaded[S](f, at.Stream, tenant), nil
}

func loaded[S any](f fold, stream string, tenant domain.ID) Loaded[S] {
	if f.revision == eventlog.NoStream || f.tenant != tenant {
		return Loaded[S]{Stream: stream, Revision: eventlog.NoStream}
	}
	return Loaded[S]{State: f.state.(S), Stream: stream, Revision: f.revision}
}

// evolveAny is a decider's Evolve without its types; the state begins as nil.
type evolveAny func(state, fact any) (any, error)

func evolver[C, S, E any](d domain.Decider[C, S, E]) evolveAny {
	return func(state, fact any) (any, error) {
		e, ok := fact.(E)
		if !ok {
			return nil, fmt.Errorf("a %T stands in a stream of category %s", fact, d.Category)
		}
		s, _ := state.(S) // nil: the zero state of a new stream
		return d.Evolve(s, e), nil
	}
}

func (l *Ledger) load(ctx context.Context, stream string, after eventlog.Position, evolve evolveAny) (fold, error) {
	if f, ok := l.folds.get(stream); ok {
		if uint64(after) <= l.followed.Load() {
			return f, nil
		}
		// The caller has seen more of the log than our folds: ask where the stream is.
		head, err := l.log.Head(ctx, stream)
		if err != nil {
			return fold{}, fmt.Errorf("reading a stream's head: %w", err)
		}
		if head == f.revision {
			return f, nil
		}
		l.folds.drop(stream)
	}
	end := l.folds.begin(stream)
	f, err := l.read(ctx, stream, -1, evolve)
	end(f, err == nil && f.revision != eventlog.NoStream)
	return f, err
}

// read folds a stream from its beginning up to revision upTo, or all of it when upTo is negative.
func (l *Ledger) read(ctx context.Context, stream string, upTo eventlog.Revision, evolve evolveAny) (fold, error) {
	f := fold{revision: eventlog.NoStream, ids: newIDSet()}
	for e, err := range l.log.Read(ctx, stream, 0) {
		if err != nil {
			return fold{}, fmt.Errorf("reading stream %s: %w", stream, err)
		}
		if upTo >= 0 && e.Revision > upTo {
			break
		}
		if f.revision == eventlog.NoStream {
			m, err := eventlog.DecodeMeta(e.Meta)
			if err != nil {
				return fold{}, fmt.Errorf("stream %s revision %d: %w", stream, e.Revision, err)
			}
			f.tenant = domain.ID(m.Tenant)
		}
		f.revision = e.Revision
		f.ids.add(e.ID, e.Revision)
		if strings.HasPrefix(e.Type, "$") {
			continue
		}
		fact, err := Decode(e)
		if err != nil {
			return fold{}, fmt.Errorf("stream %s revision %d: %w", stream, e.Revision, err)
		}
		if f.state, err = evolve(f.state, fact); err != nil {
			return fold{}, fmt.Errorf("stream %s revision %d: %w", stream, e.Revision, err)
		}
	}
	return f, nil
}

// Decode reads a stored event into today's fact; schema's errors.
func Decode(e eventlog.Recorded) (any, error) {
	return schema.Decode(domain.Place{Stream: e.Stream, Type: e.Type, Event: domain.IDFromBytes(e.ID)}, e.Data)
}

// Follow keeps the folds current with what other processes write, until ctx ends. Without
// it decisions stay right, since the expected revision guards them, but evidence of other
// streams may be old.
func (l *Ledger) Follow(ctx context.Context) error {
	begun := false
	// Folds live in memory: there is nothing to catch up with before the first end.
	place := func(ctx context.Context) (eventlog.Position, error) {
		if begun {
			return eventlog.Position(l.followed.Load()), nil
		}
		at, err := l.log.End(ctx)
		if err != nil {
			return 0, fmt.Errorf("finding the end of the log: %w", err)
		}
		begun = true
		// What was read before this moment may be older than at, and nobody would tell.
		l.folds.reset()
		l.followed.Store(uint64(at))
		return at, nil
	}
	observe := func(_ context.Context, events []eventlog.Recorded) error {
		for _, e := range events {
			l.observe(e)
			l.followed.Store(uint64(e.Position))
		}
		return nil
	}
	// One at a time: an event that waits for others in a batch is a state that is old.
	return follower.New(follower.Config{
		Name: "folds", Log: l.log, Place: place, Handle: observe, MaxBatch: 1, Logger: l.logger,
	}).Run(ctx)
}

func (l *Ledger) observe(e eventlog.Recorded) {
	l.folds.observe(e.Stream, e.Revision)
	if strings.HasPrefix(e.Type, "student.PersonalDataErased.") {
		if m, err := eventlog.DecodeMeta(e.Meta); err == nil {
			for _, id := range domain.StreamIDs(e.Stream) {
				l.vault.Forget(domain.ID(m.Tenant), id)
			}
		}
	}
}
