package sdjwt

import (
	"slices"
	"strings"

	"sijil/verifier/credential"
)

// Paths are where the token's disclosures stand, as [Conceal] writes paths, in the
// token's order.
func (t *Token) Paths() ([]string, *credential.Refusal) {
	r, refusal := t.reveal()
	if refusal != nil {
		return nil, refusal
	}
	var paths []string
	for _, p := range r.at {
		paths = append(paths, p.path)
	}
	return paths, nil
}

// Present is the token with those disclosures only that stand at the paths, and those that
// they stand in; everything else is withheld and a key binding dropped. A path at which
// nothing is disclosed is [credential.BadDisclosure].
func (t *Token) Present(paths ...string) (string, *credential.Refusal) {
	r, refusal := t.reveal()
	if refusal != nil {
		return "", refusal
	}
	shown := make([]bool, len(r.at))
	for _, path := range paths {
		i := slices.IndexFunc(r.at, func(p place) bool { return p.path == path })
		if i < 0 {
			return "", credential.Refuse(credential.BadDisclosure, "nothing is disclosed at one of the paths")
		}
		for ; i >= 0; i = r.at[i].parent {
			shown[i] = true
		}
	}
	jws, _, _ := strings.Cut(t.presented, "~")
	parts := []string{jws}
	for i, d := range t.disclosures {
		if shown[i] {
			parts = append(parts, d.text)
		}
	}
	return strings.Join(parts, "~") + "~", nil
}
