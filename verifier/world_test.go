package verifier

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/sdjwt"
)

// holder is a graduate with a key of their own, which is their DID.
type holder struct {
	key     ed25519.PrivateKey
	id, kid string
}

func newHolder(t testing.TB, seed byte) holder {
	h := holder{key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, 32))}
	var err error
	if h.id, h.kid, err = did.NewKeyDID(h.key.Public()); err != nil {
		t.Fatal(err)
	}
	return h
}

type object = map[string]any

func (h holder) present(t testing.TB, at time.Time, members object, items ...any) []byte {
	body := object{
		"@context": []string{credential.ContextV2}, "type": "VerifiablePresentation", "holder": h.id,
		"iat": at.Unix(), "nonce": "n-1", "aud": "https://employer.example", "verifiableCredential": append([]any{}, items...),
	}
	for k, v := range members {
		if body[k] = v; v == nil {
			delete(body, k)
		}
	}
	return h.sign(t, body)
}

func (h holder) sign(t testing.TB, body any) []byte {
	s, err := credential.NewPresenter(h.key, h.kid)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := credential.Payload(body)
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(token)
}

func envelope(token []byte) object {
	return object{"@context": []string{credential.ContextV2}, "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt," + string(token)}
}

// jws signs any header over any payload, as other issuers' software would.
func jws(t testing.TB, key crypto.PrivateKey, alg jose.SignatureAlgorithm, header object, payload any) []byte {
	opts := &jose.SignerOptions{}
	for k, v := range header {
		opts.WithHeader(jose.HeaderKey(k), v)
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, opts)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Sign(b)
	if err != nil {
		t.Fatal(err)
	}
	out, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return []byte(out)
}

// foreigner is an issuer with other software than ours, pinned in a trust store by a bare kid.
type foreigner struct {
	issuer did.Issuer
	keys   map[string]crypto.PrivateKey // by alg
}

// foreignKeys are made once: RSA takes its time.
var foreignKeys = sync.OnceValue(func() map[string]crypto.PrivateKey {
	keys := map[string]crypto.PrivateKey{}
	var err error
	if keys["RS256"], err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		panic(err)
	}
	for alg, curve := range map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		if keys[alg], err = ecdsa.GenerateKey(curve, rand.Reader); err != nil {
			panic(err)
		}
	}
	return keys
})

func newForeigner(t testing.TB, now time.Time) foreigner {
	f := foreigner{issuer: did.Issuer{ID: "https://university.example/issuers/1", Name: "Another University"}, keys: foreignKeys()}
	for alg, key := range f.keys {
		k, err := did.NewKey(key.(crypto.Signer).Public(), "kid-"+alg, did.ForCredentials, now.AddDate(-1, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		f.issuer.Keys = append(f.issuer.Keys, k)
	}
	return f
}

func (f foreigner) sign(t testing.TB, alg string, header, payload object) []byte {
	h := object{"kid": "kid-" + alg}
	for k, v := range header {
		if h[k] = v; v == nil {
			delete(h, k)
		}
	}
	return jws(t, f.keys[alg], jose.SignatureAlgorithm(alg), h, payload)
}

// badge is an Open Badges 3.0 JWT payload (§8.2.4: the claims beside the credential).
func (f foreigner) badge(now time.Time) object {
	return object{
		"@context": []string{credential.ContextV2, credential.ContextOB3}, "id": "urn:uuid:1", "type": []string{"VerifiableCredential", "OpenBadgeCredential"},
		"issuer": object{"id": f.issuer.ID, "type": []string{"Profile"}}, "validFrom": credential.Stamp(now.AddDate(0, 0, -1)), "name": "Badge",
		"credentialSubject": object{"id": "urn:uuid:2", "type": []string{"AchievementSubject"}, "achievement": object{"id": "urn:uuid:3", "type": []string{"Achievement"}, "name": "Teamwork", "criteria": object{"narrative": "-"}, "description": "-"}},
		"iss":               f.issuer.ID, "jti": "urn:uuid:1", "sub": "urn:uuid:2", "nbf": now.AddDate(0, 0, -1).Unix(),
	}
}

// legacy is a credential of the data model 1.1 in a vc claim.
func (f foreigner) legacy(now time.Time) object {
	return object{
		"iss": f.issuer.ID, "jti": "urn:uuid:1", "sub": "urn:uuid:2", "nbf": now.AddDate(0, 0, -1).Unix(), "exp": now.AddDate(1, 0, 0).Unix(),
		"vc": object{
			"@context": []string{credential.ContextV1}, "type": []string{"VerifiableCredential", "UniversityDegreeCredential"},
			"credentialSubject": object{"degree": object{"type": "BachelorDegree", "name": "Bachelor of Science"}},
		},
	}
}

// world is everybody in one trust store.
type world struct {
	*ledger
	foreigner
	holder
}

func newWorld(t testing.TB) world {
	l := newLedger(t)
	return world{l, newForeigner(t, l.now), newHolder(t, 7)}
}

func (w world) trust(t testing.TB, more ...did.Issuer) *Store {
	b := w.bundle(t)
	b.Issuers = append(append(b.Issuers, w.foreigner.issuer), more...)
	s, err := NewStore("bundle", b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w world) diploma(t testing.TB) []byte { return w.issue(t, 7) }

// joseTokens is one valid token of each kind of JWS that is taken.
func (w world) joseTokens(t testing.TB) map[credential.Format][]byte {
	concealed, refusal := sdjwt.Diploma(mustPayload(t, w.achievement(7)))
	if refusal != nil {
		t.Fatal(refusal)
	}
	key := ed25519.NewKeyFromSeed(append(make([]byte, 31), 1))
	sd := func(c sdjwt.Concealed, typ credential.Type) []byte {
		signer, err := credential.NewTypedSigner(key, w.ledger.issuer.Keys[0].JWK.Kid, typ)
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.Sign(signer)
		if err != nil {
			t.Fatal(err)
		}
		return []byte(out)
	}
	claims, refusal := sdjwt.DiplomaClaims(mustPayload(t, w.achievement(7)), sdjwt.Wallet{Type: "https://ledger.example/diploma", Issued: w.now})
	if refusal != nil {
		t.Fatal(refusal)
	}
	return map[credential.Format][]byte{
		credential.FormatVC:        w.diploma(t),
		credential.FormatVP:        w.present(t, w.now, nil, envelope(w.diploma(t))),
		credential.FormatSDVC:      sd(concealed, sdjwt.TypeVC),
		credential.FormatSDJWT:     sd(claims, sdjwt.TypeDC),
		credential.FormatOpenBadge: w.foreigner.sign(t, "RS256", object{"typ": "JWT"}, w.badge(w.now)),
		credential.FormatLegacy:    w.foreigner.sign(t, "ES256", object{"typ": "JWT"}, w.legacy(w.now)),
	}
}

func mustPayload(t testing.TB, v any) []byte {
	b, err := credential.Payload(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
