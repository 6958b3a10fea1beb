package keyfile

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"sijil/verifier/credential"
)

// Public is a public key that somebody was given in a way they trust.
type Public struct {
	// ID is the key's thumbprint (RFC 7638, SHA-256, base64url), whatever its file calls it.
	ID  string
	Key crypto.PublicKey
	Alg string
}

// maxKeys bounds how many keys a set may have: each is tried.
const maxKeys = 16

// NewPublic is a key with its thumbprint.
func NewPublic(key crypto.PublicKey) (Public, error) {
	alg, err := credential.Alg(key)
	if err != nil {
		return Public{}, err
	}
	sum, err := (&jose.JSONWebKey{Key: key}).Thumbprint(crypto.SHA256)
	if err != nil {
		return Public{}, fmt.Errorf("compute the thumbprint of a key: %w", err)
	}
	return Public{ID: base64.RawURLEncoding.EncodeToString(sum), Key: key, Alg: alg}, nil
}

// JWKS is a set of public keys as JSON, each named by its thumbprint.
func JWKS(keys ...Public) ([]byte, error) {
	set := struct {
		Keys []credential.JWK `json:"keys"`
	}{Keys: []credential.JWK{}}
	for _, k := range keys {
		jwk, err := credential.NewJWK(k.Key, k.ID)
		if err != nil {
			return nil, err
		}
		set.Keys = append(set.Keys, jwk)
	}
	return json.Marshal(set)
}

// Parse reads a JWK or a JWKS. One that holds a private key is an error: whoever gave it to
// you gave it to others too.
func Parse(b []byte) ([]Public, error) {
	root, refusal := credential.ParseJSON(b)
	if refusal != nil || !root.IsObject() {
		return nil, errors.New("read public key: not a JWK or JWKS in JSON")
	}
	items := []credential.Value{root}
	if root.Has("keys") {
		items = root.Get("keys").Items()
	}
	if len(items) == 0 || len(items) > maxKeys {
		return nil, fmt.Errorf("read public key: a set has 1 to %d keys", maxKeys)
	}
	var out []Public
	for _, v := range items {
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			if v.Has(private) {
				return nil, errors.New("read public key: it holds the private half too, so it proves nothing: have it replaced")
			}
		}
		var jwk credential.JWK
		if err := json.Unmarshal(v.Raw(), &jwk); err != nil {
			return nil, fmt.Errorf("read public key: %w", err)
		}
		pub, _, err := jwk.Key()
		if err != nil {
			return nil, err
		}
		k, err := NewPublic(pub)
		if err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, nil
}

// Verify reports whether t is signed by one of keys, and by which.
func Verify(t *credential.Token, keys []Public) (Public, bool) {
	for _, k := range keys {
		if t.Verify(k.Key, k.Alg) == nil {
			return k, true
		}
	}
	return Public{}, false
}
