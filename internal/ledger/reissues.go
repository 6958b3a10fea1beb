package ledger

import (
	"context"
	"errors"
	"fmt"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/internal/eventlog"
	"sijil/internal/vault"
)

// Reissue is one credential whose key was compromised.
type Reissue struct {
	award.Ref
	Credential domain.ID
	// KeyID is the compromised key.
	KeyID string
}

// ReissueDiploma awards the next edition of the diploma in the place of a credential whose key
// was compromised; another key signs it. The command derives from the credential, so that
// whoever repeats the drill, wherever it was interrupted, ends with one new edition. What the
// diploma says is what the old edition said. Refusals: those of an award, credential_superseded
// when it is done, credential_suspended, personal_data_erased.
func (l *Ledger) ReissueDiploma(ctx context.Context, act Act, institution domain.ID, r Reissue) (Awarded, error) {
	if _, err := l.Reach(ctx, act, institution); err != nil {
		return Awarded{}, err
	}
	stands, err := Load(ctx, l, award.Decider, r.Stream(), act)
	if err != nil {
		return Awarded{}, fmt.Errorf("loading an award: %w", err)
	}
	n := stands.State.Of(r.Credential)
	if ed, ok := stands.State.Edition(n); !ok || ed.Institution != institution {
		return Awarded{}, errNotFound()
	}
	was, err := l.Issued(ctx, act.Tenant, r.Ref, n)
	if errors.Is(err, vault.ErrErased) || errors.Is(err, vault.ErrNoKey) {
		return Awarded{}, domain.Refuse(domain.Conflict, "personal_data_erased", "the person's data was erased, and the diploma cannot name them any more")
	} else if err != nil {
		return Awarded{}, err
	}
	said, err := l.Claims(ctx, act.Tenant, was.Awarded)
	if err != nil {
		return Awarded{}, err
	}
	claims, err := domain.Conceal(r.Student, domain.ClassRegister, said)
	if err != nil {
		return Awarded{}, err
	}
	req := act.Request
	req.Client, req.Route, req.Key, req.Body = "reissue", "reissue "+r.KeyID, string(r.Credential), nil
	if act, err = l.Begin(ctx, req); err != nil {
		return Awarded{}, err
	}
	act = act.About(r.Student).Effective(string(was.Awarded.AwardDate))
	out, err := Execute(ctx, l, award.Decider, r.Stream(), act, func(ctx context.Context) (award.Command, []eventlog.Input, error) {
		e, inputs, err := l.awardEvidence(ctx, act, awarding{institution, r.Student, r.Program, was.Awarded.AwardDate, was.Awarded.Accreditation}, 0)
		return award.ReissueDiploma{
			AwardDiploma: award.AwardDiploma{Institution: institution, AwardDate: was.Awarded.AwardDate, Today: act.Today(), Evidence: e, Claims: claims},
			Credential:   r.Credential, KeyID: r.KeyID,
		}, inputs, err
	})
	return awarded(r.Ref, out, err)
}
