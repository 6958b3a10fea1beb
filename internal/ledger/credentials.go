package ledger

import (
	"context"
	"fmt"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/internal/eventlog"
)

// CredentialChanged is what a use case about a signed credential answers.
type CredentialChanged struct {
	award.Ref
	Credential domain.ID
	Edition    int
	// Revocation is the proposal's id, for revocations.
	Revocation domain.ID
	Position   eventlog.Position
	Replayed   bool
}

// SuspendCredential stops a credential until it is reinstated. The awarding institution
// does it, or an authority above.
func (l *Ledger) SuspendCredential(ctx context.Context, act Act, ref award.Ref, credential domain.ID, why award.ReasonClass) (CredentialChanged, error) {
	return l.changeCredential(ctx, act, ref, credential, award.SuspendCredential{Credential: credential, Reason: why, Authority: act.Institution})
}

// ReinstateCredential ends a suspension.
func (l *Ledger) ReinstateCredential(ctx context.Context, act Act, ref award.Ref, credential domain.ID) (CredentialChanged, error) {
	return l.changeCredential(ctx, act, ref, credential, award.ReinstateCredential{Credential: credential, Authority: act.Institution})
}

// ProposeRevocation is the first half of a revocation; effectiveAt empty means today.
func (l *Ledger) ProposeRevocation(ctx context.Context, act Act, ref award.Ref, credential domain.ID, why award.ReasonClass, effectiveAt domain.Date) (CredentialChanged, error) {
	if effectiveAt == "" {
		effectiveAt = act.Today()
	}
	act = act.Effective(string(effectiveAt))
	return l.changeCredential(ctx, act, ref, credential, award.ProposeRevocation{
		Revocation: act.ID("revocation"), Credential: credential, Reason: why, Authority: act.Institution,
		EffectiveAt: effectiveAt, Today: act.Today(), By: act.Actor,
	})
}

// ApproveRevocation is the second half, by another token subject. It is final.
func (l *Ledger) ApproveRevocation(ctx context.Context, act Act, ref award.Ref, credential, revocation domain.ID) (CredentialChanged, error) {
	return l.changeCredential(ctx, act, ref, credential, award.ApproveRevocation{Revocation: revocation, By: act.Actor})
}

func (l *Ledger) changeCredential(ctx context.Context, act Act, ref award.Ref, credential domain.ID, cmd award.Command) (CredentialChanged, error) {
	changed := CredentialChanged{Ref: ref, Credential: credential}
	// The body names no person, so its hash is the tenant's: a diploma can be revoked after
	// its holder's record was erased.
	stands, err := Load(ctx, l, award.Decider, ref.Stream(), act)
	if err != nil {
		return changed, fmt.Errorf("loading an award: %w", err)
	}
	changed.Edition = stands.State.Of(credential)
	ed, ok := stands.State.Edition(changed.Edition)
	if !ok {
		return changed, errNotFound()
	}
	if governs, err := l.Within(ctx, act, ed.Institution, act.Institution); err != nil {
		return changed, err
	} else if !governs {
		return changed, errNotFound()
	}
	out, err := Execute(ctx, l, award.Decider, ref.Stream(), act, Just(cmd))
	if err != nil {
		return changed, err
	}
	for _, f := range out.Facts {
		switch f := f.(type) {
		case award.RevocationProposed:
			changed.Revocation = f.Revocation
		case award.CredentialRevoked:
			changed.Revocation = f.Revocation
		}
	}
	changed.Position, changed.Replayed = out.Position, out.Replayed
	return changed, nil
}

// Award is an award as it stands, for who holds its stream's name.
func (l *Ledger) Award(ctx context.Context, act Act, ref award.Ref) (Loaded[award.State], error) {
	a, err := Load(ctx, l, award.Decider, ref.Stream(), act)
	if err != nil {
		return a, fmt.Errorf("loading an award: %w", err)
	}
	return a, nil
}
