// Package sdjwt is selective disclosure for credentials (RFC 9901): a token in which the
// issuer signed digests in place of some values, so that the holder chooses which of them
// to show. It reads tokens strictly, makes them, and presents them. It decides nothing
// about trust: package verifier does.
package sdjwt

import "sijil/verifier/credential"

// The types of SD-JWT, each with a profile of its own. They are never mixed.
var (
	// TypeVC: the payload is a credential of the data model 2.0
	// (https://www.w3.org/TR/vc-jose-cose/ §3.2.1).
	TypeVC = credential.Type{Typ: "vc+sd-jwt", Cty: "vc"}
	// TypeVP: the payload is a presentation of that model.
	TypeVP = credential.Type{Typ: "vp+sd-jwt", Cty: "vp"}
	// TypeDC: the payload has JWT claims and a vct (SD-JWT VC), as wallets want it.
	TypeDC = credential.Type{Typ: "dc+sd-jwt"}

	typeBinding = credential.Type{Typ: "kb+jwt"}
)

// MaxDisclosures bounds a token. A transcript with each of its grades withheld has a few
// hundred.
const MaxDisclosures = 1_000

// The names that mean something to selective disclosure itself (RFC 9901 §4.2).
const (
	nameDigests   = "_sd"
	nameElement   = "..."
	nameAlgorithm = "_sd_alg"
)

// always are the top-level members that a reader must see to judge a credential at all:
// who says it, of what kind, for how long, bound to which key, revoked where. An issuer
// that could hide them would let a holder drop a revocation or an end. Neither they nor
// anything in them may be disclosable.
var always = []string{
	"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "status",
	"@context", "type", "issuer", "validFrom", "validUntil", "credentialStatus", "credentialSchema", "relatedResource",
}
