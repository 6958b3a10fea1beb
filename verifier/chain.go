package verifier

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Chain asks several trusts in turn and takes the first that knows the answer, so that a
// bundle can stand in where the network cannot be reached. Put the freshest first: what it
// says of a key is believed over an older copy.
type Chain []Trust

func chained[T any](c Chain, ask func(Trust) (T, error)) (T, error) {
	var none T
	err := ErrUnknown
	for _, t := range c {
		v, e := ask(t)
		if e == nil {
			return v, nil
		}
		// Which "no" says most: that a source which ought to know was not reached, then that
		// one has no ledger extract (so that its absence from another's proves nothing).
		if errors.Is(err, ErrUnknown) || errors.Is(e, ErrUnreachable) {
			err = e
		}
	}
	return none, err
}

// Keys implements [Trust].
func (c Chain) Keys(ctx context.Context, kid string) ([]OwnedKey, error) {
	return chained(c, func(t Trust) ([]OwnedKey, error) { return t.Keys(ctx, kid) })
}

// Issuer implements [Trust]. Accreditations come from the first that has any: a bundle brings
// them where a ledger does not publish them.
func (c Chain) Issuer(ctx context.Context, id string) (Issuer, error) {
	i, err := chained(c, func(t Trust) (Issuer, error) { return t.Issuer(ctx, id) })
	if err == nil && i.Accreditations == nil {
		if with, e := chained(c, func(t Trust) (Issuer, error) {
			with, e := t.Issuer(ctx, id)
			if e == nil && with.Accreditations == nil {
				e = ErrUnknown
			}
			return with, e
		}); e == nil {
			i.Accreditations = with.Accreditations
		}
	}
	return i, err
}

// StatusList implements [Trust].
func (c Chain) StatusList(ctx context.Context, url string, maxAge time.Duration) (*Fetched, error) {
	return chained(c, func(t Trust) (*Fetched, error) { return t.StatusList(ctx, url, maxAge) })
}

// Record implements [Trust].
func (c Chain) Record(ctx context.Context, issuer, id string) (Record, error) {
	return chained(c, func(t Trust) (Record, error) { return t.Record(ctx, issuer, id) })
}

// Knows implements [Trust].
func (c Chain) Knows(origin string) bool {
	for _, t := range c {
		if t.Knows(origin) {
			return true
		}
	}
	return false
}

// Source implements [Trust]: all names, and the oldest age.
func (c Chain) Source() Source {
	var out Source
	var names []string
	for _, t := range c {
		s := t.Source()
		names = append(names, s.Name)
		if out.AsOf.IsZero() || !s.AsOf.IsZero() && s.AsOf.Before(out.AsOf) {
			out.AsOf = s.AsOf
		}
		out.Unsigned = out.Unsigned || s.Unsigned
		out.Asks = out.Asks || s.Asks
	}
	out.Name = strings.Join(names, ", ")
	return out
}
