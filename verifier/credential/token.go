package credential

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// Bounds of a token. A diploma has about 2 kB, a transcript with pictures 100 kB.
const (
	MaxToken  = 256 << 10
	maxHeader = 8 << 10
	maxKid    = 1 << 10
)

// algs are the signature algorithms of the profile (RFC 8725 §3.1: an allow-list).
var algs = []string{"EdDSA", "ES256", "ES384", "ES512", "RS256"}

// forbidden header members would let a token choose its own key, compress itself or change
// what is signed. They are refused even where they are harmless.
var forbidden = []string{"jwk", "jku", "x5u", "x5c", "b64", "zip", "enc"}

// Type is a kind of JWS: the header's typ, and its cty where there is one.
type Type struct{ Typ, Cty string }

// Token is a compact JWS whose outer form is in order. Nothing in it may be believed
// before [Token.Verify] has said so.
type Token struct {
	Typ, Alg, Kid string
	// Payload is the exact bytes that were signed.
	Payload []byte
	compact string
}

// ParseToken reads a compact vc+jwt as [ParseJWS] does.
func ParseToken(b []byte, limit int) (*Token, *Refusal) {
	return ParseJWS(b, limit, Type{Typ, Cty})
}

// ParseJWS reads a compact JWS of one of the types strictly, in this order: size up to limit
// bytes, three parts, canonical base64url, header JSON, no critical or key-carrying members,
// an allowed algorithm, the type. The first thing that is wrong is the refusal's reason.
func ParseJWS(b []byte, limit int, types ...Type) (*Token, *Refusal) {
	if len(b) > limit {
		return nil, Refuse(TooLarge, "token has more than %d bytes", limit)
	}
	parts := bytes.SplitN(b, []byte("."), 4)
	if len(parts) != 3 || len(parts[0]) == 0 {
		return nil, Refuse(BadFraming, "a token has three parts separated by dots")
	}
	if base64.RawURLEncoding.DecodedLen(len(parts[0])) > maxHeader {
		return nil, Refuse(TooLarge, "header has more than %d bytes", maxHeader)
	}
	var decoded [3][]byte
	for i, part := range parts {
		d, ok := DecodeBase64(part)
		if !ok {
			return nil, Refuse(BadEncoding, "part %d is not canonical base64url", i+1)
		}
		decoded[i] = d
	}
	t := &Token{Payload: decoded[1], compact: string(b)}
	if refusal := t.readHeader(decoded[0], types); refusal != nil {
		return nil, refusal
	}
	if len(t.Payload) == 0 {
		return nil, Refuse(BadPayload, "payload is empty")
	}
	return t, nil
}

// DecodeBase64 reads base64url and refuses padding, other alphabets, bits left over and line
// breaks: the same bytes have one spelling. (Go's strict decoder still skips CR and LF.)
func DecodeBase64(b []byte) ([]byte, bool) {
	if bytes.ContainsAny(b, "\r\n") {
		return nil, false
	}
	out := make([]byte, base64.RawURLEncoding.DecodedLen(len(b)))
	n, err := base64.RawURLEncoding.Strict().Decode(out, b)
	return out[:n], err == nil
}

func (t *Token) readHeader(b []byte, types []Type) *Refusal {
	h, refusal := ParseJSON(b)
	switch {
	case refusal != nil && refusal.Reason == AmbiguousJSON:
		return refusal
	case refusal != nil:
		return Refuse(BadHeader, "header: %s", refusal.Detail)
	case !h.IsObject():
		return Refuse(BadHeader, "header is not a JSON object")
	case h.Has("crit"):
		return Refuse(CritNotSupported, "header lists critical extensions; none is supported")
	}
	for _, name := range forbidden {
		if h.Has(name) {
			return Refuse(HeaderNotAllowed, "header has the member %q", name)
		}
	}
	if t.Alg, _ = h.Get("alg").Text(); !slices.Contains(algs, t.Alg) {
		return Refuse(AlgNotAllowed, "signature algorithm is not one of EdDSA, ES256, ES384, ES512, RS256")
	}
	t.Typ, _ = h.Get("typ").Text()
	i := slices.IndexFunc(types, func(want Type) bool { return want.Typ == t.Typ })
	if i < 0 {
		if name, ok := otherTypes[t.Typ]; ok {
			return Refuse(WrongTyp, "this is a %s, which is not what is checked here", name)
		}
		return Refuse(WrongTyp, "header's typ is not %q", types[0].Typ)
	}
	if cty, ok := h.Get("cty").Text(); h.Has("cty") && (!ok || cty != types[i].Cty) {
		return Refuse(WrongTyp, "header's cty is not %q", types[i].Cty)
	}
	kid, ok := h.Get("kid").Text()
	if h.Has("kid") && !ok || len(kid) > maxKid {
		return Refuse(BadHeader, "header's kid is not a text of up to %d bytes", maxKid)
	}
	t.Kid = kid
	return nil
}

// otherTypes are typs that we know and that are not a credential of this profile, by the
// name a reader would know them under.
var otherTypes = map[string]string{
	Typ:              "credential (vc+jwt)",
	"JWT":            "plain JWT or a credential of the older data model 1.1",
	"vp+jwt":         "presentation (vp+jwt)",
	"vc+sd-jwt":      "selective-disclosure credential (vc+sd-jwt)",
	"dc+sd-jwt":      "selective-disclosure credential (dc+sd-jwt)",
	"vp+sd-jwt":      "selective-disclosure presentation (vp+sd-jwt)",
	"kb+jwt":         "key-binding token",
	"at+jwt":         "access token",
	"statuslist+jwt": "token status list",
	"logout+jwt":     "logout token",
}

// Verify checks the signature with a public key and the one algorithm that the key is used
// with; [AlgNotAllowed] if the token says another.
func (t *Token) Verify(key crypto.PublicKey, alg string) *Refusal {
	if t.Alg != alg {
		return Refuse(AlgNotAllowed, "the key is used with %s only", alg)
	}
	jws, err := jose.ParseSignedCompact(t.compact, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		return Refuse(BadHeader, "not a compact JWS")
	}
	if _, err := jws.Verify(key); err != nil {
		return Refuse(BadSignature, "signature does not fit the content")
	}
	return nil
}
