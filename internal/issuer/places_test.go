package issuer_test

import (
	"errors"
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
