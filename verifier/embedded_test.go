package verifier

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"sijil/verifier/credential"
	"sijil/verifier/dataintegrity"
	"sijil/verifier/did"
)

// prove is a document with one more embedded proof.
func prove(t testing.TB, doc any, key crypto.Signer, o dataintegrity.Options) []byte {
	b, ok := doc.([]byte)
	if !ok {
		b = mustPayload(t, doc)
	}
	out, err := dataintegrity.Sign(b, key, o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (w world) schoolKey() (ed25519.PrivateKey, string) {
	return ed25519.NewKeyFromSeed(append(make([]byte, 31), 1)), w.ledger.issuer.Keys[0].JWK.Kid
}

// embedded is a diploma as Open Badges JSON with an eddsa-rdfc-2022 proof.
func (w world) embedded(t testing.TB, n int) []byte {
	key, kid := w.schoolKey()
	return prove(t, w.achievement(n), key, dataintegrity.Options{VerificationMethod: kid, Purpose: credential.AssertionMethod, Created: w.now})
}

// presentJSON is a presentation with an embedded proof of the holder's.
func (w world) presentJSON(t testing.TB, o dataintegrity.Options, items ...any) []byte {
	o.VerificationMethod = w.kid
	if o.Purpose == "" {
		o.Purpose = credential.Authentication
	}
	return prove(t, object{"@context": []string{credential.ContextV2}, "type": []string{"VerifiablePresentation"}, "holder": w.holder.id, "verifiableCredential": items}, w.holder.key, o)
}

func TestAnEmbeddedProofIsJudgedAsATokenIs(t *testing.T) {
	w := newWorld(t)
	doc := w.embedded(t, 7)
	v := Verify(t.Context(), doc, w.trust(t), w.now)
	if v.Overall != Valid || v.Format != credential.FormatEdDSA2022 || v.Credential.Holder != "أمينة بن صالح" || len(v.Warnings) > 0 {
		t.Fatalf("%s %s %v (%s) %v", v.Format, v.Overall, v.Reasons, v.Detail, v.Warnings)
	}
	key, kid := w.schoolKey()
	named := prove(t, w.achievement(7), key, dataintegrity.Options{VerificationMethod: did.MultikeyID(kid), Purpose: credential.AssertionMethod})
	if v := Verify(t.Context(), named, w.trust(t), w.now); v.Overall != Valid {
		t.Errorf("by the key's other name: %s %v", v.Overall, v.Reasons)
	}
	form, refusal := parse(doc)
	if refusal != nil {
		t.Fatal(refusal)
	}
	sum := form.Digest()
	w.records = []did.Record{{ID: w.achievement(7).ID, Issuer: w.ledger.issuer.ID, PayloadSHA256: hex.EncodeToString(sum[:]), RecordedAt: did.Instant{Time: w.now}}}
	if v := Verify(t.Context(), doc, w.trust(t), w.now); v.Lines.Anchoring.Answer != True {
		t.Errorf("recorded: %+v", v.Lines.Anchoring)
	}
	w.records = nil
	w.bits.Set(7)
	if v := Verify(t.Context(), doc, w.trust(t), w.now); v.Overall != NotValid || v.Reason != Revoked {
		t.Errorf("revoked: %s %v", v.Overall, v.Reasons)
	}
}

func TestAnEmbeddedProofSaysWhatItIsForAndWhen(t *testing.T) {
	w := newWorld(t)
	key, kid := w.schoolKey()
	proof := func(o dataintegrity.Options) []byte {
		if o.VerificationMethod == "" {
			o.VerificationMethod = kid
		}
		if o.Purpose == "" {
			o.Purpose = credential.AssertionMethod
		}
		return prove(t, w.achievement(7), key, o)
	}
	own := with(asObject(t, w.achievement(7)), "issuer", object{"id": w.holder.id, "type": []string{"Profile"}})
	delete(own, "credentialStatus")
	both := prove(t, w.embedded(t, 7), w.holder.key, dataintegrity.Options{VerificationMethod: w.kid, Purpose: credential.AssertionMethod})
	for name, c := range map[string]struct {
		doc    []byte
		want   Overall
		reason credential.Reason
	}{
		"in its time":                        {proof(dataintegrity.Options{Created: w.now, Expires: w.now.Add(time.Hour)}), Valid, ""},
		"for authentication":                 {proof(dataintegrity.Options{Purpose: credential.Authentication}), NotValid, KeyWrongPurpose},
		"made tomorrow":                      {proof(dataintegrity.Options{Created: w.now.AddDate(0, 0, 1)}), NotValid, NotYetValid},
		"that has ended":                     {proof(dataintegrity.Options{Created: w.now.AddDate(0, -1, 0), Expires: w.now}), NotValid, Expired},
		"by a key for status lists":          {proof(dataintegrity.Options{VerificationMethod: w.ledger.issuer.Keys[1].JWK.Kid}), NotValid, KeyWrongPurpose},
		"by another's key":                   {proof(dataintegrity.Options{VerificationMethod: w.kid}), NotValid, credential.BadSignature},
		"by a stranger":                      {proof(dataintegrity.Options{VerificationMethod: "did:web:x.example#1"}), CannotConfirm, UnknownIssuer},
		"by a did:key for itself":            {prove(t, own, w.holder.key, dataintegrity.Options{VerificationMethod: w.kid, Purpose: credential.AssertionMethod}), CannotConfirm, UnknownIssuer},
		"by a did:key for a school":          {prove(t, w.achievement(7), w.holder.key, dataintegrity.Options{VerificationMethod: w.kid, Purpose: credential.AssertionMethod}), NotValid, KeyNotForIssuer},
		"by the school and somebody else":    {both, NotValid, KeyNotForIssuer},
		"taken away":                         {mustPayload(t, w.achievement(7)), NotValid, NoProof},
		"over a name that was changed":       {bytes.Replace(w.embedded(t, 7), []byte("Licence"), []byte("Doctorat"), 1), NotValid, credential.BadSignature},
		"over a member that was added":       {bytes.Replace(w.embedded(t, 7), []byte(`{"@context"`), []byte(`{"secret":1,"@context"`), 1), NotValid, credential.UnmappedTerm},
		"over a context that was added":      {bytes.Replace(w.embedded(t, 7), []byte(credential.ContextOB3+`"`), []byte(credential.ContextOB3+`","https://x.example/v1"`), 1), CannotConfirm, credential.UnknownContext},
		"over a member that is there twice":  {bytes.Replace(w.embedded(t, 7), []byte(`{"@context"`), []byte(`{"id":"urn:x:1","@context"`), 1), NotValid, credential.AmbiguousJSON},
		"of a kind that is not checked here": {bytes.Replace(w.embedded(t, 7), []byte("eddsa-rdfc-2022"), []byte("ecdsa-sd-2023"), 1), CannotConfirm, credential.Unsupported},
	} {
		v := Verify(t.Context(), c.doc, w.trust(t), w.now)
		if v.Overall != c.want || v.Reason != c.reason {
			t.Errorf("%s: %s %v (%s), want %s %s", name, v.Overall, v.Reasons, v.Detail, c.want, c.reason)
		}
	}
}

func asObject(t testing.TB, v any) (o object) {
	if err := json.Unmarshal(mustPayload(t, v), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAPresentationWithAnEmbeddedProof(t *testing.T) {
	w := newWorld(t)
	asked := Options{Challenge: "n-1", Domain: "https://employer.example"}
	said := dataintegrity.Options{Challenge: "n-1", Domain: []string{"https://employer.example"}, Created: w.now}
	diploma := json.RawMessage(w.embedded(t, 7))
	good := w.presentJSON(t, said, diploma, envelope(w.diploma(t)))
	v := VerifyWith(t.Context(), good, w.trust(t), w.now, asked)
	if v.Overall != Valid || v.Format != credential.FormatEdDSA2022 || len(v.Items) != 2 || v.Items[0].Format != credential.FormatEdDSA2022 || v.Items[1].Format != credential.FormatVC || v.Holder != w.holder.id {
		t.Fatalf("%s %v (%s) %+v", v.Overall, v.Reasons, v.Detail, v.Items)
	}
	other := said
	other.Challenge = "n-2"
	far := said
	far.Domain = []string{"https://evil.example"}
	old := said
	old.Created = w.now.AddDate(0, 0, -1)
	asserted := said
	asserted.Purpose = credential.AssertionMethod
	for name, c := range map[string]struct {
		doc    []byte
		reason credential.Reason
	}{
		"another challenge":                         {w.presentJSON(t, other, diploma), credential.BadHolderProof},
		"another domain":                            {w.presentJSON(t, far, diploma), credential.BadHolderProof},
		"an old one":                                {w.presentJSON(t, old, diploma), credential.BadHolderProof},
		"a proof of assertion":                      {w.presentJSON(t, asserted, diploma), KeyWrongPurpose},
		"a diploma put in":                          {bytes.Replace(good, []byte(`"verifiableCredential":[`), []byte(`"verifiableCredential":[`+string(w.embedded(t, 8))+`,`), 1), credential.BadSignature},
		"a challenge written over":                  {bytes.Replace(w.presentJSON(t, other, diploma), []byte("n-2"), []byte("n-1"), 1), credential.BadSignature},
		"a diploma of which a name is" + " changed": {bytes.Replace(good, []byte("Licence"), []byte("Doctorat"), 1), credential.BadSignature},
	} {
		v := VerifyWith(t.Context(), c.doc, w.trust(t), w.now, asked)
		if v.Overall != NotValid || !slices.Contains(v.Reasons, c.reason) {
			t.Errorf("%s: %s %v (%s), want %s", name, v.Overall, v.Reasons, v.Detail, c.reason)
		}
	}
}

// TestNoChangedByteOfAnEmbeddedProofGivesAnotherContent: JSON has several spellings, so that
// a byte may change without a meaning; a document that stays valid says the same.
func TestNoChangedByteOfAnEmbeddedProofGivesAnotherContent(t *testing.T) {
	w := newWorld(t)
	doc, trust := w.embedded(t, 7), w.trust(t)
	want, err := json.Marshal(Verify(t.Context(), doc, trust, w.now).Credential)
	if err != nil {
		t.Fatal(err)
	}
	step := 1
	if slowdown > 1 {
		step = 41
	}
	for i := 0; i < len(doc); i += step {
		changed := bytes.Clone(doc)
		changed[i] ^= 1
		if v := Verify(t.Context(), changed, trust, w.now); v.Overall == Valid {
			if got, _ := json.Marshal(v.Credential); !bytes.Equal(got, want) {
				t.Errorf("byte %d changed says %s", i, got)
			}
		}
	}
}
