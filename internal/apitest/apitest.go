// Package apitest runs the real API over real HTTP on a database of the test's own, with
// everything that follows the log, and calls it as its users do. For tests only.
package apitest

import (
	"context"
	"io"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sijil/api"
	"sijil/domain"
	"sijil/internal/access"
	"sijil/internal/app"
	"sijil/internal/pgtest"
)

// Slug is the tenant of clients made without another one.
const Slug = "testland"

// World is one running service.
type World struct {
	*app.App
	// API is the server behind URL.
	API *api.Server
	URL string
	// Logged holds what the service logged, as text lines.
	Logged *Lines
	// Clock is the service's; it stands until it is moved.
	Clock *Clock

	t testing.TB
}

// Config's zero value works.
type Config struct {
	// Limits are the API's rates; zero means none that a test would notice.
	Limits app.Limits
}

// New starts the service and stops it when the test ends.
func New(t testing.TB) *World { return NewWith(t, Config{}) }

// NewWith is New with settings.
func NewWith(t testing.TB, cfg Config) *World {
	t.Helper()
	w := &World{t: t, Logged: &Lines{}, Clock: NewClock(time.Now().UTC())}
	logger := slog.New(slog.NewTextHandler(w.Logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a, err := app.Open(t.Context(), app.Config{DataDir: t.TempDir(), DatabaseURL: pgtest.URL(t), Now: w.Clock.Now, Logger: logger})
	if err != nil {
		t.Fatalf("opening the ledger: %v", err)
	}
	w.App = a
	if cfg.Limits == (app.Limits{}) {
		cfg.Limits = app.Limits{RequestsPerSecond: 1e6, TokensPerSecond: 1e6, PublicPerSecond: 1e6}
	}
	server := httptest.NewUnstartedServer(nil)
	w.URL = "http://" + server.Listener.Addr().String()
	if w.API, err = a.API(w.URL, cfg.Limits, nil); err != nil {
		t.Fatalf("building the API: %v", err)
	}
	server.Config = api.HTTPServer(w.API.Handler(), logger)
	server.Start()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var following sync.WaitGroup
	following.Go(func() { a.Follow(ctx) })
	t.Cleanup(func() {
		server.Close()
		stop()
		following.Wait()
		if err := a.Close(context.WithoutCancel(ctx)); err != nil {
			t.Errorf("closing the ledger: %v", err)
		}
		if t.Failed() {
			t.Log(w.Logged.String())
		}
	})
	return w
}

// Tenant is the id of the authority with the test's slug.
func (w *World) Tenant() domain.ID { return access.TenantID(Slug) }

// Client makes an OAuth client with a role for an institution ("" for the authority), gets
// a token and returns a caller with it.
func (w *World) Client(role string, institution domain.ID) *Client {
	w.t.Helper()
	scopes, err := access.RoleScopes(role)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.ClientOf(Slug, institution, scopes...)
}

// ClientOf is Client in any tenant and with any scopes.
func (w *World) ClientOf(slug string, institution domain.ID, scopes ...access.Scope) *Client {
	w.t.Helper()
	made, secret, err := w.Clients.Create(w.t.Context(), access.NewClient{Slug: slug, Name: "test", Institution: institution, Scopes: scopes})
	if err != nil {
		w.t.Fatalf("making a client: %v", err)
	}
	c := &Client{world: w, ClientID: made.ClientID(), Secret: secret, Subject: made.ID, Tenant: made.Tenant, Institution: made.Institution}
	c.Token = w.token(made.ClientID(), secret)
	return c
}

func (w *World) token(id, secret string) string {
	w.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}
	r := w.Anyone().Do("POST", "/oauth2/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded").Want(200)
	var a struct {
		Token string `json:"access_token"`
	}
	r.Read(&a)
	return a.Token
}

// Anyone is a caller without a token.
func (w *World) Anyone() *Client { return &Client{world: w} }

// Lines collects log lines.
type Lines struct {
	mu sync.Mutex
	b  strings.Builder
}

// Write implements io.Writer.
func (l *Lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

// String is what was written so far.
func (l *Lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var _ io.Writer = (*Lines)(nil)

// Clock is a clock that tests move. It goes on by a microsecond each time it is read.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// NewClock is a clock that shows at.
func NewClock(at time.Time) *Clock { return &Clock{at: at} }

// Now reads it.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Microsecond)
	return c.at
}

// Advance moves it.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Latest is the last of several positions as X-Sijil-Position carries them.
func (w *World) Latest(positions ...string) string {
	w.t.Helper()
	latest, at := "", uint64(0)
	for _, p := range positions {
		_, digits, _ := strings.Cut(p, ":")
		n, err := strconv.ParseUint(digits, 10, 64)
		if err != nil {
			w.t.Fatalf("position %q: %v", p, err)
		}
		if n >= at {
			latest, at = p, n
		}
	}
	return latest
}
