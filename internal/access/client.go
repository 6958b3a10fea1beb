package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/domain"
)

// tenantSpace is the namespace of tenant ids. It never changes: ids, streams and keys of
// every ledger derive from it.
const tenantSpace domain.ID = "c8a5f3f6-3f52-5a0e-9a55-7f5b1f0a6d11"

// TenantID is the id of the authority with this slug, the same on every machine. It is
// also the id of the authority's own institution, the root of its subtree.
func TenantID(slug string) domain.ID { return domain.DeriveID(tenantSpace, slug) }

var slugForm = regexp.MustCompile(`^[a-z][a-z0-9-]{1,30}[a-z0-9]$`)

var (
	// ErrSlug: a tenant's slug is not 3 to 32 of a-z, 0-9 and "-", beginning with a letter.
	ErrSlug = errors.New("a tenant is named by 3 to 32 of a-z, 0-9 and -, beginning with a letter")
	// ErrClient: no such client, a wrong secret, or revoked. Which one is nobody's business.
	ErrClient = errors.New("client not known, or its secret is wrong")
)

// Client is one system or person that may ask for tokens.
type Client struct {
	Tenant domain.ID
	// ID is the token subject and the actor of what it does.
	ID          domain.ID
	Slug        string // the tenant's
	Name        string // for operators, never a person's name in a log
	Institution domain.ID
	Scopes      []string
	Created     time.Time
	Revoked     *time.Time
}

// ClientID is the OAuth client id. It carries the tenant's slug, so that the row is looked
// up under that tenant's row-level security.
func (c Client) ClientID() string { return c.Slug + "." + string(c.ID) }

// Principal is whom tokens of c with these scopes speak for.
func (c Client) Principal(scopes []Scope) Principal {
	return Principal{Tenant: c.Tenant, Institution: c.Institution, Subject: c.ID, Client: c.ClientID(), Scopes: scopes}
}

// Clients is the table of clients. Safe for concurrent use.
type Clients struct {
	// Pool's user may become sijil_app.
	Pool *pgxpool.Pool
}

// NewClient is what Create needs.
type NewClient struct {
	Slug        string
	Name        string
	Institution domain.ID // empty means the authority itself
	Scopes      []Scope
}

const (
	insertTenantSQL = `insert into tenant (tenant, slug) values ($1, $2) on conflict (tenant) do nothing`
	insertClientSQL = `
insert into client (tenant, id, name, institution, scopes, secret_sha256)
values ($1, $2, $3, $4, $5, $6)`
)

// Create makes a client and returns its secret, which is kept nowhere: what is stored is
// its SHA-256. The secret is 256 random bits, so there is nothing to guess that a slow
// password hash would have to protect, and a token request stays cheap.
func (s *Clients) Create(ctx context.Context, n NewClient) (Client, string, error) {
	if !slugForm.MatchString(n.Slug) {
		return Client{}, "", ErrSlug
	}
	id, err := uuid.NewRandom()
	if err != nil {
		return Client{}, "", fmt.Errorf("drawing a client id: %w", err)
	}
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return Client{}, "", fmt.Errorf("drawing a client secret: %w", err)
	}
	secret := base64.RawURLEncoding.EncodeToString(raw)
	c := Client{Tenant: TenantID(n.Slug), ID: domain.ID(id.String()), Slug: n.Slug, Name: n.Name, Institution: n.Institution, Scopes: []string{}}
	if c.Institution == "" {
		c.Institution = c.Tenant
	}
	for _, sc := range n.Scopes {
		c.Scopes = append(c.Scopes, string(sc))
	}
	err = s.within(ctx, c.Tenant, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, insertTenantSQL, c.Tenant, c.Slug); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertClientSQL, c.Tenant, c.ID, c.Name, c.Institution, c.Scopes, digest(secret))
		return err
	})
	if err != nil {
		return Client{}, "", fmt.Errorf("storing a client: %w", err)
	}
	return c, secret, nil
}

const selectClientSQL = `
select c.tenant::text as tenant, c.id::text as id, t.slug, c.name, c.institution::text as institution, c.scopes, c.created, c.revoked, c.secret_sha256
from client c join tenant t on t.tenant = c.tenant
where c.tenant = $1 and c.id = $2`

type clientRow struct {
	Client
	SecretSHA256 []byte `db:"secret_sha256"`
}

// Authenticate is the client with this client id and secret; [ErrClient] when there is none.
func (s *Clients) Authenticate(ctx context.Context, clientID, secret string) (Client, error) {
	row, err := s.find(ctx, clientID)
	if err != nil {
		return Client{}, err
	}
	// Compared even when the row is the zero one, so that time does not tell the cases apart.
	match := subtle.ConstantTimeCompare(digest(secret), row.SecretSHA256) == 1
	if !match || row.Revoked != nil || row.ID == "" {
		return Client{}, ErrClient
	}
	return row.Client, nil
}

// Find is the client with this client id; [ErrClient] when there is none or it was revoked.
func (s *Clients) Find(ctx context.Context, clientID string) (Client, error) {
	row, err := s.find(ctx, clientID)
	if err == nil && (row.ID == "" || row.Revoked != nil) {
		err = ErrClient
	}
	return row.Client, err
}

// find is the zero row when there is none.
func (s *Clients) find(ctx context.Context, clientID string) (row clientRow, err error) {
	slug, id, _ := strings.Cut(clientID, ".")
	if !slugForm.MatchString(slug) || !domain.ID(id).Valid() {
		return clientRow{}, nil
	}
	tenant := TenantID(slug)
	err = s.within(ctx, tenant, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectClientSQL, tenant, id)
		if err != nil {
			return err
		}
		row, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[clientRow])
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return clientRow{}, fmt.Errorf("looking up a client: %w", err)
	}
	return row, nil
}

const listClientsSQL = `
select c.tenant::text as tenant, c.id::text as id, t.slug, c.name, c.institution::text as institution, c.scopes, c.created, c.revoked
from client c join tenant t on t.tenant = c.tenant
where c.tenant = $1
order by c.created, c.id`

// List is every client of the tenant, oldest first.
func (s *Clients) List(ctx context.Context, slug string) ([]Client, error) {
	if !slugForm.MatchString(slug) {
		return nil, ErrSlug
	}
	var list []Client
	err := s.within(ctx, TenantID(slug), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, listClientsSQL, TenantID(slug))
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByName[Client])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing clients: %w", err)
	}
	return list, nil
}

const revokeClientSQL = `update client set revoked = coalesce(revoked, now()) where tenant = $1 and id = $2`

// Revoke ends a client: it gets no token any more, and servers refuse the tokens it has
// within [RevocationDelay]. Twice is once. [ErrClient] when there is none.
func (s *Clients) Revoke(ctx context.Context, clientID string) error {
	row, err := s.find(ctx, clientID)
	if err != nil {
		return err
	}
	if row.ID == "" {
		return ErrClient
	}
	err = s.within(ctx, row.Tenant, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, revokeClientSQL, row.Tenant, row.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("revoking a client: %w", err)
	}
	return nil
}

const asTenantSQL = `select set_config('role', 'sijil_app', true), set_config('sijil.tenant', $1, true)`

// within runs f under the tenant's row-level security.
func (s *Clients) within(ctx context.Context, tenant domain.ID, f func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, asTenantSQL, tenant); err != nil {
			return err
		}
		return f(tx)
	})
}

func digest(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
