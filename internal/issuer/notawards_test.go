package issuer

import (
	"testing"

	"sijil/domain"
	"sijil/verifier/credential"
)

// Names of types and members are the caller's, by way of a context in the document, and in their language.
func TestNamesThatSayAwardAreRefusedInWhateverCaseAndPlace(t *testing.T) {
	for text, code := range map[string]string{
		`{"type":["VerifiableCredential","BachelorOfScience"]}`:      "diplomas_come_from_awards",
		`{"type":["VerifiableCredential","Diplôme"]}`:                "diplomas_come_from_awards",
		`{"credentialSubject":{"Doctorat":{"name":"x"}}}`:            "diplomas_come_from_awards",
		`{"credentialSubject":{"x":[{"hasDIPLOM":"x"}]}}`:            "diplomas_come_from_awards",
		`{"credentialSubject":{"x":{"type":"StatusList2021Entry"}}}`: "not_an_attestation",
		`{"type":["VerifiableCredential","Attendance"],"name":"x"}`:  "",
	} {
		v, refusal := credential.ParseJSON([]byte(text))
		if refusal != nil {
			t.Fatal(refusal)
		}
		if err := plainWords(v); domain.CodeOf(err) != code {
			t.Errorf("%s: %v, want %q", text, err, code)
		}
	}
}
