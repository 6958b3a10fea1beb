package issuer

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/status"
)

const (
	// ListAge is how long a reader may keep a status list; with a verifier's own cache of the
	// same age a revocation is seen everywhere within a minute.
	ListAge = 30 * time.Second
	// listLife is how long a list served online is good for.
	listLife = 24 * time.Hour
)

// GenerateKey makes a key pair here and gives what the institution's history has to say of
// it. The same kid gives the same key.
func (p *Publisher) GenerateKey(ctx context.Context, id domain.ID, kid string, purpose institution.Purpose) (institution.AuthorizeKey, error) {
	maker, ok := p.issuer.keys.(Maker)
	if !ok {
		return institution.AuthorizeKey{}, domain.Refuse(domain.Conflict, "keys_made_elsewhere", "this server's keys are made where they are kept: authorize their public halves")
	}
	return maker.Generate(ctx, id, kid, purpose, p.issuer.now())
}

// Bits answer which places of an institution's list are set.
type Bits interface {
	// Bits are the places set in list n for purpose, as known at the instant at (zero: now).
	// changed is different whenever the answer is. ok is false when there is no such list.
	Bits(ctx context.Context, tenant, institution domain.ID, n int, purpose string, at time.Time) (set []int, length int, changed string, ok bool, err error)
}

// Publisher serves what verifiers fetch. Everything it says is public.
type Publisher struct {
	issuer *Issuer
	bits   Bits

	mu    sync.Mutex
	lists map[string]List
}

// NewPublisher publishes for issuer's institutions.
func NewPublisher(i *Issuer, bits Bits) *Publisher {
	return &Publisher{issuer: i, bits: bits, lists: map[string]List{}}
}

// List is a signed status list.
type List struct {
	Token []byte
	// ETag changes when the content does, and when the list is signed again.
	ETag string
	// ValidFrom is when it was signed.
	ValidFrom time.Time
	changed   string
}

func errNotFound() error {
	return domain.Refuse(domain.Missing, "not_found", "there is no such record here")
}

// Issuer is an institution as a verifier's trust store wants it: every key it ever had.
func (p *Publisher) Issuer(ctx context.Context, id domain.ID) (did.Issuer, error) {
	_, s, err := p.issuer.ledger.IssuingInstitution(ctx, id)
	if err != nil {
		return did.Issuer{}, err
	}
	return p.issuer.trusted(id, s)
}

// trusted is an institution's keys with their history.
func (i *Issuer) trusted(id domain.ID, s institution.State) (did.Issuer, error) {
	name, err := i.DID(id)
	if err != nil {
		return did.Issuer{}, err
	}
	out := did.Issuer{ID: name, Name: joined(s.NameOn(domain.DateOf(i.now())).Name), StatusRequired: true}
	for _, k := range s.Keys {
		purpose := did.ForCredentials
		if k.Purpose == institution.ForStatus {
			purpose = did.ForStatus
		}
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

// parseList takes a list's name apart: "{institution}-{n}" or "{institution}-{n}-suspension".
func parseList(name string) (inst domain.ID, n int, purpose string, ok bool) {
	if len(name) < 38 || !domain.ID(name[:36]).Valid() || name[36] != '-' {
		return "", 0, "", false
	}
	number, purpose, has := strings.Cut(name[37:], "-")
	if !has {
		purpose = status.Revocation
	} else if purpose != status.Suspension {
		return "", 0, "", false
	}
	n, err := strconv.Atoi(number)
	return domain.ID(name[:36]), n, purpose, err == nil && n > 0 && strconv.Itoa(n) == number
}

// StatusList is the list with this name, signed, with every revocation that the read models
// have. at asks for the list as it stood then, from what was recorded; zero means now.
func (p *Publisher) StatusList(ctx context.Context, name string, at time.Time) (token []byte, etag string, err error) {
	l, err := p.List(ctx, name, at, listLife)
	return l.Token, l.ETag, err
}

// List is StatusList good for as long as life: offline bundles are read later.
func (p *Publisher) List(ctx context.Context, name string, at time.Time, life time.Duration) (List, error) {
	inst, n, purpose, ok := parseList(name)
	if !ok {
		return List{}, errNotFound()
	}
	tenant, s, err := p.issuer.ledger.IssuingInstitution(ctx, inst)
	if err != nil {
		return List{}, err
	}
	set, length, changed, ok, err := p.bits.Bits(ctx, tenant, inst, n, purpose, at)
	if err != nil {
		return List{}, err
	} else if !ok {
		return List{}, errNotFound()
	}
	now := p.issuer.now()
	cached := name
	if !at.IsZero() || life != listLife {
		cached = ""
	}
	p.mu.Lock()
	old, had := p.lists[cached]
	p.mu.Unlock()
	// Signed again well before it ends, so that a copy of any age a reader may keep is good.
	if had && cached != "" && old.changed == changed && now.Sub(old.ValidFrom) < listLife/2 {
		return old, nil
	}
	key, signer, err := p.issuer.newest(ctx, inst, s, institution.ForStatus)
	if err != nil {
		return List{}, err
	} else if signer == nil {
		return List{}, domain.Refuse(domain.Unready, "no_status_key", "the institution has no usable status key here, so its lists cannot be signed")
	}
	bits := status.NewBits(length)
	for _, i := range set {
		bits.Set(i)
	}
	issuerDID, err := p.issuer.DID(inst)
	if err != nil {
		return List{}, err
	}
	from := later(now, key.ValidFrom)
	doc, err := status.New(p.issuer.listURL(inst, n, purpose), issuerDID, purpose, bits, from, from.Add(life), ListAge)
	if err != nil {
		return List{}, fmt.Errorf("composing a status list: %w", err)
	}
	token, err := sign(signer, did.KeyID(issuerDID, did.ForStatus, key.Kid), doc)
	if err != nil {
		return List{}, err
	}
	sum := sha256.Sum256([]byte(token))
	l := List{Token: []byte(token), ETag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, ValidFrom: from, changed: changed}
	if cached != "" {
		p.mu.Lock()
		p.lists[cached] = l
		p.mu.Unlock()
	}
	return l, nil
}

// sign is doc as a vc+jwt.
func sign(key crypto.Signer, kid string, doc any) (string, error) {
	signer, err := credential.NewSigner(key, kid)
	if err != nil {
		return "", err
	}
	payload, err := credential.Payload(doc)
	if err != nil {
		return "", fmt.Errorf("encoding a status list: %w", err)
	}
	return signer.Sign(payload)
}
