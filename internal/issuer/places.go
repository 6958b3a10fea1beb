package issuer

import (
	"context"
	"crypto"
	"errors"
	"slices"
	"time"

	"sijil/domain"
	"sijil/domain/institution"
)

// Places keeps the keys of each purpose in a place of its own: credential keys may lie in a
// hardware token while status keys, which sign every half minute, lie in files.
type Places map[institution.Purpose]Keys

// Signer implements [Keys]: it looks in every place, since keys made before the places were
// set apart stay where they are.
func (p Places) Signer(ctx context.Context, inst domain.ID, kid string) (crypto.Signer, error) {
	var asked []Keys
	for _, purpose := range []institution.Purpose{institution.ForCredentials, institution.ForStatus, institution.ForAuthentication} {
		keys := p[purpose]
		if keys == nil || slices.Contains(asked, keys) {
			continue
		}
		asked = append(asked, keys)
		if signer, err := keys.Signer(ctx, inst, kid); !errors.Is(err, ErrNoKey) {
			return signer, err
		}
	}
	return nil, ErrNoKey
}

// Generate implements [Maker] in the purpose's place.
func (p Places) Generate(ctx context.Context, inst domain.ID, kid string, purpose institution.Purpose, alg string, now time.Time) (institution.AuthorizeKey, error) {
	maker, ok := p[purpose].(Maker)
	if !ok {
		return institution.AuthorizeKey{}, domain.Refuse(domain.Conflict, "keys_made_elsewhere", "this server's keys for this purpose are made where they are kept: authorize their public halves")
	}
	return maker.Generate(ctx, inst, kid, purpose, alg, now)
}
