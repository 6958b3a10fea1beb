package subscribers

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"time"

	"sijil/internal/eventlog"
)

// view is the log as one tenant's subscriber sees it: the events whose metadata names the
// tenant, under the positions they have in the whole log. Whatever cannot be read as one of
// them is left out. End and Wait are those of the whole log: that something was recorded, and
// how much in all, is no secret; gaps between positions tell it too.
type view struct {
	log    eventlog.Log
	tenant string
	// allowed is nil as long as the subscriber may look on.
	allowed func(ctx context.Context) error
}

var _ eventlog.Log = (*view)(nil)

// recheck is how often a subscriber who waits is asked again whether it may; look how many
// events it is shown, or not shown, without being asked.
const (
	recheck = 5 * time.Second
	look    = 256
)

var errReadOnly = errors.New("subscribers do not append")

func (v *view) mine(e eventlog.Recorded) bool {
	// Most events of others are told apart without being decoded.
	if !bytes.Contains(e.Meta, []byte(v.tenant)) {
		return false
	}
	m, err := eventlog.DecodeMeta(e.Meta)
	return err == nil && m.Tenant == v.tenant
}

// ID implements eventlog.Log.
func (v *view) ID(ctx context.Context) (string, error) { return v.log.ID(ctx) }

// Append implements eventlog.Log: there is nothing to append to.
func (v *view) Append(context.Context, string, eventlog.Revision, ...eventlog.Draft) ([]eventlog.Recorded, error) {
	return nil, errReadOnly
}

// Head implements eventlog.Log. A stream of another tenant does not exist, and it takes as many
// questions to the log to say so.
func (v *view) Head(ctx context.Context, stream string) (eventlog.Revision, error) {
	if err := v.allowed(ctx); err != nil {
		return eventlog.NoStream, err
	}
	head, err := v.log.Head(ctx, stream)
	if err != nil {
		return eventlog.NoStream, err
	}
	for e, err := range v.log.Read(ctx, stream, max(head, 0)) {
		if err != nil {
			return eventlog.NoStream, err
		}
		if v.mine(e) {
			return head, nil // what came after it meanwhile does not count
		}
		break
	}
	return eventlog.NoStream, nil
}

// Find implements eventlog.Log.
func (v *view) Find(ctx context.Context, stream string, id eventlog.UUID) (eventlog.Recorded, bool, error) {
	if err := v.allowed(ctx); err != nil {
		return eventlog.Recorded{}, false, err
	}
	e, ok, err := v.log.Find(ctx, stream, id)
	if err != nil || !ok || !v.mine(e) {
		return eventlog.Recorded{}, false, err
	}
	return e, true, nil
}

// Read implements eventlog.Log. A stream is one tenant's: of another's nothing is read beyond the first
// event, so that how long it takes does not tell how long that is.
func (v *view) Read(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	return v.only(ctx, func(yield func(eventlog.Recorded, error) bool) {
		for e, err := range v.log.Read(ctx, stream, from) {
			if err == nil && !v.mine(e) || !yield(e, err) {
				return
			}
		}
	})
}

// All implements eventlog.Log.
func (v *view) All(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
	return v.only(ctx, v.log.All(ctx, after))
}

// Back implements eventlog.Log.
func (v *view) Back(ctx context.Context, before eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
	return v.only(ctx, v.log.Back(ctx, before))
}

// only leaves out what is not the tenant's.
func (v *view) only(ctx context.Context, events iter.Seq2[eventlog.Recorded, error]) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		seen := 0
		if err := v.allowed(ctx); err != nil {
			yield(eventlog.Recorded{}, err)
			return
		}
		for e, err := range events {
			if seen++; err == nil && seen%look == 0 {
				err = v.allowed(ctx)
			}
			if err != nil {
				yield(eventlog.Recorded{}, err)
				return
			}
			if v.mine(e) && !yield(e, nil) {
				return
			}
		}
	}
}

// End implements eventlog.Log.
func (v *view) End(ctx context.Context) (eventlog.Position, error) {
	if err := v.allowed(ctx); err != nil {
		return 0, err
	}
	return v.log.End(ctx)
}

// Wait implements eventlog.Log. What it returns for may be an event that the view leaves out.
func (v *view) Wait(ctx context.Context, after eventlog.Position) error {
	for {
		if err := v.allowed(ctx); err != nil {
			return err
		}
		within, cancel := context.WithTimeout(ctx, recheck)
		err := v.log.Wait(within, after)
		over := within.Err() != nil
		cancel()
		if err == nil || ctx.Err() != nil || !over {
			return err
		}
	}
}
