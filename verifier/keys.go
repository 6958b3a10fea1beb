package verifier

import (
	"context"
	"errors"
	"strings"
	"time"

	"sijil/verifier/credential"
	"sijil/verifier/did"
)

// proofs finds the key of every proof and checks the signature with it.
func (c *check) proofs(ctx context.Context) bool {
	c.verdict.Format = c.form.Format
	want, purpose := credential.AssertionMethod, did.ForCredentials
	if c.presentation = isPresentation(c.form); c.presentation {
		want, purpose = credential.Authentication, did.ForAuthentication
	}
	c.keys = make([]OwnedKey, 0, 1)
	for i := range c.form.Proofs {
		p := &c.form.Proofs[i]
		if !c.find(ctx, p, purpose) {
			return false
		}
		key := &c.keys[i]
		if key.Purpose != purpose || p.Purpose != want {
			c.verdict.Lines.IssuerKey = c.line(False, KeyWrongPurpose, time.Time{})
			return false
		}
		if refusal := p.Verify(key.Public(), key.Alg()); refusal != nil {
			c.refuse(refusal)
			return false
		}
	}
	return len(c.keys) > 0
}

// isPresentation: a JWS is one by its typ, others only by what they hold.
func isPresentation(form *credential.Secured) bool {
	switch form.Format {
	case credential.FormatVC, credential.FormatVP, credential.FormatSDVP, credential.FormatOpenBadge, credential.FormatSDVC, credential.FormatSDJWT:
		return form.Format == credential.FormatVP || form.Format == credential.FormatSDVP
	}
	root, refusal := form.Payload()
	return refusal == nil && credential.IsPresentation(form.Format, root)
}

// find adds the key of a proof: from the trust, else from a DID that is its own key, else
// from the form itself, which shows nothing about whose it is.
func (c *check) find(ctx context.Context, p *credential.Proof, purpose did.Purpose) bool {
	kid := p.Kid
	if kid == "" && c.form.Format == credential.FormatLegacy { // iss may be the key itself
		kid = c.keyOfClaimed()
	}
	keys, err := c.trust.Keys(ctx, kid)
	if err == nil && len(keys) > 0 {
		c.keys = append(c.keys, c.pick(keys, purpose))
		return true
	}
	if id, key, e := did.SelfCertified(kid, purpose); e == nil {
		c.keys = append(c.keys, OwnedKey{Issuer: id, Key: key})
		return true
	}
	if key, ok := ownKey(p, purpose); ok && !errors.Is(err, ErrUnreachable) {
		c.unowned = true
		c.verdict.Lines.IssuerKey = c.line(Unchecked, NotAuthenticated, time.Time{})
		c.keys = append(c.keys, OwnedKey{Key: key})
		return true
	}
	reason := UnknownKey
	if _, _, isDID := did.Split(kid); isDID {
		reason = UnknownIssuer
	}
	if errors.Is(err, ErrUnreachable) {
		reason = IssuerUnreachable
	}
	// Without the key nothing can be said of the signature either.
	c.verdict.Lines.IssuerKey = c.line(Unchecked, reason, time.Time{})
	c.verdict.Lines.Integrity = Line{Answer: Unchecked, Reason: reason}
	return false
}

// keyOfClaimed is the DID URL of the one key of an issuer that is a key.
func (c *check) keyOfClaimed() string {
	root, refusal := c.form.Payload()
	if refusal != nil {
		return ""
	}
	id, refusal := claimed(c.form.Format, root)
	switch {
	case refusal != nil:
		return ""
	case strings.HasPrefix(id, "did:key:"):
		return id + "#" + strings.TrimPrefix(id, "did:key:")
	case strings.HasPrefix(id, "did:jwk:"):
		return id + "#0"
	}
	return ""
}

// ownKey is a key that the proof brings itself: in its header, or in the fragment of a URL.
func ownKey(p *credential.Proof, purpose did.Purpose) (did.Key, bool) {
	pub := p.Key
	if pub == nil {
		url, fragment, _ := strings.Cut(p.Kid, "#")
		if !strings.HasPrefix(url, "https://") {
			return did.Key{}, false
		}
		var err error
		if pub, err = did.ParseMultikey(fragment); err != nil {
			return did.Key{}, false
		}
	}
	key, err := did.NewKey(pub, "its own", purpose, time.Time{})
	return key, err == nil
}

// pick chooses among the keys that several issuers have under one kid, or one for several
// purposes, by the issuer that the payload claims. It is only a claim: whether it owns the
// key is checked afterwards.
func (c *check) pick(keys []OwnedKey, purpose did.Purpose) OwnedKey {
	if len(keys) == 1 {
		return keys[0]
	}
	id := ""
	if root, refusal := c.form.Payload(); refusal == nil {
		id, _ = claimed(c.form.Format, root)
	}
	best, most := keys[0], -1
	for _, k := range keys {
		fits := 0
		if k.Issuer == id {
			fits += 2
		}
		if k.Purpose == purpose {
			fits++
		}
		if fits > most {
			best, most = k, fits
		}
	}
	return best
}

// owned asks whether every key is the issuer's, and who that is. False ends the check; an
// issuer that nobody here knows does not.
func (c *check) owned(ctx context.Context, id string) bool {
	l := &c.verdict.Lines
	for _, k := range c.keys {
		if !c.unowned && id != k.Issuer {
			l.IssuerKey = c.line(False, KeyNotForIssuer, time.Time{})
			return false
		}
	}
	if c.unowned { // it would lend a stranger's words the name of whom they claim to be from
		c.issuer = Issuer{ID: id}
		return true
	}
	issuer, err := c.trust.Issuer(ctx, id)
	c.issuer = issuer
	switch {
	case err == nil:
	case c.options.ProofOnly && did.IsSelfCertified(id):
		c.issuer = Issuer{ID: id}
	default:
		reason := UnknownIssuer
		if errors.Is(err, ErrUnreachable) {
			reason = IssuerUnreachable
		}
		c.unowned = true
		l.IssuerKey = c.line(Unchecked, reason, time.Time{})
	}
	return true
}

// life asks whether the keys were good when they signed; the worst answer counts.
func (c *check) life() {
	if c.unowned {
		return
	}
	l := &c.verdict.Lines.IssuerKey
	for i := range c.keys {
		line := c.lifeOf(&c.keys[i])
		if until := c.keys[i].VouchedUntil; line.Answer == True && !until.IsZero() && !c.verdict.At.Before(until) {
			line = c.line(Unchecked, TrustStale, until)
		}
		if i == 0 || worse(line.Answer, l.Answer) {
			*l = line
		}
	}
}

// lifeOf asks about one key. A thief can claim any date, so what counts is when the ledger
// recorded the credential; only a key still in use may do without a record.
func (c *check) lifeOf(k *OwnedKey) Line {
	at := c.verdict.At
	within := func(t time.Time) bool {
		return !t.Before(k.ValidFrom.Time) && (k.ValidTo.IsZero() || t.Before(k.ValidTo.Time))
	}
	retired := !k.ValidTo.IsZero() && !at.Before(k.ValidTo.Time)
	compromised := !k.CompromisedAt.IsZero()
	switch {
	case c.record != nil && compromised && !c.record.RecordedAt.Before(k.CompromisedAt.Time):
		return c.line(False, KeyCompromised, k.CompromisedAt.Time)
	case c.record != nil && !within(c.record.RecordedAt):
		return c.line(False, KeyNotValidThen, c.record.RecordedAt)
	case c.record != nil:
		return c.line(True, "", c.record.RecordedAt)
	case compromised && !errors.Is(c.recordErr, ErrUnknown):
		return c.line(Unchecked, NotRecorded, k.CompromisedAt.Time) // nobody here can tell
	case compromised && c.verdict.Lines.Anchoring.Answer != False:
		return c.line(False, KeyCompromised, k.CompromisedAt.Time)
	case compromised:
		return c.line(Unchecked, NotRecorded, k.CompromisedAt.Time)
	case retired && !c.times.ValidFrom.IsZero() && !within(c.times.ValidFrom):
		return c.line(False, KeyNotValidThen, k.ValidTo.Time)
	case retired:
		return c.line(Unchecked, NotRecorded, k.ValidTo.Time)
	case at.Before(k.ValidFrom.Time):
		return c.line(False, KeyNotValidThen, k.ValidFrom.Time)
	}
	return c.line(True, "", k.ValidFrom.Time)
}
