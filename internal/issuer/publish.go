package issuer

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/verifier/credential"
	"sijil/verifier/dataintegrity"
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

// Bits answer which places of an institution's list are set.
type Bits interface {
	// Bits are the places set in list n for purpose, as known at the instant at (zero: now).
	// changed is different whenever the answer is. ok is false when there is no such list.
	Bits(ctx context.Context, tenant, institution domain.ID, n int, purpose string, at time.Time) (set []int, length int, changed string, ok bool, err error)
}

// Publisher serves what verifiers fetch. Everything it says is public.
type Publisher struct {
	// Authority is whose ledger this is, not_found when that is not one; nil for nobody's.
	Authority func(context.Context) (domain.ID, error)
	// Recorded answers verifiers who ask about what a retired or compromised key signed; nil for
	// none.
	Recorded Recorded

	issuer *Issuer
	counts counts
	bits   Bits

	mu    sync.Mutex
	lists map[string]List
}

// NewPublisher publishes for issuer's institutions.
func NewPublisher(i *Issuer, bits Bits) *Publisher {
	return &Publisher{issuer: i, bits: bits, lists: map[string]List{}}
}

// List is a signed status list in the two forms it is served in.
type List struct {
	Token []byte // vc+jwt
	// Document is the same as JSON with an eddsa-rdfc-2022 proof; nil where the status key is
	// not Ed25519, which that proof needs.
	Document []byte
	// ETag and DocumentETag change when the content does, and when the list is signed again.
	ETag, DocumentETag string
	// ValidFrom is when it was signed.
	ValidFrom time.Time
	changed   string
}

func errNotFound() error {
	return domain.Refuse(domain.Missing, "not_found", "there is no such record here")
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

// StatusListDocument is StatusList as JSON with an embedded proof. There is none (nil) where
// the status key cannot make one.
func (p *Publisher) StatusListDocument(ctx context.Context, name string, at time.Time) (document []byte, etag string, err error) {
	l, err := p.List(ctx, name, at, listLife)
	return l.Document, l.DocumentETag, err
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
	if !at.IsZero() {
		// For the moment that was asked for and as long as a copy may be kept: with a later end it
		// would pass for the list of today, and what was revoked since for good.
		from, life = at, ListAge
	}
	doc, err := status.New(p.issuer.listURL(inst, n, purpose), issuerDID, purpose, bits, from, from.Add(life), ListAge)
	if err != nil {
		return List{}, fmt.Errorf("composing a status list: %w", err)
	}
	l := List{ValidFrom: from, changed: changed}
	if err := l.sign(signer, did.KeyID(issuerDID, did.ForStatus, key.Kid), doc, later(now, key.ValidFrom)); err != nil {
		return List{}, err
	}
	if cached != "" {
		p.mu.Lock()
		p.lists[cached] = l
		p.mu.Unlock()
	}
	return l, nil
}

// sign makes both forms of a list.
func (l *List) sign(key crypto.Signer, kid string, doc status.ListCredential, now time.Time) error {
	token, err := sign(key, kid, doc)
	if err != nil {
		return err
	}
	l.Token, l.ETag = []byte(token), etag([]byte(token))
	if _, ok := key.Public().(ed25519.PublicKey); !ok {
		return nil
	}
	payload, err := credential.Payload(doc)
	if err != nil {
		return fmt.Errorf("encoding a status list: %w", err)
	}
	l.Document, err = dataintegrity.Sign(payload, key, dataintegrity.Options{
		VerificationMethod: kid, Purpose: credential.AssertionMethod, Created: now,
	})
	if err != nil {
		return fmt.Errorf("signing a status list: %w", err)
	}
	l.DocumentETag = etag(l.Document)
	return nil
}

func etag(b []byte) string {
	sum := sha256.Sum256(b)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
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
