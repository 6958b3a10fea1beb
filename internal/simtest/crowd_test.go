package simtest_test

import (
	"context"
	"testing"
	"time"

	"sijil/domain"
	"sijil/internal/access"
	"sijil/internal/apitest"
	"sijil/internal/simtest"
)

// against is a crowd at work on a running service, which nobody hurts.
func against(t *testing.T, cfg simtest.Config) (*apitest.World, *simtest.Crowd) {
	t.Helper()
	w := apitest.New(t)
	cfg.Where = func() string { return w.URL }
	cfg.Client = func(ctx context.Context, role, institution string) (string, string, error) {
		scopes, err := access.RoleScopes(role)
		if err != nil {
			return "", "", err
		}
		c, secret, err := w.Clients.Create(ctx, access.NewClient{Slug: "soak", Name: role, Institution: domain.ID(institution), Scopes: scopes})
		return c.ClientID(), secret, err
	}
	cfg.Today, cfg.Seed, cfg.Clerks = w.Clock.Now(), 1, 8
	crowd := simtest.New(cfg)
	t.Cleanup(crowd.Close)
	if err := crowd.Found(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w, crowd
}

func check(t *testing.T, w *apitest.World, crowd *simtest.Crowd) simtest.Report {
	t.Helper()
	if err := w.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := simtest.Check(t.Context(), simtest.Held{Log: w.Log, Ledger: w.Ledger, Runner: w.Runner}, &crowd.Book)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestClientsThatKeepTheirKeysLoseNothingToCutConnections(t *testing.T) {
	w, crowd := against(t, simtest.Config{Cuts: 0.3})
	enough := make(chan struct{})
	time.AfterFunc(2*time.Second, func() { close(enough) })
	if err := crowd.Work(t.Context(), enough); err != nil {
		t.Fatal(err)
	}
	for unsigned := -1; unsigned != 0; {
		var err error
		if unsigned, err = crowd.Unsigned(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := crowd.AskAgain(t.Context()); err != nil {
		t.Error(err)
	}
	if err := crowd.ReadBack(t.Context()); err != nil {
		t.Error(err)
	}
	r := check(t, w, crowd)
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	if crowd.Book.Cut.Load() == 0 || r.Commands == 0 || r.Log.Awards != r.Log.Signed {
		t.Errorf("%s; %s", &crowd.Book, r)
	}
}

// A harness that does not see clients retry wrongly proves nothing about their retries.
func TestClientsThatRetryUnderNewKeysAreSeen(t *testing.T) {
	w, crowd := against(t, simtest.Config{Cuts: 0.3})
	crowd.FreshKeys.Store(true)
	enough := make(chan struct{})
	time.AfterFunc(5*time.Second, func() { close(enough) })
	worked := crowd.Work(t.Context(), enough)
	r := check(t, w, crowd)
	if r.Err() == nil || r.Strays == 0 {
		t.Errorf("work ended with %v, and the check says: %s", worked, r)
	}
}
