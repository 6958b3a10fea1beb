package ledger

import (
	"context"
	"time"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/internal/eventlog"
)

// KeyChange is what a use case about an institution's signing keys answers.
type KeyChange struct {
	Institution domain.ID
	Proposal    domain.ID
	// LapsesAt is when a proposal can no longer be approved; zero for a decision.
	LapsesAt time.Time
	Position eventlog.Position
	Replayed bool
}

// ProposeSigningKey asks to let an institution sign with a key. Itself or an authority above
// proposes, as every change of keys, and another officer of either approves. Refusals:
// not_found out of reach, and those of [institution.Decider].
func (l *Ledger) ProposeSigningKey(ctx context.Context, act Act, id domain.ID, key institution.AuthorizeKey) (KeyChange, error) {
	return l.proposeKeyChange(ctx, act.Effective(instant(key.ValidFrom)), id, institution.ProposeKeyChange{Authorize: key})
}

// ProposeKeyRotation asks for a key in the place of another, which ends at until, or when it is
// approved if until is zero.
func (l *Ledger) ProposeKeyRotation(ctx context.Context, act Act, id domain.ID, key institution.AuthorizeKey, kid string, until time.Time) (KeyChange, error) {
	return l.proposeKeyChange(ctx, act.Effective(instant(key.ValidFrom)), id, institution.ProposeKeyChange{
		Authorize: key, Retire: institution.RetireKey{Kid: kid, ValidUntil: until},
	})
}

// ProposeKeyRetirement asks to end the use of a key at until, or when it is approved.
func (l *Ledger) ProposeKeyRetirement(ctx context.Context, act Act, id domain.ID, kid string, until time.Time) (KeyChange, error) {
	return l.proposeKeyChange(ctx, act.Effective(instant(until)), id, institution.ProposeKeyChange{
		Retire: institution.RetireKey{Kid: kid, ValidUntil: until},
	})
}

// ReportKeyCompromise says since when somebody else may hold a key. A credential key signs
// nothing from now on; when another officer approves, credentials that were recorded
// before that instant stand and no others.
func (l *Ledger) ReportKeyCompromise(ctx context.Context, act Act, id domain.ID, kid string, since time.Time) (KeyChange, error) {
	return l.proposeKeyChange(ctx, act.Effective(instant(since)), id, institution.ProposeKeyChange{
		Compromise: institution.CompromiseKey{Kid: kid, CompromisedAt: since},
	})
}

func (l *Ledger) proposeKeyChange(ctx context.Context, act Act, id domain.ID, cmd institution.ProposeKeyChange) (KeyChange, error) {
	cmd.Proposal, cmd.By, cmd.Now = act.ID("signing key change"), officer(act, id), act.At
	return l.onKeys(ctx, act, id, cmd)
}

// ApproveKeyChange is the second officer's half of a change of signing keys; it makes it.
// Refusals: needs_second_approval for the officer who proposed it, proposal_lapsed.
func (l *Ledger) ApproveKeyChange(ctx context.Context, act Act, id, proposal domain.ID) (KeyChange, error) {
	return l.onKeys(ctx, act, id, institution.ApproveKeyChange{Proposal: proposal, By: officer(act, id), Now: act.At})
}

// RejectKeyChange ends a proposal without a change.
func (l *Ledger) RejectKeyChange(ctx context.Context, act Act, id, proposal domain.ID) (KeyChange, error) {
	return l.onKeys(ctx, act, id, institution.RejectKeyChange{Proposal: proposal, By: officer(act, id)})
}

// officer is who decides: the token's subject, whomever they say they act for.
func officer(act Act, id domain.ID) institution.Officer {
	return institution.Officer{Subject: act.Actor, Institution: act.Institution, Above: act.Institution != id || id == act.Tenant}
}

func (l *Ledger) onKeys(ctx context.Context, act Act, id domain.ID, cmd institution.Command) (KeyChange, error) {
	out, err := Execute(ctx, l, institution.Decider, institution.Decider.Stream(id), act, func(ctx context.Context) (institution.Command, []eventlog.Input, error) {
		_, err := l.Reach(ctx, act, id)
		return cmd, nil, err
	})
	if err != nil {
		return KeyChange{}, err
	}
	change := KeyChange{Institution: id, Position: out.Position, Replayed: out.Replayed}
	for _, f := range out.Facts {
		switch f := f.(type) {
		case institution.SigningKeyChangeProposed:
			change.Proposal, change.LapsesAt = f.Proposal, f.LapsesAt
		case institution.SigningKeyChangeRejected:
			change.Proposal = f.Proposal
		case institution.SigningKeyAuthorized:
			change.Proposal = f.Proposal
		case institution.SigningKeyRetired:
			change.Proposal = f.Proposal
		case institution.SigningKeyCompromised:
			change.Proposal = f.Proposal
		}
	}
	return change, nil
}

// instant is the envelope's form of a time; empty for none.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
