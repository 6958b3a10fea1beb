package verifier

import (
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"sijil/verifier/baking"
	"sijil/verifier/bundle"
	"sijil/verifier/credential"
	"sijil/verifier/dataintegrity"
	"sijil/verifier/did"
	"sijil/verifier/status"
)

// listDocument is the ledger's list as JSON, signed with one of its two keys.
func (l *ledger) listDocument(t *testing.T, key byte, kid string, change func(*dataintegrity.Options)) []byte {
	t.Helper()
	doc, err := status.New(l.list, l.issuer.ID, status.Revocation, l.bits, l.now, l.now.Add(time.Hour), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := credential.Payload(doc)
	if err != nil {
		t.Fatal(err)
	}
	o := dataintegrity.Options{VerificationMethod: kid, Purpose: credential.AssertionMethod, Created: l.now}
	if change != nil {
		change(&o)
	}
	signed, err := dataintegrity.Sign(payload, ed25519.NewKeyFromSeed(append(make([]byte, 31), key)), o)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestAStatusListMayBeJSON(t *testing.T) {
	l := newLedger(t)
	l.bits.Set(8)
	kid := did.KeyID(l.issuer.ID, did.ForStatus, "2031")
	good := l.listDocument(t, 2, kid, nil)
	for name, tc := range map[string]struct {
		place int
		list  []byte
		want  credential.Reason // "": valid
	}{
		"a clear place":                     {7, good, ""},
		"a place that is set":               {8, good, Revoked},
		"another's signature":               {7, l.listDocument(t, 3, kid, nil), StatusUnverifiable},
		"a credential key's signature":      {7, l.listDocument(t, 1, did.KeyID(l.issuer.ID, did.ForCredentials, "2031"), nil), StatusUnverifiable},
		"a proof for another purpose":       {7, l.listDocument(t, 2, kid, func(o *dataintegrity.Options) { o.Purpose = credential.Authentication }), StatusUnverifiable},
		"a proof that ends":                 {7, l.listDocument(t, 2, kid, func(o *dataintegrity.Options) { o.Expires = l.now.Add(time.Hour) }), StatusUnverifiable},
		"a list whose bits were taken away": {8, []byte(strings.Replace(string(good), `"encodedList":"`, `"encodedList":"uH4sI","x":"`, 1)), StatusUnverifiable},
		"a list renamed":                    {7, []byte(strings.Replace(string(good), `"statusPurpose":"revocation"`, `"statusPurpose":"suspension"`, 1)), StatusUnverifiable},
		"a list without its proof":          {7, []byte(string(good)[:strings.Index(string(good), `,"proof"`)] + "}"), StatusUnverifiable},
	} {
		s, err := NewStore("test", bundle.Bundle{Now: did.Instant{Time: l.now}, Issuers: []did.Issuer{l.issuer}, Lists: map[string][]byte{l.list: tc.list}})
		if err != nil {
			t.Fatal(err)
		}
		v := Verify(t.Context(), l.issue(t, tc.place), s, l.now)
		if v.Reason != tc.want || (v.Overall == Valid) != (tc.want == "") {
			t.Errorf("%s: %s %s", name, v.Overall, v.Reason)
		}
	}
}

// The same diploma as a token and with an embedded proof, plain and in pictures.
func TestADiplomaMayBeAPicture(t *testing.T) {
	l := newLedger(t)
	s, err := NewStore("test", bundle.Bundle{Now: did.Instant{Time: l.now}, Issuers: []did.Issuer{l.issuer}, Lists: map[string][]byte{l.list: l.listToken(t, l.now.Add(time.Hour))}})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := credential.Payload(l.achievement(7))
	if err != nil {
		t.Fatal(err)
	}
	badge, err := dataintegrity.Sign(payload, ed25519.NewKeyFromSeed(append(make([]byte, 31), 1)), dataintegrity.Options{
		VerificationMethod: did.KeyID(l.issuer.ID, did.ForCredentials, "2031"), Purpose: credential.AssertionMethod, Created: l.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	for form, text := range map[string][]byte{"token": l.issue(t, 7), "badge": badge} {
		pictures := map[string][]byte{form + ".txt": text}
		if pictures[form+".png"], err = baking.PNG(baking.PlainPNG(), text); err != nil {
			t.Fatal(err)
		}
		if pictures[form+".svg"], err = baking.SVG(baking.PlainSVG(), text); err != nil {
			t.Fatal(err)
		}
		for name, content := range pictures {
			if v := VerifyFile(t.Context(), name, content, s, l.now); v.Overall != Valid || v.Credential.Holder != "أمينة بن صالح" {
				t.Errorf("%s: %s %s %s", name, v.Overall, v.Reason, v.Detail)
			}
		}
	}
	// The ledger's record of the token vouches for the badge too, as long as nobody writes it anew.
	l.record(l.achievement(7), payload, l.now)
	recorded, err := NewStore("test", bundle.Bundle{
		Now: did.Instant{Time: l.now}, Issuers: []did.Issuer{l.issuer}, Lists: map[string][]byte{l.list: l.listToken(t, l.now.Add(time.Hour))}, Records: l.records, HasRecords: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	anew := strings.Replace(string(badge), `"achievement":{`, `"achievement": { `, 1)
	for want, text := range map[Answer]string{True: string(badge), Unchecked: anew} {
		if v := Verify(t.Context(), []byte(text), recorded, l.now); v.Overall != Valid || v.Lines.Anchoring.Answer != want {
			t.Errorf("%s %s, anchoring %+v", v.Overall, v.Reason, v.Lines.Anchoring)
		}
	}
	forged := strings.Replace(string(badge), "أمينة", "أمينه", 1)
	if v := VerifyFile(t.Context(), "badge.json", []byte(forged), s, l.now); v.Overall != NotValid || v.Reason != credential.BadSignature {
		t.Errorf("a forged badge: %s %s", v.Overall, v.Reason)
	}
	// The holder of a revoked diploma hides its status: the statement is still signed, under its IRI.
	hidden := strings.Replace(string(badge), `"credentialStatus"`, `"https://www.w3.org/2018/credentials#credentialStatus"`, 1)
	if v := VerifyFile(t.Context(), "badge.json", []byte(hidden), s, l.now); v.Overall == Valid {
		t.Error("a hidden status passes")
	}
}
