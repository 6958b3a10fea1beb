package issuer

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

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

// KeySet is the JSON at /institutions/{id}/jwks.json: every key with its history.
func (p *Publisher) KeySet(ctx context.Context, id domain.ID) ([]byte, error) {
	tenant, s, err := p.issuer.ledger.IssuingInstitution(ctx, id)
	if err != nil {
		return nil, err
	}
	issuer, err := p.issuer.trusted(id, s)
	if err != nil {
		return nil, err
	}
	if issuer.Records, err = p.recordIndex(ctx, tenant, id); err != nil {
		return nil, err
	}
	return json.Marshal(did.NewKeySet(issuer))
}

// Key is the JSON at /institutions/{id}/keys/{fragment}: one key, named as in the fragment of
// its kid. Whoever follows a kid to this URL sees no history, so a compromised key is
// refused with key_withdrawn; key_unknown when there is none.
func (p *Publisher) Key(ctx context.Context, id domain.ID, fragment string) ([]byte, error) {
	issuer, err := p.Issuer(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, k := range did.NewKeySet(issuer).Keys {
		if _, name, _ := did.Split(k.Kid); name != fragment {
			continue
		}
		if !k.CompromisedAt.IsZero() {
			return nil, domain.Refuse(domain.Gone, "key_withdrawn", "the key was compromised; jwks.json says since when")
		}
		return json.Marshal(k)
	}
	return nil, domain.Refuse(domain.Missing, "key_unknown", "the institution has no key with this kid")
}

// VCIssuer is the JSON at /.well-known/jwt-vc-issuer/institutions/{id}: the metadata by which
// a wallet finds the keys of an issuer that is named by a URL (SD-JWT VC, section 5). Its readers
// know no history, so the compromised keys are left out.
func (p *Publisher) VCIssuer(ctx context.Context, id domain.ID) ([]byte, error) {
	issuer, err := p.Issuer(ctx, id)
	if err != nil {
		return nil, err
	}
	return json.Marshal(vcIssuer{Issuer: p.issuer.base + "/institutions/" + string(id), JWKS: believed(issuer, did.ForCredentials)})
}

type vcIssuer struct {
	Issuer string `json:"issuer"`
	JWKS   jwks   `json:"jwks"`
}

type jwks struct {
	Keys []credential.JWK `json:"keys"`
}

// believed are an issuer's keys of a purpose that are not compromised.
func believed(i did.Issuer, purpose did.Purpose) jwks {
	set := jwks{Keys: []credential.JWK{}}
	for _, k := range i.Keys {
		if k.Purpose == purpose && k.CompromisedAt.IsZero() {
			set.Keys = append(set.Keys, k.JWK)
		}
	}
	return set
}

// RootDocument is the JSON at /.well-known/did.json: the authority's DID document under the
// name that is the ledger's host alone. not_found when the ledger is below a path of its
// host, or another's authority cannot be told.
func (p *Publisher) RootDocument(ctx context.Context) ([]byte, error) {
	host, authority, err := p.root(ctx)
	if err != nil {
		return nil, err
	}
	issuer, err := p.Issuer(ctx, authority)
	if err != nil {
		return nil, err
	}
	doc := did.NewDocument(renamed(issuer, host))
	doc.AlsoKnownAs = []string{issuer.ID}
	return json.Marshal(doc)
}

// RootKeySet is the JSON at /.well-known/jwks.json, and RootKey at /keys/{fragment}: the
// authority's, as [Publisher.KeySet] and [Publisher.Key] have them.
func (p *Publisher) RootKeySet(ctx context.Context) ([]byte, error) {
	_, authority, err := p.root(ctx)
	if err != nil {
		return nil, err
	}
	return p.KeySet(ctx, authority)
}

// RootKey is described at [Publisher.RootKeySet].
func (p *Publisher) RootKey(ctx context.Context, fragment string) ([]byte, error) {
	_, authority, err := p.root(ctx)
	if err != nil {
		return nil, err
	}
	return p.Key(ctx, authority, fragment)
}

// RootVCIssuer is the JSON at /.well-known/jwt-vc-issuer: for credentials whose issuer is the
// ledger's own URL.
func (p *Publisher) RootVCIssuer(ctx context.Context) ([]byte, error) {
	_, authority, err := p.root(ctx)
	if err != nil {
		return nil, err
	}
	issuer, err := p.Issuer(ctx, authority)
	if err != nil {
		return nil, err
	}
	return json.Marshal(vcIssuer{Issuer: p.issuer.base, JWKS: believed(issuer, did.ForCredentials)})
}

// root is the ledger's own DID and the authority that it stands for.
func (p *Publisher) root(ctx context.Context) (host string, authority domain.ID, err error) {
	name, err := p.issuer.DID("x")
	if err != nil {
		return "", "", err
	}
	host, _ = strings.CutSuffix(name, ":institutions:x")
	if p.Authority == nil || strings.Count(host, ":") > 2 {
		return "", "", errNotFound()
	}
	authority, err = p.Authority(ctx)
	return host, authority, err
}

// renamed is the issuer with its keys under another DID.
func renamed(i did.Issuer, id string) did.Issuer {
	keys := i.Keys
	i.ID, i.Keys = id, nil
	for _, k := range keys {
		_, fragment, _ := did.Split(k.JWK.Kid)
		k.JWK.Kid = id + "#" + fragment
		i.Keys = append(i.Keys, k)
	}
	return i
}
