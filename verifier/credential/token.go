package credential

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"slices"
)

// Bounds of a token. A diploma has about 2 kB, a transcript with pictures 100 kB.
const (
	MaxToken  = 256 << 10
	maxHeader = 8 << 10
	maxKid    = 1 << 10
)

// algs are the signature algorithms that are checked (RFC 8725 §3.1: an allow-list).
var algs = []string{"EdDSA", "ES256", "ES384", "ES512", "RS256"}

// forbidden header members would let a token choose its own key, compress itself or change
// what is signed. They are refused even where they are harmless.
var forbidden = []string{"jwk", "jku", "x5u", "x5c", "b64", "zip", "enc"}

// Type is a kind of JWS: the header's typ, and its cty where there is one.
type Type struct{ Typ, Cty string }

// Token is a compact JWS whose outer form is in order. Nothing in it may be believed
// before [Token.Verify] has said so.
type Token struct {
	header
	// Payload is the exact bytes that were signed.
	Payload []byte

	signed, sig []byte
	// What reading the payload gave, once it was asked for.
	parsed  bool
	root    Value
	refusal *Refusal
}

// header is what the protected header says. Tokens may share one: nobody changes what it points to.
type header struct {
	Typ, Alg, Kid string
	// Key is the public key in the header of a typ "JWT", where Open Badges has one. It
	// proves nothing about who signed.
	Key crypto.PublicKey
}

// ParseToken reads a compact vc+jwt as [ParseJWS] does.
func ParseToken(b []byte, limit int) (*Token, *Refusal) {
	return ParseJWS(b, limit, Type{Typ, Cty})
}

// ParseJWS reads a compact JWS of one of the types strictly, in this order: size up to
// limit bytes, three parts, canonical base64url, header JSON, no critical or key-carrying
// members, an allowed algorithm, the type. The first thing that is wrong is the refusal's
// reason.
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
	known := lately.find(parts[0], types)
	var decoded [3][]byte
	for i, part := range parts {
		if i == 0 && known != nil {
			continue // it was decoded and read before, and nothing was wrong with it
		}
		d, ok := DecodeBase64(part)
		if !ok {
			return nil, Refuse(BadEncoding, "part %d is not canonical base64url", i+1)
		}
		decoded[i] = d
	}
	t := &Token{Payload: decoded[1], sig: decoded[2], signed: b[:len(parts[0])+1+len(parts[1])]}
	if known != nil {
		t.header = known.header
	} else {
		if refusal := t.readHeader(decoded[0], types); refusal != nil {
			return nil, refusal
		}
		lately.add(parts[0], t.header, types[choose(types, t.Typ)])
	}
	if len(t.Payload) == 0 {
		return nil, Refuse(BadPayload, "payload is empty")
	}
	return t, nil
}

var strictBase64 = base64.RawURLEncoding.Strict()

// DecodeBase64 reads base64url and refuses padding, other alphabets, bits left over and line
// breaks: the same bytes have one spelling. (Go's strict decoder still skips CR and LF.)
func DecodeBase64(b []byte) ([]byte, bool) {
	if bytes.IndexByte(b, '\r') >= 0 || bytes.IndexByte(b, '\n') >= 0 {
		return nil, false
	}
	out := make([]byte, base64.RawURLEncoding.DecodedLen(len(b)))
	n, err := strictBase64.Decode(out, b)
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
	case IsSeal(h):
		return Refuse(Unsupported, "this looks like an electronic seal (JAdES), which is not checked here")
	case h.Has("crit"):
		return Refuse(CritNotSupported, "header lists critical extensions; none is supported")
	}
	t.Typ, _ = h.Get("typ").Text()
	for _, name := range forbidden {
		if h.Has(name) && !(name == "jwk" && t.Typ == TypJWT) {
			return Refuse(HeaderNotAllowed, "header has the member %q", name)
		}
	}
	if t.Alg, _ = h.Get("alg").Text(); !slices.Contains(algs, t.Alg) {
		return Refuse(AlgNotAllowed, "signature algorithm is not one of EdDSA, ES256, ES384, ES512, RS256")
	}
	i := choose(types, t.Typ)
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
	if jwk := h.Get("jwk"); jwk.Kind() != Missing {
		return t.readKey(jwk)
	}
	return nil
}

func (t *Token) readKey(v Value) *Refusal {
	jwk, err := ReadJWK(v)
	if err != nil {
		return Refuse(HeaderNotAllowed, "header's jwk cannot be used: %s", err)
	}
	if t.Key, _, err = jwk.Key(); err != nil {
		return Refuse(HeaderNotAllowed, "header's jwk is not a public key that is used here")
	}
	return nil
}

// IsSeal recognises the header of a JAdES signature (ETSI TS 119 182-1 §5.2).
func IsSeal(header Value) bool {
	for _, name := range header.Names() {
		switch name {
		case "sigT", "sigD", "sigPId", "sigPl", "srCms", "srAts", "adoTst", "x5t#o", "sigX5ts":
			return true
		}
	}
	return false
}

// otherTypes are typs that we know, by the name a reader would know them under.
var otherTypes = map[string]string{
	TypJWT:           "plain JWT",
	Typ:              "credential (vc+jwt)",
	TypVP:            "presentation (vp+jwt)",
	TypSDVC:          "selective-disclosure credential (vc+sd-jwt)",
	TypSDJWT:         "selective-disclosure credential (dc+sd-jwt)",
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
	return CheckSignature(key, alg, t.signed, t.sig)
}

// JSON is the payload parsed, once.
func (t *Token) JSON() (Value, *Refusal) {
	if !t.parsed {
		t.root, t.refusal = ParseJSON(t.Payload)
		t.parsed = true
	}
	return t.root, t.refusal
}
