package main

import (
	"crypto"
	"fmt"
	"os"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"sijil/verifier/credential"
	"sijil/verifier/did"
)

// keyFile is one key of the caller's: a JWK, or a verification method around one or two.
type keyFile struct {
	// kid is what a token signed with it names it: the method's id, or the JWK's kid.
	kid string
	// controller is whose it is, empty if the file does not say.
	controller string
	public     credential.JWK
	private    crypto.Signer // nil in a file with a public key only
}

func readKeyFile(path string) (keyFile, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return keyFile{}, fmt.Errorf("read key: %w", err)
	}
	root, refusal := credential.ParseJSON(b)
	if refusal != nil {
		return keyFile{}, fmt.Errorf("read key %s: %s", path, refusal.Detail)
	}
	k, err := parseKeyFile(root)
	if err != nil {
		return keyFile{}, fmt.Errorf("read key %s: %w", path, err)
	}
	return k, nil
}

func parseKeyFile(root credential.Value) (k keyFile, err error) {
	jwk := root
	for _, name := range []string{"publicKeyJwk", "privateKeyJwk", "secretKeyJwk"} { // the last wins
		if v := root.Get(name); v.IsObject() {
			jwk = v
		}
	}
	var parsed jose.JSONWebKey
	if err := parsed.UnmarshalJSON(jwk.Raw()); err != nil {
		return k, fmt.Errorf("it is neither a JWK nor a verification method with one: %w", err)
	}
	k.kid, _ = jwk.Get("kid").Text()
	if id, _ := root.Get("id").Text(); strings.Contains(id, ":") {
		k.kid = id
	}
	k.controller, _ = root.Get("controller").Text()
	public := parsed.Key
	if signer, ok := parsed.Key.(crypto.Signer); ok {
		k.private, public = signer, signer.Public()
	}
	if k.public, err = credential.NewJWK(public, k.kid); err != nil {
		return k, err
	}
	if alg, _ := jwk.Get("alg").Text(); alg != "" && alg != k.public.Alg {
		return k, fmt.Errorf("alg %q does not fit the key, which is used with %s", alg, k.public.Alg)
	}
	return k, nil
}

// below is the key's kid as a DID URL, for an issuer that is a DID: a relative one would
// leave a verifier to guess whose it is (vc-jose-cose §3.3.2).
func (k keyFile) below(issuer string) string {
	if strings.Contains(k.kid, ":") {
		return k.kid
	}
	method := strings.TrimPrefix(strings.TrimPrefix(issuer, "did:key:"), "did:jwk:")
	for _, url := range []string{issuer + "#" + method, issuer + "#0"} {
		if _, own, err := did.SelfCertified(url, did.ForCredentials); err == nil && own.JWK.X == k.public.X && own.JWK.Y == k.public.Y {
			return url
		}
	}
	if k.kid == "" || did.IsSelfCertified(issuer) {
		return "" // another's key
	}
	return issuer + "#" + k.kid
}
