package did

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sijil/verifier/credential"
)

func TestPublishedDIDKeys(t *testing.T) {
	b, err := os.ReadFile("../testdata/vectors/did-key/keys.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors map[string]struct {
		Seed    string
		JWK     *credential.JWK
		Refused string
	}
	if err := json.Unmarshal(b, &vectors); err != nil || len(vectors) < 12 {
		t.Fatal(err)
	}
	for id, v := range vectors {
		url := id + "#" + strings.TrimPrefix(id, "did:key:")
		got, key, err := SelfCertified(url, ForCredentials)
		if v.Refused != "" {
			if err == nil {
				t.Errorf("%s is taken", v.Refused)
			}
			continue
		}
		if err != nil || got != id || key.JWK.Kid != url || key.Purpose != ForCredentials {
			t.Errorf("%s: %+v %v", id, key, err)
			continue
		}
		if v.JWK != nil && (key.JWK.X != v.JWK.X || key.JWK.Y != v.JWK.Y || key.JWK.Crv != v.JWK.Crv) {
			t.Errorf("%s is %+v", id, key.JWK)
		}
		if v.Seed != "" {
			seed, err := hex.DecodeString(v.Seed)
			if err != nil {
				t.Fatal(err)
			}
			if want := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey); !want.Equal(key.Public()) {
				t.Errorf("%s is another key", id)
			}
		}
		if again, _, err := NewKeyDID(key.Public()); err != nil || again != id {
			t.Errorf("%s comes back as %s: %v", id, again, err)
		}
	}
}

func TestADIDThatIsAKeyIsReadStrictly(t *testing.T) {
	const key = "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"
	jwk := func(s string) string { return "did:jwk:" + base64.RawURLEncoding.EncodeToString([]byte(s)) }
	const p256 = `{"kty":"EC","crv":"P-256","x":"igrFmi0whuihKnj9R3Om1SoMph72wUGeFaBbzG2vzns","y":"efsX5b10x8yjyrj4ny3pGfLcY7Xby1KzgqOdqnsrJIM"`
	offCurve := "z" + credential.EncodeBase58(append([]byte{0x80, 0x24, 2}, bytes.Repeat([]byte{0xff}, 32)...))
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rsaJWK, _ := credential.NewJWK(rsaKey.Public(), "")
	rsaJSON, _ := json.Marshal(rsaJWK)
	for name, c := range map[string]struct {
		url string
		ok  bool
	}{
		"a did:key":                       {"did:key:" + key + "#" + key, true},
		"a did:key without a fragment":    {"did:key:" + key, false},
		"a did:key with another fragment": {"did:key:" + key + "#key-1", false},
		"a did:key with a cut key":        {"did:key:" + key[:40] + "#" + key[:40], false},
		"a did:key with a leading zero":   {"did:key:z1" + key[1:] + "#z1" + key[1:], false},
		"a did:key in hexadecimal":        {"did:key:f00#f00", false},
		"a did:key too long to be one":    {"did:key:z" + strings.Repeat("2", 2000) + "#z" + strings.Repeat("2", 2000), false},
		"a point that is on no curve":     {"did:key:" + offCurve + "#" + offCurve, false},
		"a did:jwk":                       {jwk(p256+"}") + "#0", true},
		"a did:jwk with another fragment": {jwk(p256+"}") + "#1", false},
		"a did:jwk with its private key":  {jwk(p256+`,"d":"gPh-VvVS8MbvKQ9LSVVmfnxnKjHn4Tqj0bmbpehRlpc"}`) + "#0", false},
		"a did:jwk with a member twice":   {jwk(p256+`,"kty":"EC"}`) + "#0", false},
		"a did:jwk for encryption":        {jwk(p256+`,"use":"enc"}`) + "#0", false},
		"a did:jwk with another alg":      {jwk(p256+`,"alg":"ES384"}`) + "#0", false},
		"a did:jwk of a shared secret":    {jwk(`{"kty":"oct","k":"AAAA"}`) + "#0", false},
		"a did:jwk with padding":          {"did:jwk:e30=#0", false},
		"an RSA did:jwk":                  {jwk(string(rsaJSON)) + "#0", false},
		"another method":                  {"did:web:ledger.example#k", false},
	} {
		if _, _, err := SelfCertified(c.url, ForCredentials); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBase58ComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		got, err := credential.DecodeBase58(credential.EncodeBase58(want))
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%x comes back as %x: %v", want, got, err)
		}
	})
}

func TestADocumentTellsRelationshipsApart(t *testing.T) {
	pub, _, _ := ed25519.GenerateKey(rand.Reader)
	multikey, err := Multikey(pub)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	jwk, _ := credential.NewJWK(ec.Public(), "")
	raw, _ := json.Marshal(jwk)
	const id = "did:web:holder.example"
	doc := `{"id":"` + id + `","verificationMethod":[
		{"id":"#both","type":"Multikey","controller":"` + id + `","publicKeyMultibase":"` + multikey + `"},
		{"id":"` + id + `#issues","type":"JsonWebKey","controller":"` + id + `","publicKeyJwk":` + string(raw) + `},
		{"id":"#foreign","type":"JsonWebKey","controller":"did:web:other.example","publicKeyJwk":` + string(raw) + `},
		{"id":"#old","type":"Ed25519VerificationKey2018","controller":"` + id + `","publicKeyBase58":"x"}],
		"assertionMethod":["` + id + `#both","#issues","#issues","#foreign","#old","#nowhere"],
		"authentication":["#both",{"id":"#within","type":"JsonWebKey","controller":"` + id + `","publicKeyJwk":` + string(raw) + `}],
		"keyAgreement":["#issues"]}`
	got, err := ParseDocument([]byte(doc), id)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, k := range got.Keys {
		have = append(have, strings.TrimPrefix(k.JWK.Kid, id)+" "+string(k.Purpose))
	}
	if want := "#both credential, #issues credential, #both authentication, #within authentication"; strings.Join(have, ", ") != want {
		t.Errorf("keys are %v, want %s", have, want)
	}
	twice := strings.Replace(doc, `"id":"#foreign"`, `"id":"#issues"`, 1)
	if _, err := ParseDocument([]byte(twice), id); err == nil {
		t.Error("two keys of one name are taken")
	}
}

// FuzzSelfCertified: whatever is taken is a key that comes back under the same name.
func FuzzSelfCertified(f *testing.F) {
	f.Add("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp#z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp")
	f.Add("did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv#zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv")
	f.Add("did:jwk:eyJrdHkiOiJPS1AiLCJjcnYiOiJFZDI1NTE5IiwieCI6IjExcVlBWUt4Q3JmVlNfN1R5V1FIT2c3aGN2UGFwaU1scndJYWFQY0hVUm8ifQ#0")
	f.Fuzz(func(t *testing.T, url string) {
		id, key, err := SelfCertified(url, ForCredentials)
		if err != nil {
			return
		}
		if key.Public() == nil || key.JWK.Kid != url || !strings.HasPrefix(url, id+"#") {
			t.Fatalf("%q gives %+v of %s", url, key, id)
		}
		if !strings.HasPrefix(id, "did:key:") {
			return
		}
		if again, back, err := NewKeyDID(key.Public()); err != nil || again != id || back != url {
			t.Fatalf("%q comes back as %q: %v", url, back, err)
		}
	})
}
