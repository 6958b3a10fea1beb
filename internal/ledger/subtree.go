package ledger

import (
	"context"
	"fmt"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/internal/eventlog"
)

// maxDepth bounds the walk from an institution to the tenant's root. Two regions that
// were moved below each other at the same moment would otherwise be walked for ever.
const maxDepth = 16

// Institution is an institution of the act's tenant as it stands; Exists is false for a
// foreign one too.
func (l *Ledger) Institution(ctx context.Context, act Act, id domain.ID) (Loaded[institution.State], error) {
	stream := institution.Decider.Stream(id)
	if !id.Valid() {
		return Loaded[institution.State]{Stream: stream, Revision: eventlog.NoStream}, nil
	}
	in, err := Load(ctx, l, institution.Decider, stream, act)
	if err != nil {
		return in, fmt.Errorf("loading an institution: %w", err)
	}
	return in, nil
}

// Ancestors are the institutions above id as the tree stands today, nearest first, id not
// among them. An institution that begins later stands where it will begin.
func (l *Ledger) Ancestors(ctx context.Context, act Act, id domain.ID) ([]domain.ID, error) {
	var above []domain.ID
	for range maxDepth {
		in, err := l.Institution(ctx, act, id)
		if err != nil {
			return nil, err
		}
		id = in.State.ParentOn(max(act.Today(), in.State.BeginDate))
		if id == "" {
			break
		}
		above = append(above, id)
	}
	return above, nil
}

// Within reports whether inner is outer, or stands somewhere below it today.
func (l *Ledger) Within(ctx context.Context, act Act, inner, outer domain.ID) (bool, error) {
	if inner == outer {
		return true, nil
	}
	for range maxDepth {
		in, err := l.Institution(ctx, act, inner)
		if err != nil {
			return false, err
		}
		inner = in.State.ParentOn(max(act.Today(), in.State.BeginDate))
		if inner == outer && inner != "" {
			return true, nil
		}
		if inner == "" {
			break
		}
	}
	return false, nil
}

// Reach loads an institution that the acting one may decide for: itself, or one below it.
// Any other is refused as not_found, whether it exists or not.
func (l *Ledger) Reach(ctx context.Context, act Act, id domain.ID) (Loaded[institution.State], error) {
	in, err := l.Institution(ctx, act, id)
	if err != nil {
		return in, err
	}
	within, err := l.Within(ctx, act, id, act.Institution)
	if err != nil {
		return in, err
	}
	if !in.Exists() || !within {
		return in, errNotFound()
	}
	return in, nil
}

// ReachAbove is Reach for what an institution does not decide about itself: the acting one
// stands above it, or is the tenant's root. Forbidden (not_the_authority) for one's own.
func (l *Ledger) ReachAbove(ctx context.Context, act Act, id domain.ID) (Loaded[institution.State], error) {
	in, err := l.Reach(ctx, act, id)
	if err != nil {
		return in, err
	}
	if id == act.Institution && id != act.Tenant {
		return in, domain.Refuse(domain.Forbidden, "not_the_authority", "only an authority above the institution decides this")
	}
	return in, nil
}

// Offers reports whether what owner defined (a course, a program, a scheme, a plan) may be
// used by user: it is its own, or defined by an authority above it.
func (l *Ledger) Offers(ctx context.Context, act Act, owner, user domain.ID) (bool, error) {
	return l.Within(ctx, act, user, owner)
}
