package credential

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"

	"github.com/go-jose/go-jose/v4"
)

// JWK is a public key as JSON (RFC 7517), with the members that we write. It has no room
// for private ones: a document that holds them loses them here and [JWK.Key] never sees them.
type JWK struct {
	Kty string `json:"kty"`
	Crv string `json:"crv,omitempty"`
	X   string `json:"x,omitempty"`
	Y   string `json:"y,omitempty"`
	N   string `json:"n,omitempty"`
	E   string `json:"e,omitempty"`
	Kid string `json:"kid,omitempty"`
	Alg string `json:"alg,omitempty"`
	Use string `json:"use,omitempty"`
}

// NewJWK is pub as a signing key named kid. The key must be one that [Alg] accepts.
func NewJWK(pub crypto.PublicKey, kid string) (JWK, error) {
	alg, err := Alg(pub)
	if err != nil {
		return JWK{}, err
	}
	b64 := base64.RawURLEncoding.EncodeToString
	out := JWK{Kid: kid, Alg: alg, Use: "sig"}
	switch k := pub.(type) {
	case ed25519.PublicKey:
		out.Kty, out.Crv, out.X = "OKP", "Ed25519", b64(k)
	case *ecdsa.PublicKey:
		point, err := k.Bytes() // 4 ‖ x ‖ y
		if err != nil {
			return JWK{}, fmt.Errorf("encode key %q: %w", kid, err)
		}
		n := len(point) / 2
		out.Kty, out.Crv, out.X, out.Y = "EC", k.Curve.Params().Name, b64(point[1:1+n]), b64(point[1+n:])
	case *rsa.PublicKey:
		out.Kty, out.N = "RSA", b64(k.N.Bytes())
		out.E = b64(big.NewInt(int64(k.E)).Bytes())
	}
	return out, nil
}

// Key is the public key, checked to lie on its curve, and the one algorithm it is used
// with. A JWK whose "alg" names another algorithm, or whose "use" is not "sig", is an error.
func (j JWK) Key() (crypto.PublicKey, string, error) {
	raw, err := Payload(j)
	if err != nil {
		return nil, "", err
	}
	var parsed jose.JSONWebKey
	if err := parsed.UnmarshalJSON(raw); err != nil {
		return nil, "", fmt.Errorf("read key %q: %w", j.Kid, err)
	}
	alg, err := Alg(parsed.Key)
	if err != nil {
		return nil, "", fmt.Errorf("read key %q: %w", j.Kid, err)
	}
	if j.Alg != "" && j.Alg != alg {
		return nil, "", fmt.Errorf("read key %q: alg %q does not fit its type, which is used with %s", j.Kid, j.Alg, alg)
	}
	if j.Use != "" && j.Use != "sig" {
		return nil, "", fmt.Errorf("read key %q: use is %q, not sig", j.Kid, j.Use)
	}
	return parsed.Key, alg, nil
}

// private are the JWK members that only a private or shared key has (RFC 7518 §6).
var private = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}

// ReadJWK reads a public JWK. One that holds a private key is an error: whoever published
// it has lost the key, and nothing signed with it can be believed.
func ReadJWK(v Value) (JWK, error) {
	if !v.IsObject() {
		return JWK{}, errors.New("not a JSON object")
	}
	for _, name := range private {
		if v.Has(name) {
			return JWK{}, fmt.Errorf("it holds the private member %q", name)
		}
	}
	var j JWK
	for name, into := range map[string]*string{"kty": &j.Kty, "crv": &j.Crv, "x": &j.X, "y": &j.Y, "n": &j.N, "e": &j.E, "kid": &j.Kid, "alg": &j.Alg, "use": &j.Use} {
		text, ok := v.Get(name).Text()
		if v.Has(name) && !ok {
			return JWK{}, fmt.Errorf("its member %q is not a text", name)
		}
		*into = text
	}
	return j, nil
}
