package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/domain/institution"
	"sijil/internal/eventlog"
)

// ReviewAward decides again about an award at its own place in the log (architecture
// decision 11): other streams can have moved between the evidence and the append. It answers
// the award's state, in which the edition is annulled when the rules say no. It is safe to
// repeat; an edition that is prepared is not reviewed any more.
func (l *Ledger) ReviewAward(ctx context.Context, act Act, ref award.Ref, d award.DiplomaAwarded, e eventlog.Recorded, meta eventlog.Meta) (award.State, error) {
	act.After = max(act.After, e.Position)
	stands, err := l.Award(ctx, act, ref)
	if err != nil {
		return stands.State, err
	}
	if ed, ok := stands.State.Edition(d.Edition); !ok || ed.Phase != award.Awarded {
		return stands.State, nil
	}
	moved, err := l.anyMoved(ctx, meta.Inputs, e.Position)
	if err != nil || !moved {
		return stands.State, err
	}
	a := awarding{d.Institution, ref.Student, ref.Program, d.AwardDate, d.Accreditation}
	out, err := Execute(ctx, l, award.Decider, ref.Stream(), act, func(ctx context.Context) (award.Command, []eventlog.Input, error) {
		evidence, inputs, err := l.awardEvidence(ctx, act, a, e.Position)
		if err != nil {
			return nil, nil, err
		}
		if same, err := l.achievedStill(ctx, act, a, d, evidence, e.Position); err != nil {
			return nil, nil, err
		} else if !same {
			evidence.Gaps = append(evidence.Gaps, "results_changed")
		}
		return award.ReviewAward{Edition: d.Edition, Day: domain.DateOf(meta.RecordedAt.Add(-appendTime)), Evidence: evidence}, inputs, nil
	})
	return out.State, err
}

// appendTime is how long an award may have been under way between its decision and its
// recording: a date that was just within the limit at midnight stays so.
const appendTime = retryPause << (maxAppends + 1)

// anyMoved reports whether one of the streams read may hold an event between the revision
// read and the position. True is not certain: the caller looks closer.
func (l *Ledger) anyMoved(ctx context.Context, inputs []eventlog.Input, before eventlog.Position) (bool, error) {
	for _, in := range inputs {
		if f, ok := l.folds.get(in.Stream); ok && uint64(before) <= l.followed.Load() {
			if f.revision != in.Revision {
				return true, nil
			}
			continue
		}
		head, err := l.log.Head(ctx, in.Stream)
		if err != nil {
			return false, fmt.Errorf("reading a stream's head: %w", err)
		}
		if head != in.Revision {
			return true, nil
		}
	}
	return len(inputs) == 0, nil // an award without inputs is none of ours: look closer
}

// PrepareCredential records what will be signed.
func (l *Ledger) PrepareCredential(ctx context.Context, act Act, ref award.Ref, c award.CredentialPrepared) (Outcome[award.State, award.Event], error) {
	return Execute(ctx, l, award.Decider, ref.Stream(), act, Just[award.Command](award.PrepareCredential{CredentialPrepared: c}))
}

// RecordSignature records the signed token. When it returns, the token may leave the house.
func (l *Ledger) RecordSignature(ctx context.Context, act Act, ref award.Ref, c award.CredentialSigned) (Outcome[award.State, award.Event], error) {
	return Execute(ctx, l, award.Decider, ref.Stream(), act, Just[award.Command](award.SignCredential{CredentialSigned: c}))
}

// Issued is a credential as the log holds it, opened.
type Issued struct {
	award.Ref
	Awarded  award.DiplomaAwarded
	Prepared award.CredentialPrepared
	Signed   award.CredentialSigned
	// Payload and Token are empty before the credential is prepared and signed.
	Payload, Token string
	// SignedAt is when the log took the signature.
	SignedAt time.Time
	// Forms are the credential's other forms, by format.
	Forms map[string]IssuedForm
	// State is the award's.
	State award.State
}

// Issued reads an edition of an award, with its payload and its token. not_found when there
// is no such edition in the tenant; vault.ErrErased when the register's key is gone.
func (l *Ledger) Issued(ctx context.Context, tenant domain.ID, ref award.Ref, edition int) (Issued, error) {
	c := Issued{Ref: ref}
	for e, err := range l.log.Read(ctx, ref.Stream(), 0) {
		if err != nil {
			return c, fmt.Errorf("reading an award: %w", err)
		}
		m, err := eventlog.DecodeMeta(e.Meta)
		if err != nil || domain.ID(m.Tenant) != tenant {
			return Issued{}, errors.Join(err, errNotFound())
		}
		fact, err := Decode(e)
		if err != nil {
			return c, err
		}
		f, ok := fact.(award.Event)
		if !ok {
			return c, fmt.Errorf("a %T stands in stream %s", fact, ref.Stream())
		}
		c.State = award.Decider.Evolve(c.State, f)
		switch f := f.(type) {
		case award.DiplomaAwarded:
			if f.Edition == edition {
				c.Awarded = f
			}
		case award.CredentialPrepared:
			if f.Edition == edition {
				c.Prepared = f
			}
		case award.CredentialSigned:
			if f.Edition == edition {
				c.Signed, c.SignedAt = f, m.RecordedAt
			}
		case award.FormPrepared:
			if f.Edition == edition {
				c.keepForm(f, m.RecordedAt)
			}
		case award.FormSigned:
			if f.Edition == edition {
				c.keepForm(f, m.RecordedAt)
			}
		}
	}
	if c.Awarded.Edition == 0 {
		return Issued{}, errNotFound()
	}
	var err error
	if c.Payload, err = l.OpenText(ctx, tenant, c.Prepared.Payload); err != nil {
		return c, err
	}
	c.Token, err = l.OpenText(ctx, tenant, c.Signed.Token)
	return c, err
}

// OpenText opens a sealed JSON string; "" when nothing is sealed.
func (l *Ledger) OpenText(ctx context.Context, tenant domain.ID, p domain.Private) (string, error) {
	if p.IsZero() {
		return "", nil
	}
	b, err := l.vault.OpenPrivate(ctx, tenant, p)
	if err != nil {
		return "", fmt.Errorf("opening a credential: %w", err)
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return "", errors.New("a sealed credential is not what its writer wrote")
	}
	return s, nil
}

// Claims opens what an award says about the person.
func (l *Ledger) Claims(ctx context.Context, tenant domain.ID, d award.DiplomaAwarded) (c award.Claims, err error) {
	b, err := l.vault.OpenPrivate(ctx, tenant, d.Claims)
	if err != nil {
		return c, fmt.Errorf("opening an award's claims: %w", err)
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, errors.New("an award's claims are not what their writer wrote")
	}
	return c, nil
}

// IssuingInstitution is an institution of any tenant: its name and its keys are public.
// not_found when there is none.
func (l *Ledger) IssuingInstitution(ctx context.Context, id domain.ID) (tenant domain.ID, s institution.State, err error) {
	if !id.Valid() {
		return "", s, errNotFound()
	}
	f, err := l.load(ctx, institution.Decider.Stream(id), 0, evolver(institution.Decider))
	if err != nil {
		return "", s, fmt.Errorf("loading an institution: %w", err)
	}
	s, _ = f.state.(institution.State)
	if !s.Registered {
		return "", s, errNotFound()
	}
	return f.tenant, s, nil
}
