package sdjwt

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"strings"

	"sijil/verifier/credential"
)

// Token is an SD-JWT whose outer form is in order, with or without a key binding. Nothing
// in it may be believed before [Token.Verify] has said so.
type Token struct {
	jws         *credential.Token
	disclosures []disclosure
	// presented is everything up to the last "~", which a key binding is made for.
	presented string
	holder    *credential.HolderProof
}

// disclosure is one value with the salt that keeps its digest from being guessed.
type disclosure struct {
	text    string // base64url, as it stands in the token: what is hashed
	name    string // of a member; empty for an array's element
	element bool
	value   credential.Value
}

// Parse reads an SD-JWT of any of the three types, for package verifier.
func Parse(b []byte, limit int) (*credential.Secured, *credential.Refusal) {
	t, refusal := ParseToken(b, limit)
	if refusal != nil {
		return nil, refusal
	}
	s := &credential.Secured{
		Format:  credential.Format(t.jws.Typ),
		Payload: t.Reveal,
		Digest:  func() [32]byte { return sha256.Sum256(t.jws.Payload) },
		Holder:  t.holder,
	}
	proof := credential.Proof{Kid: t.jws.Kid, Alg: t.jws.Alg, Purpose: credential.AssertionMethod, Verify: t.Verify}
	if t.jws.Typ == TypeVP.Typ {
		proof.Purpose = credential.Authentication
	}
	s.Proofs = []credential.Proof{proof}
	return s, nil
}

// ParseToken reads the form (RFC 9901 §4) in this order: size up to limit bytes, the parts
// between tildes, the issuer's JWS as [credential.ParseJWS] does, each disclosure, the key
// binding. What the digests say is left to [Token.Reveal].
func ParseToken(b []byte, limit int) (*Token, *credential.Refusal) {
	return parse(b, limit, TypeVC, TypeDC, TypeVP)
}

func parse(b []byte, limit int, types ...credential.Type) (*Token, *credential.Refusal) {
	if len(b) > limit {
		return nil, credential.Refuse(credential.TooLarge, "token has more than %d bytes", limit)
	}
	if n := bytes.Count(b, []byte("~")); n > MaxDisclosures+1 {
		return nil, credential.Refuse(credential.TooLarge, "token has more than %d disclosures", MaxDisclosures)
	} else if n == 0 {
		return nil, credential.Refuse(credential.BadFraming, "an SD-JWT has a tilde after each part but the key binding")
	}
	parts := strings.Split(string(b), "~")
	last := len(parts) - 1
	jws, refusal := credential.ParseJWS([]byte(parts[0]), limit, types...)
	if refusal != nil {
		return nil, refusal
	}
	t := &Token{jws: jws, presented: string(b[:len(b)-len(parts[last])])}
	for _, part := range parts[1:last] {
		d, refusal := readDisclosure(part)
		if refusal != nil {
			return nil, refusal
		}
		t.disclosures = append(t.disclosures, d)
	}
	if parts[last] != "" {
		t.holder, refusal = t.readBinding(parts[last])
	}
	return t, refusal
}

// readDisclosure reads [salt, name, value] or, for an array's element, [salt, value].
func readDisclosure(text string) (disclosure, *credential.Refusal) {
	d := disclosure{text: text}
	bad := func(why string) (disclosure, *credential.Refusal) {
		return d, credential.Refuse(credential.BadDisclosure, "a disclosure %s", why)
	}
	if text == "" {
		return d, credential.Refuse(credential.BadFraming, "a disclosure is empty")
	}
	raw, ok := credential.DecodeBase64([]byte(text))
	if !ok {
		return bad("is not canonical base64url")
	}
	root, refusal := credential.ParseJSON(raw)
	switch {
	case refusal != nil && refusal.Reason == credential.BadPayload:
		return bad("is not JSON: " + refusal.Detail)
	case refusal != nil:
		return d, refusal
	}
	items := root.Items()
	if len(items) != 2 && len(items) != 3 {
		return bad("is not an array of two or three")
	}
	if salt, _ := items[0].Text(); salt == "" {
		return bad("has no text as its salt")
	}
	d.element, d.value = len(items) == 2, items[len(items)-1]
	if !d.element {
		if d.name, ok = items[1].Text(); !ok || reserved(d.name) {
			return bad("has no name, or one that is not for content")
		}
	}
	return d, nil
}

func reserved(name string) bool {
	return name == nameDigests || name == nameElement || name == nameAlgorithm
}

// Type is the JWS header's typ.
func (t *Token) Type() string { return t.jws.Typ }

// Verify checks the issuer's signature with a public key and the one algorithm that the
// key is used with.
func (t *Token) Verify(key crypto.PublicKey, alg string) *credential.Refusal {
	return t.jws.Verify(key, alg)
}
