// Package verifier answers whether a diploma holds: one strict function, [Verify], that
// knows no clock, no network and no key of its own, and answers in separate lines that are
// true, false or "could not check". An employer can vendor it; the issuer lints with it
// before signing.
package verifier

import (
	"bytes"
	"context"
	"slices"
	"time"

	"sijil/verifier/credential"
	"sijil/verifier/dataintegrity"
)

//go:generate go test -run ^TestVerdictsAreDocumented$ . -update

// clockSkew is by how much an issuer's clock may run ahead of ours where nothing depends
// on the second: the time of signing and the start of a status list.
const clockSkew = time.Minute

// Bounds of what one input may hold within: a presentation of a transcript of signed
// courses is three deep.
const (
	maxItems  = 100
	maxNested = 3
	// maxTelling bounds what telling blank nodes apart costs in all documents within: a hundred of
	// them, each as hard as one may be, would take a second.
	maxTelling = dataintegrity.MaxTelling
)

// Options are what the verifier asks for beyond the credential itself. They come from its own
// policy or request and never from what is judged. The zero value asks for nothing.
type Options struct {
	// Challenge is the nonce that the holder's proof must carry, Domain the audience.
	// Either demands such a proof: a presentation, or the key binding of an SD-JWT.
	Challenge, Domain string
	// HolderProof demands it without a challenge.
	HolderProof bool
	// MaxAge is how old a holder's proof that is demanded may be; 0 means 10 minutes.
	MaxAge time.Duration
	// ProofOnly asks whether the proof holds and not who made it: an issuer that is its own
	// key (did:key, did:jwk) passes, and so does a presentation without credentials.
	ProofOnly bool
}

func (o Options) demanded() bool { return o.HolderProof || o.Challenge != "" || o.Domain != "" }

// Verify judges a credential or presentation, in any form that is known, at a time; see
// [VerifyWith].
func Verify(ctx context.Context, input []byte, trust Trust, at time.Time) Verdict {
	return VerifyWith(ctx, input, trust, at, Options{})
}

// VerifyWith judges a credential or presentation at a time. It does what credentials need in
// a fixed order, so that the same input gets the same reason everywhere: form, header, key,
// signature, payload, owner of the key, shape, then (each whatever the others say) time,
// ledger, life of the key, every status entry, accreditation, what the holder was asked
// for, and each credential within by the same function. White space around it is dropped.
//
// Nothing is fetched before the signature holds, but for the keys of registered issuers
// (see [Trust]). ctx bounds what the Trust does.
func VerifyWith(ctx context.Context, input []byte, trust Trust, at time.Time, o Options) Verdict {
	left, telling := maxItems, maxTelling
	source := trust.Source() // once: a long list of ledgers makes a long name
	c := check{trust: trust, source: source, asOf: given(source.AsOf), options: o, left: &left, telling: &telling, verdict: Verdict{At: at}}
	if source.Unsigned {
		c.verdict.Warnings = []string{"unsigned_bundle"}
	}
	c.form, c.refusal = parse(trim(input))
	return c.judge(ctx)
}

// check is one verification under way.
type check struct {
	trust   Trust
	source  Source
	asOf    *time.Time // of the source; its lines share it
	options Options
	// nested is how deep within another this is, left how many more credentials the whole may hold.
	nested int
	left   *int
	// telling is how many steps canonicalizing all that is within may take together.
	telling *int
	verdict Verdict

	form         *credential.Secured
	refusal      *credential.Refusal // why there is no form
	presentation bool
	keys         []OwnedKey // of the form's proofs
	root         credential.Value
	// unowned: nothing shows that the key is the issuer's, or that the issuer is one.
	unowned bool

	issuer Issuer
	cred   credential.Credential
	shown  credential.Presentation
	times  credential.Times
	record *Record // what the ledger recorded, if its digest is the payload's
	// recordErr: why there is no record.
	recordErr error
}

// judge comes to the verdict on c.form.
func (c *check) judge(ctx context.Context) Verdict {
	switch {
	case c.refusal != nil:
		c.refuse(c.refusal)
	case !c.proofs(ctx):
	case c.presentation:
		if c.readPresentation() {
			c.presented()
			c.items(ctx, c.shown.Items)
		}
	case c.payload(ctx):
		c.time()
		c.anchoring(ctx)
		c.life()
		c.status(ctx)
		c.accreditation()
		c.holder()
		c.items(ctx, c.cred.Items)
	}
	c.verdict.settle()
	return c.verdict
}

// line answers with what this trust knows.
func (c *check) line(a Answer, reason credential.Reason, moment time.Time) Line {
	return Line{Answer: a, Reason: reason, Source: c.source.Name, AsOf: c.asOf, Time: given(moment)}
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
	if r.Reason == credential.Unsupported || r.Reason == credential.UnknownContext {
		answer = Unchecked // it may well be good, but not by us to say
	}
	c.verdict.Lines.Integrity = Line{Answer: answer, Reason: r.Reason}
}

func trim(token []byte) []byte { return bytes.Trim(token, " \t\r\n") }

// payload reads what was signed and asks whether the signer may speak for the issuer.
func (c *check) payload(ctx context.Context) bool {
	var refusal *credential.Refusal
	if c.root, refusal = c.form.Payload(); refusal != nil {
		c.refuse(refusal)
		return false
	}
	id, refusal := claimed(c.form.Format, c.root)
	if refusal != nil {
		c.refuse(refusal)
		return false
	}
	if !c.owned(ctx, id) {
		c.verdict.Lines.Integrity = Line{Answer: True}
		return false
	}
	if c.cred, refusal = readCredential(c.form.Format, c.root); refusal != nil {
		c.verdict.Lines.IssuerKey = Line{}
		c.refuse(refusal)
		return false
	}
	c.verdict.Lines.Integrity = Line{Answer: True}
	c.warn(c.form.Warnings...)
	c.warn(c.cred.Warnings...)
	if c.form.Format == credential.FormatLegacy {
		c.warn("legacy_format")
	}
	c.verdict.Credential = c.content()
	return true
}

// warn adds each warning once.
func (c *check) warn(codes ...string) {
	for _, code := range codes {
		if !slices.Contains(c.verdict.Warnings, code) {
			c.verdict.Warnings = append(c.verdict.Warnings, code)
		}
	}
}
