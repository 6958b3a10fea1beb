// Package verifier answers whether a diploma holds: one strict function, [Verify], that
// knows no clock, no network and no key of its own, and answers in separate lines that are
// true, false or "could not check". An employer can vendor it; the issuer lints with it
// before signing.
package verifier

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"sijil/verifier/credential"
	"sijil/verifier/did"
)

//go:generate go test -run ^TestVerdictsAreDocumented$ . -update

// clockSkew is by how much an issuer's clock may run ahead of ours where nothing depends
// on the second: the time of signing and the start of a status list.
const clockSkew = time.Minute

// Verify judges a token at a time. It does what credentials need in a fixed order, so that
// the same token gets the same reason everywhere: form, header, key, signature, payload,
// owner of the key, shape, then (each whatever the others say) time, ledger, life of the
// key, every status entry, accreditation. White space around the token is dropped.
//
// Nothing is fetched before the signature holds, but for the keys of registered issuers
// (see [Trust]). ctx bounds what the Trust does.
func Verify(ctx context.Context, token []byte, trust Trust, at time.Time) Verdict {
	c := check{trust: trust, verdict: Verdict{At: at}}
	if trust.Source().Unsigned {
		c.verdict.Warnings = []string{"unsigned_bundle"}
	}
	if refusal := c.form(token); refusal != nil {
		c.refuse(refusal)
	} else if c.signature(ctx) && c.payload(ctx) {
		c.time()
		c.anchoring(ctx)
		c.life()
		c.status(ctx)
		c.accreditation()
	}
	c.verdict.settle()
	return c.verdict
}

// check is one verification under way.
type check struct {
	trust   Trust
	verdict Verdict

	token *credential.Token
	key   OwnedKey
	root  credential.Value
	// parsed: root is the payload, or refusal why it is not.
	parsed  bool
	refusal *credential.Refusal

	issuer Issuer
	cred   credential.Credential
	times  credential.Times
	record *Record // what the ledger recorded, if its digest is the payload's
	// recordErr: why there is no record.
	recordErr error
}

// line answers with what this trust knows.
func (c *check) line(a Answer, reason credential.Reason, moment time.Time) Line {
	s := c.trust.Source()
	return Line{Answer: a, Reason: reason, Source: s.Name, AsOf: given(s.AsOf), Time: given(moment)}
}

func given(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (c *check) refuse(r *credential.Refusal) {
	c.verdict.Detail = r.Detail
	answer := False
	if r.Reason == credential.Unsupported {
		answer = Unchecked // it may well be good, but not by us to say
	}
	c.verdict.Lines.Integrity = Line{Answer: answer, Reason: r.Reason}
}

func trim(token []byte) []byte { return bytes.Trim(token, " \t\r\n") }

func (c *check) form(token []byte) (refusal *credential.Refusal) {
	token = trim(token)
	if len(token) <= credential.MaxToken {
		if refusal := otherFormat(token); refusal != nil {
			return refusal
		}
	}
	c.token, refusal = credential.ParseToken(token, credential.MaxToken)
	return refusal
}

// signature finds the key and checks the signature with it.
func (c *check) signature(ctx context.Context) bool {
	l := &c.verdict.Lines
	keys, err := c.trust.Keys(ctx, c.token.Kid)
	if err != nil || len(keys) == 0 {
		reason := UnknownKey
		if _, _, isDID := did.Split(c.token.Kid); isDID {
			reason = UnknownIssuer
		}
		if errors.Is(err, ErrUnreachable) {
			reason = IssuerUnreachable
		}
		// Without the key nothing can be said of the signature either.
		l.IssuerKey = c.line(Unchecked, reason, time.Time{})
		l.Integrity = Line{Answer: Unchecked, Reason: reason}
		return false
	}
	c.key = c.pick(keys)
	if c.key.Purpose != did.ForCredentials {
		l.IssuerKey = c.line(False, KeyWrongPurpose, time.Time{})
		return false
	}
	if refusal := c.token.Verify(c.key.Public(), c.key.Alg()); refusal != nil {
		c.refuse(refusal)
		return false
	}
	return true
}

// pick chooses among the keys that several issuers have under one kid by the issuer that
// the payload claims. It is only a claim: whether it owns the key is checked afterwards.
func (c *check) pick(keys []OwnedKey) OwnedKey {
	if len(keys) == 1 {
		return keys[0]
	}
	if c.parse(); c.refusal == nil {
		if claimed, refusal := credential.ReadIssuer(c.root); refusal == nil {
			for _, k := range keys {
				if k.Issuer == claimed {
					return k
				}
			}
		}
	}
	return keys[0]
}

func (c *check) parse() {
	if !c.parsed {
		c.root, c.refusal = credential.ParseJSON(c.token.Payload)
		c.parsed = true
	}
}

// payload reads what was signed and asks whether the signer may speak for the issuer.
func (c *check) payload(ctx context.Context) bool {
	l := &c.verdict.Lines
	if c.parse(); c.refusal != nil {
		c.refuse(c.refusal)
		return false
	}
	id, refusal := credential.ReadIssuer(c.root)
	if refusal != nil {
		c.refuse(refusal)
		return false
	}
	if id != c.key.Issuer {
		l.Integrity = Line{Answer: True}
		l.IssuerKey = c.line(False, KeyNotForIssuer, time.Time{})
		return false
	}
	issuer, err := c.trust.Issuer(ctx, id)
	if err != nil {
		l.Integrity = Line{Answer: True}
		reason := UnknownIssuer
		if errors.Is(err, ErrUnreachable) {
			reason = IssuerUnreachable
		}
		l.IssuerKey = c.line(Unchecked, reason, time.Time{})
		return false
	}
	c.issuer = issuer
	if c.cred, refusal = credential.ReadShape(c.root); refusal != nil {
		c.refuse(refusal)
		return false
	}
	l.Integrity = Line{Answer: True}
	c.verdict.Warnings = append(c.verdict.Warnings, c.cred.Warnings...)
	c.verdict.Credential = c.content()
	return true
}

// time asks whether the evaluation time lies in the credential's validity, whose end is
// not part of it (RFC 7519 §4.1.4). There is no leeway.
func (c *check) time() {
	times, refusal := credential.ReadTimes(c.root)
	if refusal != nil {
		c.verdict.Lines.Time = Line{Answer: False, Reason: credential.BadTime}
		c.verdict.Detail = refusal.Detail
		return
	}
	c.times = times
	content := c.verdict.Credential
	content.ValidFrom, content.ValidUntil = given(times.Start()), given(times.End())
	at, l := c.verdict.At, Line{Answer: True, Time: given(times.End())}
	switch {
	case at.Before(times.Start()):
		l = Line{Answer: False, Reason: NotYetValid, Time: given(times.Start())}
	case times.IssuedAt.After(at.Add(clockSkew)):
		l = Line{Answer: False, Reason: NotYetValid, Time: given(times.IssuedAt)}
	case !times.End().IsZero() && !at.Before(times.End()):
		l = Line{Answer: False, Reason: Expired, Time: given(times.End())}
	}
	c.verdict.Lines.Time = l
}

// anchoring asks whether the ledger recorded this content. That it has another content
// under the same id is a forgery even if the signature holds.
func (c *check) anchoring(ctx context.Context) {
	rec, err := Record{}, ErrUnknown
	if c.cred.ID != "" {
		rec, err = c.trust.Record(ctx, c.cred.Issuer, c.cred.ID)
	}
	switch {
	case err != nil:
		c.recordErr = err
		c.verdict.Lines.Anchoring = c.line(Unchecked, NotAnchored, time.Time{})
	case rec.PayloadSHA256 != sha256.Sum256(c.token.Payload):
		c.recordErr = ErrUnknown
		c.verdict.Lines.Anchoring = c.line(False, LedgerMismatch, rec.RecordedAt)
	default:
		c.record = &rec
		c.verdict.Credential.RecordedAt = given(rec.RecordedAt)
		c.verdict.Lines.Anchoring = c.line(True, "", rec.RecordedAt)
	}
}

// life asks whether the key was good when it signed. A thief can claim any date, so what
// counts is when the ledger recorded the credential; only a key still in use may do
// without a record.
func (c *check) life() {
	k, at := c.key, c.verdict.At
	answer := func(a Answer, r credential.Reason, moment time.Time) {
		c.verdict.Lines.IssuerKey = c.line(a, r, moment)
	}
	within := func(t time.Time) bool {
		return !t.Before(k.ValidFrom.Time) && (k.ValidTo.IsZero() || t.Before(k.ValidTo.Time))
	}
	retired := !k.ValidTo.IsZero() && !at.Before(k.ValidTo.Time)
	compromised := !k.CompromisedAt.IsZero()
	switch {
	case c.record != nil && compromised && !c.record.RecordedAt.Before(k.CompromisedAt.Time):
		answer(False, KeyCompromised, k.CompromisedAt.Time)
	case c.record != nil && !within(c.record.RecordedAt):
		answer(False, KeyNotValidThen, c.record.RecordedAt)
	case c.record != nil:
		answer(True, "", c.record.RecordedAt)
	case compromised && !errors.Is(c.recordErr, ErrUnknown):
		answer(Unchecked, NotRecorded, k.CompromisedAt.Time) // nobody here can tell
	case compromised && c.verdict.Lines.Anchoring.Answer != False:
		answer(False, KeyCompromised, k.CompromisedAt.Time)
	case compromised:
		answer(Unchecked, NotRecorded, k.CompromisedAt.Time)
	case retired && !c.times.ValidFrom.IsZero() && !within(c.times.ValidFrom):
		answer(False, KeyNotValidThen, k.ValidTo.Time)
	case retired:
		answer(Unchecked, NotRecorded, k.ValidTo.Time)
	case at.Before(k.ValidFrom.Time):
		answer(False, KeyNotValidThen, k.ValidFrom.Time)
	default:
		answer(True, "", k.ValidFrom.Time)
	}
	if until := k.VouchedUntil; c.verdict.Lines.IssuerKey.Answer == True && !until.IsZero() && !at.Before(until) {
		answer(Unchecked, TrustStale, until)
	}
}

// accreditation asks whether the issuer was accredited on the award date, where the trust
// says anything about that.
func (c *check) accreditation() {
	l := &c.verdict.Lines
	award := c.times.ValidFrom
	if c.verdict.Credential.AwardedAt != nil {
		award = *c.verdict.Credential.AwardedAt
	}
	if c.issuer.Accreditations == nil || award.IsZero() {
		l.Accreditation = c.line(Unchecked, AccreditationUnknown, time.Time{})
		return
	}
	achievement, _ := c.cred.Subject.Get("achievement").Get("id").Text()
	for _, a := range c.issuer.Accreditations {
		if a.Covers(achievement, award) {
			l.Accreditation = c.line(True, "", award)
			return
		}
	}
	if asOf := c.trust.Source().AsOf; !asOf.IsZero() && (award.After(asOf) || c.times.ValidFrom.After(asOf)) {
		// The source is from before the credential: the accreditation can have been granted since.
		l.Accreditation = c.line(Unchecked, AccreditationUnknown, award)
		return
	}
	l.Accreditation = c.line(False, NotAccredited, award)
}
