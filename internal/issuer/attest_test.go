package issuer_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"sijil/domain"
	"sijil/domain/attestation"
	"sijil/domain/institution"
	"sijil/internal/eventlog"
	"sijil/internal/issuer"
	"sijil/internal/ledger"
	"sijil/verifier"
)

const letter = `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"], "credentialSubject":{"id":"did:example:a"}}`

// request is one that can be repeated.
func (w *world) request(key string) ledger.Act {
	w.t.Helper()
	a, err := w.l.Begin(w.t.Context(), ledger.Request{
		Tenant: w.tenant, Institution: w.school, Actor: "clerk", Client: "clerk", Route: "POST /credentials/issue", Key: key, Body: []byte(letter),
	})
	must(w.t, err)
	return a
}

// TestAttestDieAnywhere: after any failed or lost append, the same request ends with one
// signature over what was recorded first, in one place of the list.
func TestAttestDieAnywhere(t *testing.T) {
	for _, enveloped := range []bool{false, true} {
		for _, persisted := range []bool{false, true} {
			for at := range 3 {
				w := newWorld(t)
				w.authorize(institution.ForCredentials)
				w.authorize(institution.ForStatus)
				ctx, die := context.WithCancel(t.Context())
				n := 0
				w.log.FailAppend = func(string, []eventlog.Draft) (bool, error) {
					if n++; n <= at {
						return false, nil
					}
					die()
					return persisted, errors.New("killed")
				}
				p := issuer.NewPublisher(w.issuer(), bits{})
				if _, doc, _, err := p.Attest(ctx, w.request("1"), []byte(letter), enveloped, ""); err == nil || doc != nil {
					t.Errorf("died after %d appends, and a document left the house: %v", at, err)
				}
				w.log.FailAppend = nil
				w.pass(7e9) // a key or a second later it is still the same request
				id, doc, _, err := issuer.NewPublisher(w.issuer(), bits{}).Attest(t.Context(), w.request("1"), []byte(letter), enveloped, "")
				must(t, err)
				got, err := w.l.Attested(t.Context(), w.tenant, id)
				must(t, err)
				if got.State.Phase != attestation.Signed || !strings.Contains(string(doc), "eyJ") == enveloped {
					t.Errorf("died after %d appends (stored: %v): %+v, %s", at, persisted, got.State, doc)
				}
				for typ, want := range map[string]int{"attestation.AttestationPrepared.v1": 1, "attestation.AttestationSigned.v1": 1, "statusList.StatusIndexAssigned.v1": 1} {
					if n := w.count(typ); n != want {
						t.Errorf("died after %d appends (stored: %v): %d × %s", at, persisted, n, typ)
					}
				}
				if v := verifier.Verify(t.Context(), doc, w.trust(p), w.now()); v.Overall != verifier.Valid {
					t.Errorf("died after %d appends: %s %s %s", at, v.Overall, v.Reason, v.Detail)
				}
			}
		}
	}
}

// TestAKeyThatEndedSignsNoAttestation: what was prepared under a key that was retired meanwhile
// is not signed with it, nor with another.
func TestAKeyThatEndedSignsNoAttestation(t *testing.T) {
	w := newWorld(t)
	key := w.authorize(institution.ForCredentials)
	w.authorize(institution.ForStatus)
	n := 0
	ctx, die := context.WithCancel(t.Context())
	w.log.FailAppend = func(string, []eventlog.Draft) (bool, error) {
		if n++; n < 2 {
			return false, nil
		}
		die()
		return true, errors.New("killed")
	}
	_, _, _, err := issuer.NewPublisher(w.issuer(), bits{}).Attest(ctx, w.request("1"), []byte(letter), true, "")
	if err == nil {
		t.Fatal("it did not die")
	}
	w.log.FailAppend = nil
	w.decide(w.l.ProposeKeyRetirement(t.Context(), w.act("operator"), w.school, key.Kid, w.now()))
	w.authorize(institution.ForCredentials)
	w.pass(60e9)
	p := issuer.NewPublisher(w.issuer(), bits{})
	if _, doc, _, err := p.Attest(t.Context(), w.request("1"), []byte(letter), true, ""); domain.CodeOf(err) != "attestation_not_signed" || doc != nil {
		t.Errorf("answered %v", err)
	}
	if _, _, _, err := p.Attest(t.Context(), w.request("2"), []byte(letter), true, ""); err != nil {
		t.Errorf("another request: %v", err)
	}
}
