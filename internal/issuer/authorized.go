package issuer

import (
	"context"
	"crypto"
	"errors"
	"slices"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/verifier/credential"
	"sijil/verifier/did"
)

// usable is a key the institution may sign with now, and whose private half is here.
type usable struct {
	institution institution.State
	did         string
	key         institution.Key
	signer      *credential.Signer
}

// usable is the newest credential key that the institution's history authorizes now and whose
// private half is here and matches; without one, or without such a status key, signer is nil.
func (i *Issuer) usable(ctx context.Context, j job) (usable, error) {
	inst, err := i.ledger.Institution(ctx, i.act(j), j.fact.Institution)
	if err != nil {
		return usable{}, err
	}
	u := usable{institution: inst.State}
	if u.did, err = i.DID(j.fact.Institution); err != nil {
		return u, err
	}
	// A credential that nobody can revoke must not leave the house.
	if _, s, err := i.newest(ctx, j.fact.Institution, inst.State, institution.ForStatus); err != nil || s == nil {
		return u, err
	}
	key, signer, err := i.newest(ctx, j.fact.Institution, inst.State, institution.ForCredentials)
	if err != nil || signer == nil {
		return u, err
	}
	u.key = key
	u.signer, err = credential.NewSigner(signer, did.KeyID(u.did, did.ForCredentials, key.Kid))
	return u, err
}

// authorized is a signer for one key, nil when it may not be used now or is not here.
func (i *Issuer) authorized(ctx context.Context, j job, kid string) (*credential.Signer, error) {
	inst, err := i.ledger.Institution(ctx, i.act(j), j.fact.Institution)
	if err != nil {
		return nil, err
	}
	key, ok := inst.State.Key(kid)
	if !ok || key.Purpose != institution.ForCredentials || !key.Usable(i.now()) {
		return nil, nil
	}
	signer, err := i.private(ctx, j.fact.Institution, key)
	if err != nil || signer == nil {
		return nil, err
	}
	issuerDID, err := i.DID(j.fact.Institution)
	if err != nil {
		return nil, err
	}
	return credential.NewSigner(signer, did.KeyID(issuerDID, did.ForCredentials, kid))
}

// newest is the newest usable key of a purpose whose private half is here, nil for none. Ed25519
// keys come first: others are there for formats that cannot do with one.
func (i *Issuer) newest(ctx context.Context, inst domain.ID, s institution.State, purpose institution.Purpose) (institution.Key, crypto.Signer, error) {
	keys := s.UsableKeys(purpose, i.now())
	slices.Reverse(keys)
	slices.SortStableFunc(keys, func(a, b institution.Key) int { return rank(a) - rank(b) })
	for _, k := range keys {
		if signer, err := i.private(ctx, inst, k); err != nil || signer != nil {
			return k, signer, err
		}
	}
	return institution.Key{}, nil, nil
}

func rank(k institution.Key) int {
	if k.Alg == "EdDSA" {
		return 0
	}
	return 1
}

// private is the private half of an authorized key, nil when it is not here. A file whose
// public half is another than the authorized one was put there by somebody: it signs nothing.
func (i *Issuer) private(ctx context.Context, inst domain.ID, key institution.Key) (crypto.Signer, error) {
	signer, err := i.keys.Signer(ctx, inst, key.Kid)
	if errors.Is(err, ErrNoKey) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	jwk, err := credential.NewJWK(signer.Public(), key.Kid)
	if err != nil {
		return nil, err
	}
	if (institution.PublicKey{Kty: jwk.Kty, Crv: jwk.Crv, X: jwk.X, Y: jwk.Y}) != key.Public || jwk.Alg != key.Alg {
		i.logger.ErrorContext(ctx, "a signing key is not the one its institution authorized under this name; it is not used", "institution", inst, "kid", key.Kid)
		return nil, nil
	}
	return signer, nil
}
