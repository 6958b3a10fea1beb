package verifier

import (
	"context"
	"slices"
	"time"

	"sijil/verifier/credential"
)

// maxAge is how old a demanded holder's proof may be where nobody says otherwise.
const maxAge = 10 * time.Minute

// readPresentation reads a presentation and asks whether its signer is the holder it names.
func (c *check) readPresentation() bool {
	l := &c.verdict.Lines
	root, refusal := c.form.Payload()
	if refusal == nil {
		c.shown, refusal = credential.ReadPresentation(c.form.Format, root)
	}
	if refusal != nil {
		l.IssuerKey = Line{}
		c.refuse(refusal)
		return false
	}
	l.Integrity = Line{Answer: True}
	c.warn(c.form.Warnings...)
	c.warn(c.shown.Warnings...)
	if c.form.Format == credential.FormatLegacy {
		c.warn("legacy_format")
	}
	for _, k := range c.keys {
		if !c.unowned && c.shown.Holder != "" && c.shown.Holder != k.Issuer || k.Issuer != c.keys[0].Issuer {
			l.IssuerKey = c.line(False, KeyNotForIssuer, time.Time{})
			return false
		}
	}
	c.verdict.Holder = c.keys[0].Issuer
	return true
}

// presented fills the lines of a presentation. Its key shows control and need not be
// anybody's whom we know; its credentials have lines of their own.
func (c *check) presented() {
	l := &c.verdict.Lines
	c.holderLife()
	l.Time = c.span(c.shown.Times)
	for _, n := range []*Line{&l.Accreditation, &l.Status, &l.Anchoring} {
		*n = Line{Answer: Unchecked, Reason: NotApplicable}
	}
	if len(c.shown.Items) == 0 && !c.options.ProofOnly {
		l.Status = Line{Answer: Unchecked, Reason: NoCredential}
	}
	said := c.shown.Binding
	for i := range c.form.Proofs {
		if p := &c.form.Proofs[i]; c.form.Format != credential.FormatVP && c.form.Format != credential.FormatSDVP && c.form.Format != credential.FormatLegacy {
			said = p.Binding
		}
		c.bound(said)
	}
	if !c.options.demanded() {
		c.warn("not_challenged")
	}
}

// holderLife asks whether the holder's keys are good now: presentations are made to be
// looked at, and no ledger records them.
func (c *check) holderLife() {
	if c.unowned {
		return
	}
	at, l := c.verdict.At, c.line(True, "", time.Time{})
	for _, k := range c.keys {
		switch {
		case !k.CompromisedAt.IsZero():
			l = c.line(False, KeyCompromised, k.CompromisedAt.Time)
		case at.Before(k.ValidFrom.Time) || !k.ValidTo.IsZero() && !at.Before(k.ValidTo.Time):
			l = c.line(False, KeyNotValidThen, k.ValidTo.Time)
		case l.Answer == True && !k.VouchedUntil.IsZero() && !at.Before(k.VouchedUntil):
			l = c.line(Unchecked, TrustStale, k.VouchedUntil)
		}
	}
	c.verdict.Lines.IssuerKey = l
}

// holder asks for what was demanded of a credential's holder: its own key binding, since
// it came without a presentation around it.
func (c *check) holder() {
	switch h := c.form.Holder; {
	case h != nil:
		if refusal := h.Verify(); refusal != nil {
			c.refuse(refusal)
			return
		}
		c.bound(h.Binding)
	case c.options.demanded():
		c.verdict.Lines.Integrity = Line{Answer: False, Reason: HolderProofRequired}
	}
}

// bound asks whether a holder's proof was made for this request.
func (c *check) bound(said credential.Binding) {
	o, at := c.options, c.verdict.At
	if !o.demanded() {
		return
	}
	age := o.MaxAge
	if age == 0 {
		age = maxAge
	}
	wrong := ""
	switch {
	case o.Challenge != "" && said.Challenge != o.Challenge:
		wrong = "the holder's proof was made for another challenge"
	case o.Domain != "" && !slices.Contains(said.Audience, o.Domain):
		wrong = "the holder's proof was made for another audience"
	case !said.Created.IsZero() && said.Created.Before(at.Add(-age)):
		wrong = "the holder's proof is too old"
	case said.Created.After(at.Add(clockSkew)):
		wrong = "the holder's proof is from the future"
	case said.Created.IsZero() && o.Challenge == "":
		wrong = "the holder's proof says neither when nor for which challenge it was made"
	}
	if wrong != "" {
		c.refuse(credential.Refuse(credential.BadHolderProof, "%s", wrong))
	}
}

// items judges each credential within, by the same function.
func (c *check) items(ctx context.Context, items []credential.Value) {
	for _, v := range items {
		if *c.left--; *c.left < 0 || c.nested >= maxNested {
			c.refuse(credential.Refuse(TooManyItems, "more than %d credentials within, or more than %d deep", maxItems, maxNested))
			return
		}
		item := check{
			source: c.source, asOf: c.asOf,
			trust: c.trust, left: c.left, telling: c.telling, nested: c.nested + 1, verdict: Verdict{At: c.verdict.At},
			options: Options{ProofOnly: c.options.ProofOnly},
		}
		item.form, item.refusal = parseItem(v, c.texts())
		if item.refusal == nil && item.form.Bound != nil {
			item.form.Bound(c.telling)
		}
		if item.refusal == nil && isPresentation(item.form) {
			item.refusal = credential.Refuse(credential.WrongType, "a presentation stands where a credential should")
		}
		verdict := item.judge(ctx)
		if c.presentation && verdict.Credential != nil && !item.about(c.verdict.Holder) {
			verdict.Warnings = append(verdict.Warnings, "holder_is_not_subject")
		}
		c.verdict.Items = append(c.verdict.Items, verdict)
	}
}

// texts: the older data model and CLR carry tokens as plain texts.
func (c *check) texts() bool {
	return !c.presentation || c.form.Format == credential.FormatLegacy
}

// about reports whether the credential's subject is that holder.
func (c *check) about(holder string) bool {
	id, _ := c.cred.Subject.Get("id").Text()
	if sub, ok := c.root.Get("sub").Text(); ok && id == "" {
		id = sub
	}
	return holder != "" && id == holder
}
