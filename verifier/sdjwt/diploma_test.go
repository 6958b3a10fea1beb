package sdjwt

import (
	"slices"
	"testing"

	"sijil/verifier/credential"
)

// diploma is an Open Badges payload as the ledger makes it, with two grades.
const diploma = `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
"id":"urn:uuid:00000000-0000-4000-8000-000000000007","type":["VerifiableCredential","AchievementCredential"],
"issuer":{"id":"did:web:ledger.example:institutions:7e57","type":["Profile"],"name":"Lycée de la Plage"},
"validFrom":"2031-06-30T00:00:00Z","awardedDate":"2031-06-30T00:00:00Z",
"credentialSubject":{"id":"urn:uuid:00000000-0000-4000-9000-000000000007","type":["AchievementSubject"],"name":"أمينة بن صالح",
"identifier":[{"type":"IdentityObject","hashed":false,"identityHash":"2009-02-03","identityType":"ext:birthDate"}],
"achievement":{"id":"urn:uuid:1","type":["Achievement"],"name":"Licence","description":"Three years","criteria":{"narrative":"180 credits"}},
"result":[{"type":["Result"],"resultDescription":"urn:uuid:2","value":"Très bien"},{"type":["Result"],"resultDescription":"urn:uuid:3","value":"16.5"}]},
"credentialStatus":{"id":"https://ledger.example/status/1#7","type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"7","statusListCredential":"https://ledger.example/status/1"}}`

func TestADiplomaShowsTheGradesThatItsHolderChooses(t *testing.T) {
	holder := holderJWK(t)
	for name, c := range map[string]struct {
		make   func() (Concealed, *credential.Refusal)
		typ    credential.Type
		prefix string
		read   func(credential.Value) (credential.Credential, *credential.Refusal)
	}{
		"of the data model": {func() (Concealed, *credential.Refusal) { return Diploma([]byte(diploma)) }, TypeVC, "credentialSubject.", credential.ReadShape},
		"for wallets": {func() (Concealed, *credential.Refusal) {
			return DiplomaClaims([]byte(diploma), Wallet{Type: "https://ledger.example/vct/diploma", Issued: now, Holder: holder})
		}, TypeDC, "", ReadClaims},
	} {
		t.Run(name, func(t *testing.T) {
			concealed, refusal := c.make()
			if refusal != nil {
				t.Fatal(refusal)
			}
			full, err := concealed.Sign(signer(t, c.typ))
			if err != nil {
				t.Fatal(err)
			}
			token, refusal := ParseToken([]byte(full), credential.MaxToken)
			if refusal != nil {
				t.Fatal(refusal)
			}
			withheld, refusal := token.Present()
			if refusal != nil {
				t.Fatal(refusal)
			}
			one, refusal := token.Present(c.prefix + "result[1]")
			if refusal != nil {
				t.Fatal(refusal)
			}
			for text, results := range map[string][]string{full: {"Très bien", "16.5"}, withheld: nil, one: {"16.5"}} {
				root, refusal := check([]byte(text))
				if refusal != nil {
					t.Fatal(refusal)
				}
				shape, refusal := c.read(root)
				if refusal != nil {
					t.Fatal(refusal)
				}
				var got []string
				for _, r := range shape.Subject.Get("result").Items() {
					value, _ := r.Get("value").Text()
					got = append(got, value)
				}
				name, _ := shape.Subject.Get("name").Text()
				award, _ := shape.Subject.Get("achievement").Get("name").Text()
				if !slices.Equal(got, results) || name != "أمينة بن صالح" || award != "Licence" || len(shape.Status) != 1 ||
					shape.ID != "urn:uuid:00000000-0000-4000-8000-000000000007" || shape.Issuer != "did:web:ledger.example:institutions:7e57" {
					t.Errorf("shows %q of %q, %q (%+v), want %q", got, name, award, shape, results)
				}
				if shown := shape.Subject.Has("identifier"); shown != (text == full) {
					t.Errorf("birth data shown: %v", shown)
				}
				// With it, the published hash of the whole payload would tell what is withheld.
				if shown := shape.Subject.Has("id") || root.Has("sub"); shown != (text == full) {
					t.Errorf("the subject's random id shown: %v", shown)
				}
				times, refusal := credential.ReadTimes(root)
				if refusal != nil || times.Start().Format("2006-01-02") != "2031-06-30" || !times.End().IsZero() {
					t.Errorf("holds from %s to %s (%v)", times.Start(), times.End(), refusal)
				}
			}
		})
	}
}

func TestClaimsThatAreNoDiploma(t *testing.T) {
	for name, c := range map[string]struct {
		payload string
		reason  credential.Reason
	}{
		"no object":              {`[]`, credential.BadPayload},
		"nobody's":               {`{"vct":"x"}`, credential.BadPayload},
		"of no type":             {`{"iss":"x"}`, credential.WrongType},
		"around another":         {`{"iss":"x","vct":"x","vc":{}}`, credential.BadPayload},
		"an id that is a number": {`{"iss":"x","vct":"x","jti":7}`, credential.BadPayload},
		"a status that is empty": {`{"iss":"x","vct":"x","status":{}}`, credential.BadPayload},
	} {
		root, refusal := credential.ParseJSON([]byte(c.payload))
		if refusal != nil {
			t.Fatal(refusal)
		}
		if _, refusal := ReadClaims(root); refusal == nil || refusal.Reason != c.reason {
			t.Errorf("%s: %v, want %s", name, refusal, c.reason)
		}
	}
}
