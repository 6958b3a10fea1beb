package credential

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
)

// The media types in the headers of what vc-jose-cose (https://www.w3.org/TR/vc-jose-cose/
// §3), SD-JWT VC and the older ways secure.
const (
	Typ      = "vc+jwt"
	Cty      = "vc"
	TypVP    = "vp+jwt"
	TypSDVC  = "vc+sd-jwt"
	TypSDJWT = "dc+sd-jwt"
	TypJWT   = "JWT"
)

// Signer signs payloads of one type with one key. It may be used concurrently if the key may.
type Signer struct {
	key      crypto.Signer
	alg, kid string
	header   string // as all its tokens have it, in base64url
}

// NewSigner signs credentials as vc+jwt: [NewTypedSigner] for the type of this profile.
func NewSigner(key crypto.Signer, kid string) (*Signer, error) {
	return NewTypedSigner(key, kid, Type{Typ, Cty})
}

// NewPresenter signs presentations as vp+jwt: a holder does, with a key for authentication.
func NewPresenter(key crypto.Signer, kid string) (*Signer, error) {
	return NewTypedSigner(key, kid, Type{TypVP, "vp"})
}

// NewTypedSigner signs with key, whose private half may live in a file, a token or a service.
// kid is what a verifier looks the key up by: absolute ("did:web:…#…") when the issuer is
// a DID. Ed25519 gives EdDSA, P-256, P-384 and P-521 give ES256, ES384 and ES512; other
// keys are an error. An empty kid or cty is left out of the header.
func NewTypedSigner(key crypto.Signer, kid string, typ Type) (*Signer, error) {
	alg, err := Alg(key.Public())
	if err != nil {
		return nil, err
	}
	if alg == "RS256" {
		return nil, errors.New("RSA keys verify only: sign with Ed25519 or ECDSA")
	}
	header, err := json.Marshal(struct {
		Alg string `json:"alg"`
		Cty string `json:"cty,omitempty"`
		Kid string `json:"kid,omitempty"`
		Typ string `json:"typ"`
	}{alg, typ.Cty, kid, typ.Typ})
	if err != nil {
		return nil, fmt.Errorf("prepare signer: %w", err)
	}
	return &Signer{key: key, alg: alg, kid: kid, header: base64.RawURLEncoding.EncodeToString(header)}, nil
}

// KeyID is the kid that the signer writes.
func (s *Signer) KeyID() string { return s.kid }

// Sign is payload as a compact JWS. It does not look at the payload: lint it first by
// verifying a copy that a throwaway key has signed.
func (s *Signer) Sign(payload []byte) (string, error) {
	b64 := base64.RawURLEncoding
	token := make([]byte, 0, len(s.header)+1+b64.EncodedLen(len(payload))+1+b64.EncodedLen(maxSignature))
	token = append(append(token, s.header...), '.')
	token = b64.AppendEncode(token, payload)
	sig, err := s.sign(token)
	if err != nil {
		return "", fmt.Errorf("sign credential: %w", err)
	}
	return string(b64.AppendEncode(append(token, '.'), sig)), nil
}

// maxSignature is the length of the longest, that of ES512.
const maxSignature = 132

// Alg is the one JWS algorithm that a public key is used with here (RFC 8725 §3.1: a key
// is pinned to one algorithm). RSA keys need 2,048 bits or more.
func Alg(pub crypto.PublicKey) (string, error) {
	switch k := pub.(type) {
	case ed25519.PublicKey:
		return "EdDSA", nil
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return "ES256", nil
		case elliptic.P384():
			return "ES384", nil
		case elliptic.P521():
			return "ES512", nil
		}
	case *rsa.PublicKey:
		if k.N.BitLen() >= 2048 {
			return "RS256", nil
		}
		return "", fmt.Errorf("RSA key of %d bits: 2048 or more are required", k.N.BitLen())
	}
	return "", errors.New("key type is not one of Ed25519, P-256, P-384, P-521, RSA")
}

// sign is the signature over message as a JWS has it.
func (s *Signer) sign(message []byte) ([]byte, error) {
	pub, ok := s.key.Public().(*ecdsa.PublicKey)
	if !ok { // Ed25519 signs the message, not a digest of it
		return s.key.Sign(rand.Reader, message, crypto.Hash(0))
	}
	hash := map[string]crypto.Hash{"ES256": crypto.SHA256, "ES384": crypto.SHA384, "ES512": crypto.SHA512}[s.alg]
	h := hash.New()
	h.Write(message)
	der, err := s.key.Sign(rand.Reader, h.Sum(nil), hash)
	if err != nil {
		return nil, err
	}
	var sig struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &sig); err != nil || len(rest) > 0 {
		return nil, errors.New("signer returned a malformed ECDSA signature")
	}
	// JWS wants r ‖ s at the curve's width (RFC 7518 §3.4), crypto.Signer gives ASN.1.
	n := (pub.Curve.Params().BitSize + 7) / 8
	out := make([]byte, 2*n)
	sig.R.FillBytes(out[:n])
	sig.S.FillBytes(out[n:])
	return out, nil
}
