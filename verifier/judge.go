package verifier

import (
	"context"
	"slices"
	"time"

	"sijil/verifier/credential"
)

// time asks whether the evaluation time lies in the credential's validity, whose end is
// not part of it (RFC 7519 §4.1.4), and in that of its proofs. There is no leeway.
func (c *check) time() {
	times, refusal := c.cred.Times()
	if refusal != nil {
		c.verdict.Lines.Time = Line{Answer: False, Reason: credential.BadTime}
		c.verdict.Detail = refusal.Detail
		return
	}
	c.times = times
	content := c.verdict.Credential
	content.ValidFrom, content.ValidUntil = given(times.Start()), given(times.End())
	c.verdict.Lines.Time = c.span(times)
}

// span is the answer for dates and the proofs' own.
func (c *check) span(times credential.Times) Line {
	at := c.verdict.At
	switch {
	case at.Before(times.Start()):
		return Line{Answer: False, Reason: NotYetValid, Time: given(times.Start())}
	case times.IssuedAt.After(at.Add(clockSkew)):
		return Line{Answer: False, Reason: NotYetValid, Time: given(times.IssuedAt)}
	case !times.End().IsZero() && !at.Before(times.End()):
		return Line{Answer: False, Reason: Expired, Time: given(times.End())}
	}
	for i := range c.form.Proofs {
		switch p := &c.form.Proofs[i]; {
		case p.Created.After(at.Add(clockSkew)):
			return Line{Answer: False, Reason: NotYetValid, Time: given(p.Created)}
		case !p.Expires.IsZero() && !at.Before(p.Expires):
			return Line{Answer: False, Reason: Expired, Time: given(p.Expires)}
		}
	}
	return Line{Answer: True, Time: given(times.End())}
}

// anchoring asks whether the ledger recorded this content. That it has another content
// under the same id is a forgery even if the signature holds.
func (c *check) anchoring(ctx context.Context) {
	rec, err := c.remembered(ctx, c.ended())
	recorded := false
	if err == nil {
		rec, recorded = rec.of(c.form.Digest())
	}
	switch {
	case err != nil:
		c.recordErr = err
		c.verdict.Lines.Anchoring = c.line(Unchecked, NotAnchored, time.Time{})
	case !recorded && (c.form.Embedded() || c.form.Discloses()):
		// The same document, written anew, has another digest and is not another credential; and
		// a form with parts to withhold is made when its holder asks, after this trust was.
		c.recordErr = ErrUnknown
		c.verdict.Lines.Anchoring = c.line(Unchecked, NotAnchored, time.Time{})
	case !recorded:
		c.recordErr = ErrUnknown
		c.verdict.Lines.Anchoring = c.line(False, LedgerMismatch, rec.RecordedAt)
	default:
		c.record = &rec
		c.verdict.Credential.RecordedAt = given(rec.RecordedAt)
		c.verdict.Lines.Anchoring = c.line(True, "", rec.RecordedAt)
	}
}

// ended reports whether a key of the issuer's is retired or compromised.
func (c *check) ended() bool {
	return slices.ContainsFunc(c.keys, func(k OwnedKey) bool {
		return !k.ValidTo.IsZero() && !c.verdict.At.Before(k.ValidTo.Time) || !k.CompromisedAt.IsZero()
	})
}

// awards reports whether the credential awards anything, which takes an accreditation: what says
// that somebody attended does not, nor does a transcript: each award in it is judged by itself.
func (c *check) awards() bool {
	return c.cred.Older || c.form.Format == credential.FormatSDJWT || c.cred.Subject.Has("achievement") || slices.ContainsFunc(c.cred.Types, func(t string) bool {
		return t == "AchievementCredential" || t == "OpenBadgeCredential"
	})
}

// accreditation asks whether the issuer was accredited on the award date, where the trust
// says anything about that.
func (c *check) accreditation() {
	l := &c.verdict.Lines
	award := c.times.ValidFrom
	if c.verdict.Credential.AwardedAt != nil {
		award = *c.verdict.Credential.AwardedAt
	}
	if c.issuer.Accreditations == nil || award.IsZero() || !c.awards() {
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
	if asOf := c.source.AsOf; !asOf.IsZero() && (award.After(asOf) || c.times.ValidFrom.After(asOf)) {
		// The source is from before the credential: the accreditation can have been granted since.
		l.Accreditation = c.line(Unchecked, AccreditationUnknown, award)
		return
	}
	l.Accreditation = c.line(False, NotAccredited, award)
}
