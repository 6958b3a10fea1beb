package did

import (
	"crypto/ed25519"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func issuer(t testing.TB) Issuer {
	id, err := Web("https://ledger.example:8443/base/", "7e57")
	if err != nil {
		t.Fatal(err)
	}
	out := Issuer{ID: id, Name: "Škola", StatusRequired: true, SuspensionSuffix: "-suspension", Accreditations: []Accreditation{{From: Instant{time.Unix(1e9, 0).UTC()}, By: "Ministry"}}}
	for i, purpose := range []Purpose{ForCredentials, ForStatus, ForCredentials} {
		pub := ed25519.NewKeyFromSeed(append(make([]byte, 31), byte(i))).Public()
		k, err := NewKey(pub, KeyID(id, purpose, string(rune('a'+i))), purpose, time.Unix(1e9, 5e8).UTC())
		if err != nil {
			t.Fatal(err)
		}
		out.Keys = append(out.Keys, k)
	}
	out.Keys[2].ValidTo = Instant{time.Unix(15e8, 0).UTC()}
	return out
}

func TestADIDOfAnInstitution(t *testing.T) {
	for base, want := range map[string]string{
		"https://ledger.example": "did:web:ledger.example:institutions:7e57", "https://Ledger.example:8443/base/": "did:web:ledger.example%3A8443:base:institutions:7e57",
		"http://localhost:80": "did:web:localhost%3A80:institutions:7e57", "http://127.0.0.1:8080": "did:web:127.0.0.1%3A8080:institutions:7e57",
		"https://10.0.0.1": "", "https://[2001:db8::1]": "", "ledger.example": "", "https://a@b.example": "", "https://b.example/?q": "", "mailto:a@b.example": "",
	} {
		if got, err := Web(base, "7e57"); got != want || (err == nil) != (want != "") {
			t.Errorf("Web(%q) = %q, %v", base, got, err)
		}
	}
}

func TestWhereADIDResolvesTo(t *testing.T) {
	for id, want := range map[string]string{
		"did:web:ledger.example": "ledger.example", "did:web:ledger.example%3A8443:a:b-c_d.e": "ledger.example:8443/a/b-c_d.e",
		"did:web:127.0.0.1%3A80:x": "127.0.0.1:80/x",
		"did:key:z6Mk":             "", "did:web:": "", "did:web:10.0.0.1": "", "did:web:169.254.169.254": "", "did:web:2130706433": "", "did:web:0x7f.1": "",
		"did:web:LEDGER.example": "", "did:web:ledger.example:..": "", "did:web:ledger.example::a": "", "did:web:ledger.example:a%2Fb": "",
		"did:web:ledger.example%3A": "", "did:web:ledger.example%3A80x": "", "did:web:ledger.example#k": "", "did:web:ledger.example?q": "",
		"did:web:user@ledger.example": "", "did:web:ledger.example/a": "", "did:web:lédger.example": "", "did:web:...": "", "did:web:a" + strings.Repeat(":a", 300): "",
	} {
		host, path, err := Location(id)
		if host+path != want || (err == nil) != (want != "") {
			t.Errorf("Location(%q) = %q, %v", id, host+path, err)
		}
	}
}

func TestWhatIsPublishedIsReadBack(t *testing.T) {
	want := issuer(t)
	b, err := json.Marshal(NewKeySet(want))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseKeySet(b, want.ID)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n%+v\n%+v", err, got, want)
	}
	if _, err := ParseKeySet(b, want.ID+"0"); err == nil {
		t.Error("a key set of another issuer is taken")
	}
	if b, err = json.Marshal(NewDocument(want)); err != nil {
		t.Fatal(err)
	}
	doc, err := ParseDocument(b, want.ID)
	if err != nil || len(doc.Keys) != 6 || doc.Keys[0].Purpose != ForCredentials || doc.Keys[2].Purpose != ForStatus || doc.Keys[0].Alg() != "EdDSA" {
		t.Errorf("%v %+v", err, doc)
	}
	if _, err := ParseDocument(b, want.ID+"0"); err == nil {
		t.Error("a document about another DID is taken")
	}
}

func TestAPublishedPrivateKeyIsNotBelieved(t *testing.T) {
	i := issuer(t)
	b, _ := json.Marshal(NewKeySet(i))
	leaked := strings.Replace(string(b), `"kty":"OKP"`, `"kty":"OKP","d":"AAAA"`, 1)
	if _, err := ParseKeySet([]byte(leaked), i.ID); err == nil {
		t.Error("taken")
	}
}

func TestAKeyOutsideAssertionMethodDoesNotSign(t *testing.T) {
	i := issuer(t)
	doc := NewDocument(i)
	doc.AssertionMethod = doc.AssertionMethod[2:4]
	b, _ := json.Marshal(doc)
	if got, err := ParseDocument(b, i.ID); err != nil || len(got.Keys) != 2 || got.Keys[0].Purpose != ForStatus {
		t.Errorf("%v %+v", err, got)
	}
}

func TestAnInstantComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Instant{time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "s"), rapid.Int64Range(0, 999999999).Draw(t, "ns")).UTC()}
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Instant
		if err := json.Unmarshal(b, &got); err != nil || !got.Equal(want.Time) {
			t.Fatalf("%s: %v", b, err)
		}
	})
	for _, bad := range []string{`1`, `"2026-07-01"`, `"x"`, `true`} {
		var i Instant
		if err := json.Unmarshal([]byte(bad), &i); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// FuzzParseDocument: a hostile document never panics, and every key it yields belongs to
// the DID that was asked for and can be used.
func FuzzParseDocument(f *testing.F) {
	i := issuer(f)
	doc, _ := json.Marshal(NewDocument(i))
	set, _ := json.Marshal(NewKeySet(i))
	f.Add(doc, true)
	f.Add(set, false)
	f.Add([]byte(strings.Replace(string(doc), `"id":"did:web`, `"id":"#did:web`, 2)), true)
	f.Fuzz(func(t *testing.T, b []byte, document bool) {
		parse := ParseKeySet
		if document {
			parse = ParseDocument
		}
		got, err := parse(b, i.ID)
		if err != nil {
			return
		}
		if got.ID != i.ID {
			t.Fatal("of another issuer")
		}
		for _, k := range got.Keys {
			if k.Public() == nil || k.Alg() == "" || k.JWK.Kid == "" {
				t.Fatalf("unusable key %+v", k)
			}
		}
	})
}
