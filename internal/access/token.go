// Package access says who may call: tenants, their OAuth clients in PostgreSQL, scopes
// and roles, and the signed access tokens that carry them.
package access

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sijil/domain"
)

// Principal is who calls, as the token says it.
type Principal struct {
	// Tenant is the authority, Institution the one the caller acts for; the authority itself
	// is the institution whose id is the tenant's.
	Tenant, Institution domain.ID
	// Subject is the opaque id of the client, which events name as their actor.
	Subject domain.ID
	// Client is the OAuth client id, "slug.uuid".
	Client string
	Scopes []Scope
	// Expires is the first instant at which the token is no longer good.
	Expires time.Time
}

// May reports whether the token carries scope.
func (p Principal) May(scope Scope) bool { return slices.Contains(p.Scopes, scope) }

// TokenLife is how long an access token is good: long enough for a batch, short enough
// that a lost one is soon worthless.
const TokenLife = 10 * time.Minute

// maxToken is the longest token looked at, in bytes; ours are about 900.
const maxToken = 4096

// ErrToken: the token is not one we issued for this service, or it is no longer good. Why
// is for the log, never for the caller.
var ErrToken = errors.New("access token refused")

// Tokens signs and checks RFC 9068 access tokens under one Ed25519 key that signs
// nothing else. Safe for concurrent use.
type Tokens struct {
	issuer string
	public ed25519.PublicKey
	signer jose.Signer
	header string // the one protected header that we write, in base64url
}

// NewTokens uses key for the service at issuer, its public URL, which is also the audience.
func NewTokens(key ed25519.PrivateKey, issuer string) (*Tokens, error) {
	public := key.Public().(ed25519.PublicKey)
	sum := sha256.Sum256(public)
	kid := base64.RawURLEncoding.EncodeToString(sum[:12])
	opts := (&jose.SignerOptions{}).WithType("at+jwt").WithHeader("kid", kid)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: key}, opts)
	if err != nil {
		return nil, fmt.Errorf("preparing the token key: %w", err)
	}
	t := &Tokens{issuer: issuer, public: public, signer: signer}
	probe, err := t.sign([]byte("{}"))
	if err != nil {
		return nil, err
	}
	t.header, _, _ = strings.Cut(probe, ".")
	return t, nil
}

// claims are RFC 9068 section 2.2's, with ours.
type claims struct {
	Issuer      string    `json:"iss"`
	Audience    string    `json:"aud"`
	Subject     domain.ID `json:"sub"`
	Client      string    `json:"client_id"`
	Scope       string    `json:"scope"`
	IssuedAt    int64     `json:"iat"`
	Expires     int64     `json:"exp"`
	ID          string    `json:"jti"`
	Tenant      domain.ID `json:"tenant"`
	Institution domain.ID `json:"institution"`
}

// Issue signs a token for p that is good from now for [TokenLife]; p.Expires is ignored.
func (t *Tokens) Issue(p Principal, now time.Time) (string, error) {
	payload, err := json.Marshal(claims{
		Issuer: t.issuer, Audience: t.issuer, Subject: p.Subject, Client: p.Client, Scope: FormatScopes(p.Scopes),
		IssuedAt: now.Unix(), Expires: now.Add(TokenLife).Unix(), ID: rand.Text(),
		Tenant: p.Tenant, Institution: p.Institution,
	})
	if err != nil {
		return "", fmt.Errorf("writing an access token: %w", err)
	}
	return t.sign(payload)
}

func (t *Tokens) sign(payload []byte) (string, error) {
	jws, err := t.signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("signing an access token: %w", err)
	}
	return jws.CompactSerialize()
}

// Verify is the principal of a token that this service issued and that is good at now;
// anything else is [ErrToken]. We are the only issuer, so the protected header must be byte
// for byte the one we write: no other algorithm, type, key or extension gets as far as the
// signature, and a diploma is never an access token.
func (t *Tokens) Verify(token string, now time.Time) (Principal, error) {
	if len(token) > maxToken {
		return Principal{}, fmt.Errorf("%w: too long", ErrToken)
	}
	header, rest, _ := strings.Cut(token, ".")
	if header != t.header {
		return Principal{}, fmt.Errorf("%w: not one of our headers", ErrToken)
	}
	// go-jose takes base64 with bits set that mean nothing; one token has one spelling.
	for part := range strings.SplitSeq(rest, ".") {
		if _, err := base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return Principal{}, fmt.Errorf("%w: not canonical base64url", ErrToken)
		}
	}
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return Principal{}, fmt.Errorf("%w: not a compact JWS", ErrToken)
	}
	payload, err := jws.Verify(t.public)
	if err != nil {
		return Principal{}, fmt.Errorf("%w: bad signature", ErrToken)
	}
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return Principal{}, fmt.Errorf("%w: unreadable claims", ErrToken)
	}
	switch {
	case c.Issuer != t.issuer || c.Audience != t.issuer:
		return Principal{}, fmt.Errorf("%w: issued by or for another service", ErrToken)
	case now.Unix() >= c.Expires:
		return Principal{}, fmt.Errorf("%w: expired", ErrToken)
	case now.Add(time.Minute).Unix() < c.IssuedAt: // a minute for clocks of several servers
		return Principal{}, fmt.Errorf("%w: issued in the future", ErrToken)
	case !c.Tenant.Valid() || !c.Institution.Valid() || !c.Subject.Valid():
		return Principal{}, fmt.Errorf("%w: claims missing", ErrToken)
	}
	scopes, err := ParseScopes(c.Scope)
	if err != nil {
		return Principal{}, fmt.Errorf("%w: unknown scope", ErrToken)
	}
	return Principal{
		Tenant: c.Tenant, Institution: c.Institution, Subject: c.Subject, Client: c.Client,
		Scopes: scopes, Expires: time.Unix(c.Expires, 0),
	}, nil
}
