package dataintegrity

import (
	"crypto"
	"errors"
	"slices"
	"time"

	"sijil/verifier/credential"
)

// The kinds of proof that are checked, as a proof's cryptosuite or type names them.
const (
	EdDSARDFC     = "eddsa-rdfc-2022"
	EdDSAJCS      = "eddsa-jcs-2022"
	Ed25519of2020 = "Ed25519Signature2020"
)

const (
	typeProof  = "DataIntegrityProof"
	maxProofs  = 8
	maxDomains = 16
	maxText    = 2048 // bytes of a URL, a challenge or a domain
)

// UnsupportedProof is the warning that one of several proofs was left out.
const UnsupportedProof = "unsupported_proof"

// others are kinds of proof that we know by name and do not check.
var others = []string{
	"ecdsa-rdfc-2019", "ecdsa-jcs-2019", "ecdsa-sd-2023", "bbs-2023", "eddsa-2022", "Ed25519Signature2018", "JsonWebSignature2020",
	"BbsBlsSignature2020", "BbsBlsSignatureProof2020", "EcdsaSecp256k1Signature2019", "MerkleProof2017", "MerkleProof2019",
	"OpenAttestationMerkleProofSignature2018", "RsaSignature2018",
}

// proof is one proof that is in order.
type proof struct {
	suite     string
	value     credential.Value
	signature []byte
	credential.Proof
}

// Parse reads a JSON document with embedded proofs of up to limit bytes. No @context is
// ever fetched. [credential.BadProof] for a proof that is not in order;
// [credential.Unsupported], naming the kind, if there is none that can be checked, and for
// a chain of proofs (previousProof).
func Parse(b []byte, limit int) (*credential.Secured, *credential.Refusal) {
	if len(b) > limit {
		return nil, credential.Refuse(credential.TooLarge, "document has more than %d bytes", limit)
	}
	root, refusal := credential.ParseJSON(b)
	if refusal != nil {
		return nil, refusal
	}
	if !root.IsObject() {
		return nil, credential.Refuse(credential.BadPayload, "not a JSON object")
	}
	proofs := root.Get("proof").OneOrMany()
	switch {
	case len(proofs) == 0:
		return nil, credential.Refuse(credential.Unsupported, "this is a JSON document without a proof")
	case len(proofs) > maxProofs:
		return nil, credential.Refuse(credential.TooComplex, "document has more than %d proofs", maxProofs)
	}
	doc := newDocument(root)
	s := &credential.Secured{Payload: doc.payload, Digest: doc.textDigest, Bound: func(left *int) { doc.left = left }}
	var unsupported *credential.Refusal
	ids := map[string]bool{}
	for _, v := range proofs {
		p, refusal := readProof(v, ids)
		switch {
		case refusal != nil && refusal.Reason == credential.Unsupported && !v.Has("previousProof"):
			unsupported, s.Warnings = refusal, []string{UnsupportedProof}
			continue
		case refusal != nil:
			return nil, refusal
		}
		p.Verify = func(key crypto.PublicKey, alg string) *credential.Refusal { return doc.verify(p, key, alg) }
		s.Proofs = append(s.Proofs, p.Proof)
		if s.Format == "" {
			s.Format = credential.Format(p.suite)
		}
	}
	if len(s.Proofs) == 0 {
		return nil, unsupported
	}
	return s, nil
}

// readProof checks that a proof's members have the form that Data Integrity §2.1 gives
// them. ids are those of the proofs before it.
func readProof(v credential.Value, ids map[string]bool) (proof, *credential.Refusal) {
	p := proof{value: v}
	if !v.IsObject() {
		return p, bad("a proof is not an object")
	}
	p.suite, _ = v.Get("type").Text()
	if p.suite == typeProof {
		p.suite, _ = v.Get("cryptosuite").Text()
	} else if v.Has("cryptosuite") {
		return p, bad("a proof of another type than %s has a cryptosuite", typeProof)
	}
	switch {
	case slices.Contains(others, p.suite):
		return p, credential.Refuse(credential.Unsupported, "this is secured by a proof of the kind %s, which is not checked here", p.suite)
	case p.suite != EdDSARDFC && p.suite != EdDSAJCS && p.suite != Ed25519of2020:
		return p, credential.Refuse(credential.Unsupported, "this is secured by a proof of a kind that is not known here")
	case v.Has("previousProof"):
		return p, credential.Refuse(credential.Unsupported, "this is secured by a chain of proofs (previousProof), which is not checked here")
	}
	r := reader{v: v}
	p.Kid = r.text("verificationMethod", true)
	p.Alg = "EdDSA"
	p.Purpose = credential.Relationship(r.text("proofPurpose", true))
	p.Challenge = r.text("challenge", false)
	r.text("nonce", false)
	p.Created, p.Expires = r.time("created"), r.time("expires")
	for _, d := range v.Get("domain").OneOrMany() {
		s, ok := d.Text()
		r.check(ok && s != "" && len(s) <= maxText && len(p.Audience) < maxDomains)
		p.Audience = append(p.Audience, s)
	}
	if id := r.text("id", false); id != "" {
		r.check(!ids[id])
		ids[id] = true
	}
	r.check(p.Purpose == credential.AssertionMethod || p.Purpose == credential.Authentication)
	r.check(p.Created.IsZero() || p.Expires.IsZero() || !p.Expires.Before(p.Created))
	var err error
	p.signature, err = decode(r.text("proofValue", true))
	r.check(err == nil && len(p.signature) == signatureSize)
	if r.bad {
		return p, bad("a proof's members are missing, malformed or contradict one another")
	}
	return p, nil
}

// decode reads multibase base58btc.
func decode(s string) ([]byte, error) {
	if len(s) < 2 || len(s) > 256 || s[0] != 'z' {
		return nil, errors.New("not multibase base58btc")
	}
	return credential.DecodeBase58(s[1:])
}

func bad(format string, args ...any) *credential.Refusal {
	return credential.Refuse(credential.BadProof, format, args...)
}

// reader reads members and remembers whether one was wrong.
type reader struct {
	v   credential.Value
	bad bool
}

func (r *reader) check(ok bool) { r.bad = r.bad || !ok }

func (r *reader) text(name string, required bool) string {
	s, ok := r.v.Get(name).Text()
	r.check(ok && s != "" && len(s) <= maxText || !required && !r.v.Has(name))
	return s
}

func (r *reader) time(name string) time.Time {
	if !r.v.Has(name) {
		return time.Time{}
	}
	t, err := credential.ParseStamp(r.text(name, true))
	r.check(err == nil)
	return t
}
