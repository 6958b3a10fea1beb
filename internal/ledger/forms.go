package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sijil/domain"
	"sijil/domain/award"
)

// IssuedForm is how far one form of a credential has come; what is sealed in it is opened by
// [Ledger.FormContent] and [Ledger.OpenText].
type IssuedForm struct {
	Prepared award.FormPrepared
	// Signed is zero until the form is, SignedAt when the log took it.
	Signed   award.FormSigned
	SignedAt time.Time
}

// PrepareForm records what will be signed of a credential in another form.
func (l *Ledger) PrepareForm(ctx context.Context, act Act, ref award.Ref, f award.FormPrepared) (Outcome[award.State, award.Event], error) {
	return Execute(ctx, l, award.Decider, ref.Stream(), act, Just[award.Command](award.PrepareForm{FormPrepared: f}))
}

// RecordForm records a signed form. When it returns, the form that the log holds may leave the house.
func (l *Ledger) RecordForm(ctx context.Context, act Act, ref award.Ref, f award.FormSigned) (Outcome[award.State, award.Event], error) {
	return Execute(ctx, l, award.Decider, ref.Stream(), act, Just[award.Command](award.SignForm{FormSigned: f}))
}

// FormContent opens what is to be signed of a form.
func (l *Ledger) FormContent(ctx context.Context, tenant domain.ID, f award.FormPrepared) (c award.FormContent, err error) {
	b, err := l.vault.OpenPrivate(ctx, tenant, f.Content)
	if err != nil {
		return c, fmt.Errorf("opening a credential's form: %w", err)
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, errors.New("a sealed form is not what its writer wrote")
	}
	return c, nil
}

// keepForm notes a fact about a form.
func (c *Issued) keepForm(fact award.Event, at time.Time) {
	if c.Forms == nil {
		c.Forms = map[string]IssuedForm{}
	}
	switch f := fact.(type) {
	case award.FormPrepared:
		c.Forms[f.Format] = IssuedForm{Prepared: f}
	case award.FormSigned:
		form := c.Forms[f.Format]
		form.Signed, form.SignedAt = f, at
		c.Forms[f.Format] = form
	}
}
