package credential

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// TestATokenIsAsAnotherImplementationWouldSignIt: to the byte where signatures are not random,
// and else one that it takes.
func TestATokenIsAsAnotherImplementationWouldSignIt(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[jose.SignatureAlgorithm]crypto.Signer{jose.EdDSA: ed}
	for alg, curve := range map[jose.SignatureAlgorithm]elliptic.Curve{jose.ES256: elliptic.P256(), jose.ES384: elliptic.P384(), jose.ES512: elliptic.P521()} {
		if keys[alg], err = ecdsa.GenerateKey(curve, rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	for alg, key := range keys {
		for _, kid := range []string{"", "did:web:ledger.example:institutions:1#a<b>&é"} {
			for _, typ := range []Type{{Typ, Cty}, {TypSDJWT, ""}} {
				payload := []byte(`{"name":"خريج"}`)
				opts := new(jose.SignerOptions).WithType(jose.ContentType(typ.Typ))
				if typ.Cty != "" {
					opts.WithContentType(jose.ContentType(typ.Cty))
				}
				if kid != "" {
					opts.WithHeader("kid", kid)
				}
				theirs, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, opts)
				if err != nil {
					t.Fatal(err)
				}
				signed, err := theirs.Sign(payload)
				if err != nil {
					t.Fatal(err)
				}
				want, err := signed.CompactSerialize()
				if err != nil {
					t.Fatal(err)
				}
				ours, err := NewTypedSigner(key, kid, typ)
				if err != nil {
					t.Fatal(err)
				}
				got, err := ours.Sign(payload)
				if err != nil {
					t.Fatal(err)
				}
				if alg == jose.EdDSA && got != want || len(got) != len(want) {
					t.Errorf("%s\nnot\n%s", got, want)
				}
				parsed, err := jose.ParseSignedCompact(got, []jose.SignatureAlgorithm{alg})
				if err != nil {
					t.Fatal(err)
				}
				if read, err := parsed.Verify(key.Public()); err != nil || string(read) != string(payload) {
					t.Errorf("%s: %s %v", alg, read, err)
				}
			}
		}
	}
}

func BenchmarkSign(b *testing.B) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	s, err := NewSigner(key, "did:web:ledger.example:institutions:1#a")
	if err != nil {
		b.Fatal(err)
	}
	payload := make([]byte, 1300)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Sign(payload); err != nil {
			b.Fatal(err)
		}
	}
}
