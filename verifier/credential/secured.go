package credential

import (
	"crypto"
	"strings"
	"time"
)

// Format is the way in which a credential is secured, as a verdict names it.
type Format string

// The formats that are checked. A JWS's format is its typ, but for the two that share the
// typ "JWT" and are told apart by their payload.
const (
	FormatVC                   Format = "vc+jwt"
	FormatVP                   Format = "vp+jwt"
	FormatSDVC                 Format = "vc+sd-jwt" // a payload of the data model 2.0 with parts withheld
	FormatSDVP                 Format = "vp+sd-jwt" // a presentation with parts withheld
	FormatSDJWT                Format = "dc+sd-jwt" // RFC 9901 with the claims of SD-JWT VC
	FormatLegacy               Format = "jwt_vc"    // data model 1.1 in a "vc" or "vp" claim
	FormatOpenBadge            Format = "ob3+jwt"   // Open Badges 3.0 §8.2, typ "JWT"
	FormatEdDSA2022            Format = "eddsa-rdfc-2022"
	FormatJCS                  Format = "eddsa-jcs-2022"
	FormatEd25519Signature2020 Format = "Ed25519Signature2020"
)

// older reports whether a credential in that format may be of the data model 1.1: the JWTs of
// before vc+jwt, and embedded proofs, whose names are no media types.
func (f Format) older() bool {
	return f == FormatLegacy || f == FormatOpenBadge || !strings.Contains(string(f), "+")
}

// Relationship is what a proof is for, in the words of a DID document.
type Relationship string

// The relationships. An issuer asserts, a holder authenticates.
const (
	AssertionMethod Relationship = "assertionMethod"
	Authentication  Relationship = "authentication"
)

// Secured is a credential or presentation whose outer form is in order and in which
// nothing may be believed before each of its Proofs held. Every format has a parser that
// makes one, strict and bounded, which decides nothing about trust and fetches nothing:
//
//	Parse…(input, limit) (*Secured, *Refusal)
//
// Package verifier finds the keys, calls the functions in the order Proofs, Payload,
// Holder, and judges what the payload says.
type Secured struct {
	Format Format
	// Proofs are the signatures over the whole of it: one of a JWS, one or more embedded
	// ones. All must hold. A parser that leaves one out, because its kind is not known, says
	// so in Warnings, and refuses ([Unsupported], naming the kind) if none is left.
	Proofs []Proof
	// Payload is what was signed, without the proof, and of a selective-disclosure form what
	// was disclosed, in place ([BadDisclosure] if that cannot be told). It may be called
	// more than once and, to learn whom the payload claims as its issuer, before the proofs held.
	Payload func() (Value, *Refusal)
	// Digest is the SHA-256 by which the ledger records it: of the exact payload of a JWS
	// (of the issuer's JWS in an SD-JWT), else of the document's text without its proof, which
	// is another once somebody has written the same document anew. It is called after the
	// proofs held.
	Digest func() [32]byte
	// Bound has the form share with others the steps that canonicalizing may take; nil for forms that
	// need none. It is called before the proofs are checked.
	Bound func(left *int)
	// Holder is the key binding at the end of an SD-JWT (RFC 9901 §4.3), nil if there is none.
	Holder *HolderProof
	// Warnings are codes of oddities that do not make it wrong; docs/verdicts.md lists them.
	Warnings []string
}

// Embedded reports whether the proofs stand in the document that they sign, whose text
// may then change while what it says does not.
func (s *Secured) Embedded() bool {
	return s.Format == FormatEdDSA2022 || s.Format == FormatJCS || s.Format == FormatEd25519Signature2020
}

// Discloses reports whether parts of it can be withheld.
func (s *Secured) Discloses() bool {
	return s.Format == FormatSDVC || s.Format == FormatSDVP || s.Format == FormatSDJWT
}

// Proof is one signature.
type Proof struct {
	// Kid names the key: the JWS header's kid, or a proof's verificationMethod. Empty if it names none.
	Kid string
	// Alg is the JWS algorithm of the signature; "EdDSA" for both embedded kinds.
	Alg     string
	Purpose Relationship
	Binding
	// Key is a public key that the form brings itself, nil mostly. It shows that the signature
	// is consistent and never who made it.
	Key crypto.PublicKey
	// Verify checks the signature with a public key and the one algorithm it is used with:
	// [AlgNotAllowed] if that is not Alg, [BadSignature] if it does not hold; whatever else
	// canonicalizing the content gives.
	Verify func(key crypto.PublicKey, alg string) *Refusal
}

// Binding is what a proof says it was made for and when; empty members are not given.
type Binding struct {
	Challenge string   // challenge, or nonce
	Audience  []string // domain, or aud
	Created   time.Time
	Expires   time.Time
}

// HolderProof is a key binding: it shows that who presents the credential has the key that
// the issuer bound it to. Whether one is demanded, and for which nonce and audience, is
// the verifier's policy.
type HolderProof struct {
	Binding // nonce, aud, iat
	// Verify checks typ, sd_hash and the signature by the key in the payload's cnf:
	// [BadHolderProof]. It is called after the issuer's proof held.
	Verify func() *Refusal
}
