package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sijil/domain"
	"sijil/domain/schema"
	"sijil/internal/eventlog"
	"sijil/internal/vault"
)

const (
	// maxDecisions bounds optimistic retries: within one process commands on a stream take
	// turns, so a conflict means another process, and many mean that something is wrong.
	maxDecisions = 8
	// maxAppends bounds how often an append of unknown outcome is repeated.
	maxAppends = 6
	retryPause = 50 * time.Millisecond
)

// Command builds a command from evidence, and names the inputs it read. It is called only
// when the command has not been executed before, and again after a conflict. It must not
// execute commands itself.
type Command[C any] func(ctx context.Context) (cmd C, inputs []eventlog.Input, err error)

// Just is a command that needs no evidence.
func Just[C any](cmd C) Command[C] {
	return func(context.Context) (C, []eventlog.Input, error) { return cmd, nil, nil }
}

// Outcome is what a command led to.
type Outcome[S, E any] struct {
	// State and Revision are the stream's after the command, or now for a replay.
	State    S
	Revision eventlog.Revision
	// Facts and Events are what the command recorded; none when it changed nothing. The
	// answer to a caller is a function of these, so that a retry is answered alike.
	Facts  []E
	Events []eventlog.Recorded
	// Position is where the caller's reads must have arrived to see it.
	Position eventlog.Position
	// Replayed: the command had been executed before, these are its events.
	Replayed bool
}

// Execute runs one command on one stream: was it there before? evidence, decision,
// append at the revision decided upon. It is safe to repeat with the same act, and after
// a crash at any point: event ids derive from the command, so that it is stored once at most.
//
// A *domain.Refusal when the rules say no, the key came with another body
// (idempotency_key_reused), the stream belongs to another tenant (not_found), or the outcome
// stays unknown (outcome_unknown: repeat with the same key).
func Execute[C, S, E any](ctx context.Context, l *Ledger, d domain.Decider[C, S, E], stream string, act Act, build Command[C]) (Outcome[S, E], error) {
	if !l.recent.same(act, false) {
		return Outcome[S, E]{}, errKeyReused()
	}
	unlock, err := l.lock(ctx, stream)
	if err != nil {
		return Outcome[S, E]{}, err
	}
	defer unlock()
	for range maxDecisions {
		out, err := attempt(ctx, l, d, stream, act, build)
		if errors.Is(err, eventlog.ErrConflict) {
			l.folds.drop(stream)
			continue
		}
		return out, err
	}
	return Outcome[S, E]{}, domain.Refuse(domain.Unready, "too_busy", "others keep writing to the same record; repeat with the same Idempotency-Key")
}

// attempt decides once. A conflict means: the state was old, decide again.
func attempt[C, S, E any](ctx context.Context, l *Ledger, d domain.Decider[C, S, E], stream string, act Act, build Command[C]) (out Outcome[S, E], err error) {
	f, err := l.load(ctx, stream, act.After, evolver(d))
	if err != nil {
		return out, err
	}
	if f.revision != eventlog.NoStream && f.tenant != act.Tenant {
		return out, errNotFound()
	}
	if at, ok := f.ids.find(act.eventID(stream, 0).Bytes(), f.revision); ok {
		return replay[S, E](ctx, l, stream, act, f, at)
	}
	state, _ := f.state.(S)
	cmd, inputs, err := build(ctx)
	var facts []E
	if err == nil {
		facts, err = d.Decide(state, cmd)
	}
	if err != nil || len(facts) == 0 {
		// A no from an old state is no answer.
		if stale, serr := l.stale(ctx, stream, f); serr != nil || stale {
			return out, errors.Join(serr, conflictIf(stale, stream, f))
		}
		if err != nil {
			return out, err
		}
		end, err := l.log.End(ctx)
		return Outcome[S, E]{State: state, Revision: f.revision, Position: end}, err
	}
	drafts, err := draft(ctx, l, stream, act, facts, inputs)
	if err != nil {
		return out, err
	}
	events, err := l.append(ctx, stream, f.revision, drafts)
	if err != nil {
		l.folds.drop(stream)
		return out, err
	}
	l.tally(ctx, int64(len(events)), 0)
	return keep(l, d, stream, act, f, facts, events), nil
}

// keep folds what was just stored into memory and answers.
func keep[C, S, E any](l *Ledger, d domain.Decider[C, S, E], stream string, act Act, f fold, facts []E, events []eventlog.Recorded) Outcome[S, E] {
	state, _ := f.state.(S)
	for i, fact := range facts {
		state = d.Evolve(state, fact)
		f.ids.add(events[i].ID, events[i].Revision)
	}
	last := events[len(events)-1]
	l.folds.put(stream, fold{state: state, revision: last.Revision, tenant: act.Tenant, ids: f.ids})
	l.recent.same(act, true)
	return Outcome[S, E]{State: state, Revision: last.Revision, Facts: facts, Events: events, Position: last.Position}
}

// replay answers a command again from its stored events.
func replay[S, E any](ctx context.Context, l *Ledger, stream string, act Act, f fold, first eventlog.Revision) (out Outcome[S, E], err error) {
	mac, err := l.bodyMAC(ctx, act)
	if err != nil {
		return out, err
	}
	state, _ := f.state.(S)
	out = Outcome[S, E]{State: state, Revision: f.revision, Replayed: true}
	for e, err := range l.log.Read(ctx, stream, first) {
		if err != nil {
			return out, fmt.Errorf("reading an earlier answer: %w", err)
		}
		if e.ID != act.eventID(stream, len(out.Events)).Bytes() {
			break
		}
		m, err := eventlog.DecodeMeta(e.Meta)
		if err != nil {
			return out, err
		}
		if m.BodyMAC != mac {
			return Outcome[S, E]{}, errKeyReused()
		}
		fact, err := Decode(e)
		if err != nil {
			return out, err
		}
		typed, ok := fact.(E)
		if !ok {
			return out, fmt.Errorf("a %T stands in stream %s", fact, stream)
		}
		out.Events, out.Facts, out.Position = append(out.Events, e), append(out.Facts, typed), e.Position
	}
	l.tally(ctx, 0, 1)
	return out, nil
}

// draft turns facts into events: ids derived from the command, personal data sealed.
func draft[E any](ctx context.Context, l *Ledger, stream string, act Act, facts []E, inputs []eventlog.Input) ([]eventlog.Draft, error) {
	mac, err := l.bodyMAC(ctx, act)
	if err != nil {
		return nil, err
	}
	drafts := make([]eventlog.Draft, len(facts))
	for i, fact := range facts {
		enc, err := schema.Encode(fact)
		if err != nil {
			return nil, err
		}
		id := act.eventID(stream, i)
		meta := eventlog.Meta{
			EffectiveAt: act.EffectiveAt, Actor: act.Actor, OnBehalfOf: act.OnBehalfOf,
			Tenant: string(act.Tenant), Institution: string(act.Institution),
			CorrelationID: act.CorrelationID, CausationID: act.CausationID,
			CommandKey: act.CommandKey(), BodyMAC: mac, Inputs: inputs,
		}
		var blob []byte
		if p := enc.Private; !p.IsZero() {
			meta.Subjects = []string{string(p.Subject)}
			blob, err = l.vault.Seal(ctx, act.Tenant, domain.Place{Stream: stream, Type: enc.Type, Event: id}, p)
			if errors.Is(err, vault.ErrErased) {
				return nil, domain.Refuse(domain.Conflict, "personal_data_erased", "this person's data was erased; their record takes no more personal data")
			} else if err != nil {
				return nil, fmt.Errorf("sealing a %s: %w", enc.Type, err)
			}
		}
		drafts[i] = eventlog.Draft{
			ID: id.Bytes(), Type: enc.Type,
			Data: schema.Payload(enc.Open, enc.Private.Subject, blob), Meta: meta.Encode(),
		}
	}
	return drafts, nil
}

// append stores drafts after want. Every error but a conflict is an unknown outcome: the
// same append, same want, same bytes, is repeated, which the log answers from what it has
// when the first one arrived after all (architecture decision 4).
func (l *Ledger) append(ctx context.Context, stream string, want eventlog.Revision, drafts []eventlog.Draft) ([]eventlog.Recorded, error) {
	for try := 1; ; try++ {
		events, err := l.log.Append(ctx, stream, want, drafts...)
		if err == nil || errors.Is(err, eventlog.ErrConflict) || errors.Is(err, eventlog.ErrInvalid) {
			return events, err
		}
		if errors.Is(err, eventlog.ErrTooLarge) {
			return nil, domain.Refuse(domain.Invalid, "too_large", "the entry is larger than the log takes (%d bytes)", eventlog.MaxAppend)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		l.logger.WarnContext(ctx, "an append failed, its outcome is unknown; reading back and repeating", "category", domain.CategoryOf(stream), "try", try, "err", err)
		if try == maxAppends {
			return nil, domain.Refuse(domain.Unready, "outcome_unknown", "the event log does not answer; repeat with the same Idempotency-Key")
		}
		if err := pause(ctx, retryPause<<(try-1)); err != nil {
			return nil, err
		}
	}
}

// stale asks the log whether a state is behind its stream.
func (l *Ledger) stale(ctx context.Context, stream string, f fold) (bool, error) {
	head, err := l.log.Head(ctx, stream)
	if err != nil {
		return false, fmt.Errorf("reading a stream's head: %w", err)
	}
	return head != f.revision, nil
}

func conflictIf(stale bool, stream string, f fold) error {
	if !stale {
		return nil
	}
	return &eventlog.ConflictError{Stream: stream, Want: f.revision, Actual: eventlog.NoStream}
}

func errNotFound() error {
	return domain.Refuse(domain.Missing, "not_found", "there is no such record here")
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
