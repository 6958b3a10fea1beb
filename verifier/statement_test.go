package verifier

import (
	"testing"

	"sijil/verifier/credential"
)

// Whoever may sign statements in an institution's name calls them what they like. Only what awards
// something is shown as an award, with results.
func TestAStatementIsNotShownAsAnAward(t *testing.T) {
	w := newWorld(t)
	key, kid := w.schoolKey()
	signer, err := credential.NewSigner(key, kid)
	if err != nil {
		t.Fatal(err)
	}
	diploma := asObject(t, w.achievement(7))
	statement := func(subject object) object {
		return object{
			"@context": []any{credential.ContextV2, object{"result": "https://example.org/result", "value": "https://example.org/value"}},
			"type":     []string{"VerifiableCredential"}, "id": "urn:uuid:00000000-0000-4000-8000-00000000000a", "name": "Licence en informatique",
			"issuer": diploma["issuer"], "validFrom": diploma["validFrom"], "credentialStatus": diploma["credentialStatus"],
			"credentialSubject": subject,
		}
	}
	for name, c := range map[string]struct {
		doc          object
		award, title string
		results      int
	}{
		"a statement with the name of a degree": {statement(object{"name": "أمينة بن صالح", "result": []any{object{"value": "Très bien"}}}), "", "Licence en informatique", 0},
		"a plain degree of another software": {
			statement(object{"name": "x", "degree": object{"name": "Bachelor of Science"}}), "Bachelor of Science", "", 0,
		},
		"an achievement without a name": {
			statement(object{"name": "x", "achievement": object{"id": "urn:uuid:1"}}), "Licence en informatique", "", 0,
		},
	} {
		token, err := signer.Sign(mustPayload(t, c.doc))
		if err != nil {
			t.Fatal(err)
		}
		v := Verify(t.Context(), []byte(token), w.trust(t), w.now)
		if v.Overall != Valid || v.Credential.Award != c.award || v.Credential.Title != c.title || len(v.Credential.Results) != c.results {
			t.Errorf("%s: %s %v %s %+v", name, v.Overall, v.Reasons, v.Detail, v.Credential)
		}
	}
}
