package access_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/internal/access"
	"sijil/internal/pgtest"
)

func TestAClientIsWhoItsSecretSays(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	clients := &access.Clients{Pool: pgtest.Pool(t)}
	school := domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00")
	c, secret, err := clients.Create(ctx, access.NewClient{Slug: "tunisia", Name: "école, مدرسة", Institution: school, Scopes: []access.Scope{access.StudentsRead}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := clients.Authenticate(ctx, c.ClientID(), secret)
	if err != nil || got.ID != c.ID || got.Tenant != access.TenantID("tunisia") || got.Institution != school || got.Name != "école, مدرسة" {
		t.Fatalf("authenticated as %+v, %v", got, err)
	}
	_, id, _ := strings.Cut(c.ClientID(), ".")
	for name, try := range map[string][2]string{
		"a wrong secret":               {c.ClientID(), secret[:len(secret)-1] + "_"},
		"no secret":                    {c.ClientID(), ""},
		"its digest instead":           {c.ClientID(), strings.Repeat("a", 64)},
		"the id under another tenant":  {"bosnia." + id, secret},
		"an unknown id":                {"tunisia.0190b5a2-7c3e-7d4f-8a21-000000000000", secret},
		"an id that is none":           {"tunisia", secret},
		"an id with SQL in it":         {"tunisia.' or true --", secret},
		"an upper-case spelling of it": {"tunisia." + strings.ToUpper(id), secret},
	} {
		if _, err := clients.Authenticate(ctx, try[0], try[1]); !errors.Is(err, access.ErrClient) {
			t.Errorf("%s: %v, want ErrClient", name, err)
		}
	}
}

func TestARevokedClientIsNoClient(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	clients := &access.Clients{Pool: pgtest.Pool(t)}
	c, secret, err := clients.Create(ctx, access.NewClient{Slug: "tunisia", Scopes: access.Roles["auditor"]})
	if err != nil {
		t.Fatal(err)
	}
	if c.Institution != access.TenantID("tunisia") {
		t.Errorf("without an institution a client acts for %s, want the authority itself", c.Institution)
	}
	for range 2 { // twice is once
		if err := clients.Revoke(ctx, c.ClientID()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := clients.Authenticate(ctx, c.ClientID(), secret); !errors.Is(err, access.ErrClient) {
		t.Errorf("authenticating: %v, want ErrClient", err)
	}
	if _, err := clients.Find(ctx, c.ClientID()); !errors.Is(err, access.ErrClient) {
		t.Errorf("finding: %v, want ErrClient", err)
	}
	if err := clients.Revoke(ctx, "tunisia.0190b5a2-7c3e-7d4f-8a21-000000000000"); !errors.Is(err, access.ErrClient) {
		t.Errorf("revoking nobody: %v, want ErrClient", err)
	}
	list, err := clients.List(ctx, "tunisia")
	if err != nil || len(list) != 1 || list[0].Revoked == nil {
		t.Errorf("the list is %+v, %v; want the one revoked client", list, err)
	}
}

func TestClientsOfAnotherTenantAreNotSeen(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pool := pgtest.Pool(t)
	clients := &access.Clients{Pool: pool}
	for _, slug := range []string{"tunisia", "bosnia"} {
		if _, _, err := clients.Create(ctx, access.NewClient{Slug: slug}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := clients.List(ctx, "bosnia")
	if err != nil || len(list) != 1 || list[0].Slug != "bosnia" {
		t.Errorf("bosnia lists %+v, %v", list, err)
	}
	// The second line: a query that forgets the tenant.
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select set_config('role', 'sijil_app', true), set_config('sijil.tenant', $1, true)`, access.TenantID("bosnia")); err != nil {
			return err
		}
		var clients, tenants int
		if err := tx.QueryRow(ctx, `select (select count(*) from client), (select count(*) from tenant)`).Scan(&clients, &tenants); err != nil {
			return err
		}
		if clients != 1 || tenants != 1 {
			t.Errorf("row-level security shows %d clients and %d tenants, want 1 and 1", clients, tenants)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestASlugHasOneForm(t *testing.T) {
	t.Parallel()
	clients := &access.Clients{} // refused before the database is asked
	for _, slug := range []string{"", "ab", "Tunisia", "tn_1", "-tn", "tn-", "1tn", strings.Repeat("a", 33), "تونس", "a.b"} {
		if _, _, err := clients.Create(context.Background(), access.NewClient{Slug: slug}); !errors.Is(err, access.ErrSlug) {
			t.Errorf("%q: %v, want ErrSlug", slug, err)
		}
	}
}
