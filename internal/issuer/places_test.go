package issuer_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/internal/issuer"
)

// TestEachPurposeHasItsPlace: keys are made in their purpose's place and found in any.
func TestEachPurposeHasItsPlace(t *testing.T) {
	const school = domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f11")
	diplomas, lists := issuer.NewFileKeys(t.TempDir()), issuer.NewFileKeys(t.TempDir())
	p := issuer.Places{institution.ForCredentials: diplomas, institution.ForStatus: lists}
	for kid, purpose := range map[string]institution.Purpose{"a": institution.ForCredentials, "b": institution.ForStatus} {
		k, err := p.Generate(t.Context(), school, kid, purpose, "ES256", time.Now())
		must(t, err)
		if k.Alg != "ES256" || k.Purpose != purpose {
			t.Errorf("made %+v", k)
		}
		if _, err := p.Signer(t.Context(), school, kid); err != nil {
			t.Errorf("%s: %v", kid, err)
		}
	}
	if _, err := diplomas.Signer(t.Context(), school, "b"); !errors.Is(err, issuer.ErrNoKey) {
		t.Errorf("a status key lies among credential keys: %v", err)
	}
	if _, err := p.Signer(t.Context(), school, "c"); !errors.Is(err, issuer.ErrNoKey) {
		t.Errorf("a key that is nowhere: %v", err)
	}
	if _, err := p.Generate(t.Context(), school, "c", institution.ForAuthentication, "EdDSA", time.Now()); domain.CodeOf(err) != "keys_made_elsewhere" {
		t.Errorf("a key without a place: %v", err)
	}
	if _, err := p.Generate(t.Context(), school, "a", institution.ForCredentials, "EdDSA", time.Now()); domain.CodeOf(err) != "kid_taken" {
		t.Errorf("one name for two keys: %v", err)
	}
}

// TestAWalletKeySignsNoDiplomas: diplomas go on under Ed25519 when a later key is for another algorithm.
func TestAWalletKeySignsNoDiplomas(t *testing.T) {
	w := newWorld(t)
	w.authorize(institution.ForStatus)
	for _, alg := range []string{"ES384", "EdDSA", "ES256"} {
		k, err := w.keys.Generate(t.Context(), w.school, fmt.Sprint("w", w.n.Add(1)), institution.ForCredentials, alg, w.now())
		must(t, err)
		w.decide(w.l.ProposeSigningKey(t.Context(), w.act("operator"), w.school, k))
		a := w.award(w.graduate(int(w.n.Add(1))))
		must(t, w.issuer().Issue(t.Context(), w.all()))
		key, _, _ := strings.Cut(w.issued(a).Token, ".")
		header, err := base64.RawURLEncoding.DecodeString(key)
		must(t, err)
		want := "EdDSA"
		if w.count("institution.SigningKeyAuthorized.v2") == 2 {
			want = alg // there is no other yet
		}
		if !strings.Contains(string(header), `"alg":"`+want+`"`) {
			t.Errorf("after a key for %s the header is %s", alg, header)
		}
	}
}
