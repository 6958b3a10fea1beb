package issuer

import (
	"context"
	"encoding/json"
	"fmt"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/status"
)

// GenerateKey makes a key pair here and gives what a proposal to authorize it says. The same
// kid gives the same key.
func (p *Publisher) GenerateKey(ctx context.Context, id domain.ID, kid string, purpose institution.Purpose, alg string) (institution.AuthorizeKey, error) {
	maker, ok := p.issuer.keys.(Maker)
	if !ok {
		return institution.AuthorizeKey{}, domain.Refuse(domain.Conflict, "keys_made_elsewhere", "this server's keys are made where they are kept: authorize their public halves")
	}
	return maker.Generate(ctx, id, kid, purpose, alg, p.issuer.now())
}

// Issuer is an institution as a verifier's trust store wants it: every key it ever had.
func (p *Publisher) Issuer(ctx context.Context, id domain.ID) (did.Issuer, error) {
	_, s, err := p.issuer.ledger.IssuingInstitution(ctx, id)
	if err != nil {
		return did.Issuer{}, err
	}
	return p.issuer.trusted(id, s)
}

// purposes are the verifier's words for what a key is for.
var purposes = map[institution.Purpose]did.Purpose{
	institution.ForCredentials:    did.ForCredentials,
	institution.ForStatus:         did.ForStatus,
	institution.ForAuthentication: did.ForAuthentication,
}

// trusted is an institution's keys with their history.
func (i *Issuer) trusted(id domain.ID, s institution.State) (did.Issuer, error) {
	name, err := i.DID(id)
	if err != nil {
		return did.Issuer{}, err
	}
	out := did.Issuer{ID: name, Name: joined(s.NameOn(domain.DateOf(i.now())).Name), StatusRequired: true, SuspensionSuffix: "-" + status.Suspension}
	for _, k := range s.Keys {
		purpose := purposes[k.Purpose]
		key := did.Key{
			JWK:     credential.JWK{Kty: k.Public.Kty, Crv: k.Public.Crv, X: k.Public.X, Y: k.Public.Y, Kid: did.KeyID(name, purpose, k.Kid), Alg: k.Alg, Use: "sig"},
			Purpose: purpose, ValidFrom: did.Instant{Time: k.ValidFrom}, ValidTo: did.Instant{Time: k.ValidUntil}, CompromisedAt: did.Instant{Time: k.CompromisedAt},
		}
		if err := key.Parse(); err != nil {
			return did.Issuer{}, fmt.Errorf("institution %s: %w", id, err)
		}
		out.Keys = append(out.Keys, key)
	}
	return out, nil
}

// DIDDocument is the JSON at /institutions/{id}/did.json.
func (p *Publisher) DIDDocument(ctx context.Context, id domain.ID) ([]byte, error) {
	issuer, err := p.Issuer(ctx, id)
	if err != nil {
		return nil, err
	}
	return json.Marshal(did.NewDocument(issuer))
}

// KeySet is the JSON at /institutions/{id}/jwks.json.
func (p *Publisher) KeySet(ctx context.Context, id domain.ID) ([]byte, error) {
	issuer, err := p.Issuer(ctx, id)
	if err != nil {
		return nil, err
	}
	return json.Marshal(did.NewKeySet(issuer))
}
