package did

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"slices"
	"testing"
	"time"
)

// TestADocumentHasEachKeyInBothForms, under the relationship of its purpose; a compromised
// key is in none, and a retired one stays.
func TestADocumentHasEachKeyInBothForms(t *testing.T) {
	const id = "did:web:ledger.example:institutions:7e57"
	then := time.Unix(1.6e9, 0)
	i := Issuer{ID: id}
	add := func(purpose Purpose, kid string, change func(*Key)) {
		k, err := NewKey(ed25519.NewKeyFromSeed(append(make([]byte, 31), byte(len(i.Keys)))).Public(), KeyID(id, purpose, kid), purpose, then)
		if err != nil {
			t.Fatal(err)
		}
		change(&k)
		i.Keys = append(i.Keys, k)
	}
	same := func(*Key) {}
	add(ForCredentials, "new", same)
	add(ForCredentials, "retired", func(k *Key) { k.ValidTo = Instant{then.Add(time.Hour)} })
	add(ForCredentials, "stolen", func(k *Key) { k.CompromisedAt = Instant{then.Add(time.Hour)} })
	add(ForStatus, "lists", same)
	add(ForAuthentication, "login", same)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := NewKey(p521.Public(), KeyID(id, ForCredentials, "wide"), ForCredentials, then)
	if err != nil {
		t.Fatal(err)
	}
	i.Keys = append(i.Keys, wide)

	doc := NewDocument(i)
	asserts := []string{"new", "new-multikey", "retired", "retired-multikey", "status-lists", "status-lists-multikey", "wide"}
	for n := range asserts {
		asserts[n] = id + "#" + asserts[n]
	}
	if !slices.Equal(doc.AssertionMethod, asserts) || !slices.Equal(doc.Authentication, []string{id + "#login", id + "#login-multikey"}) {
		t.Errorf("assertionMethod %v, authentication %v", doc.AssertionMethod, doc.Authentication)
	}
	for _, m := range doc.VerificationMethod {
		k, ok := i.Named(m.ID)
		if !ok || m.Controller != id {
			t.Fatalf("method %+v is of no key", m)
		}
		switch m.Type {
		case "JsonWebKey":
			if *m.PublicKeyJWK != k.JWK || m.PublicKeyMultibase != "" || m.ID != k.JWK.Kid {
				t.Errorf("method %+v", m)
			}
		case "Multikey":
			pub, err := ParseMultikey(m.PublicKeyMultibase)
			if err != nil || !k.Public().(ed25519.PublicKey).Equal(pub) || m.PublicKeyJWK != nil || m.ID != MultikeyID(k.JWK.Kid) {
				t.Errorf("method %+v: %v", m, err)
			}
		default:
			t.Errorf("method %+v", m)
		}
	}
	if _, ok := i.Named(id + "#other-multikey"); ok {
		t.Error("a key is found under another name")
	}
}
