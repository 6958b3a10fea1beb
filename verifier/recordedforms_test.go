package verifier

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/sdjwt"
)

// TestEveryFormIsRecordedOnItsOwn: the ledger signs a credential in other forms later, each
// with a digest and a time of its own. An extract that has the credential and not the form is
// older than the form, and says nothing against it.
func TestEveryFormIsRecordedOnItsOwn(t *testing.T) {
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for name, c := range map[string]struct {
		form, compromised string // days
		answer            Answer
		want              Overall
		reason            credential.Reason
	}{
		"recorded":                         {"2031-07-05", "", True, Valid, ""},
		"made after the extract":           {"", "", Unchecked, Valid, ""},
		"before the key was stolen":        {"2031-07-05", "2031-07-06", True, Valid, ""},
		"after the key was stolen":         {"2031-07-05", "2031-07-04", True, NotValid, KeyCompromised},
		"with a stolen key and not stated": {"", "2031-07-04", Unchecked, NotValid, KeyCompromised},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger(t)
			payload := mustPayload(t, l.achievement(7))
			l.record(l.achievement(7), payload, day("2031-07-01"))
			concealed, refusal := sdjwt.Conceal(payload, []string{"credentialSubject.name"}, 0)
			if refusal != nil {
				t.Fatal(refusal)
			}
			signer, err := credential.NewTypedSigner(ed25519.NewKeyFromSeed(append(make([]byte, 31), 1)), l.issuer.Keys[0].JWK.Kid, sdjwt.TypeVC)
			if err != nil {
				t.Fatal(err)
			}
			token, err := concealed.Sign(signer)
			if err != nil {
				t.Fatal(err)
			}
			if c.compromised != "" {
				l.issuer.Keys[0].CompromisedAt = did.Instant{Time: day(c.compromised)}
			}
			b := l.bundle(t)
			b.HasRecords = true
			if c.form != "" {
				sum := sha256.Sum256(concealed.Payload)
				r := &b.Records[len(b.Records)-1]
				r.Forms = append(r.Forms,
					did.RecordedForm{PayloadSHA256: strings.Repeat("00", 32), RecordedAt: did.Instant{Time: day("2031-07-02")}},
					did.RecordedForm{PayloadSHA256: hex.EncodeToString(sum[:]), RecordedAt: did.Instant{Time: day(c.form)}})
			}
			b.Lists[l.list] = l.listToken(t, day("2040-01-01"))
			trust, err := NewStore("bundle", b)
			if err != nil {
				t.Fatal(err)
			}
			withheld, _, _ := strings.Cut(token, "~")
			for _, shown := range []string{token, withheld + "~"} {
				v := Verify(t.Context(), []byte(shown), trust, day("2031-07-10"))
				if v.Overall != c.want || v.Reason != c.reason || v.Lines.Anchoring.Answer != c.answer {
					t.Errorf("%s %s, anchoring %s; want %s %s %s", v.Overall, v.Reason, v.Lines.Anchoring.Answer, c.want, c.reason, c.answer)
				}
			}
		})
	}
}
