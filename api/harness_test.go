package api

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"sijil/domain"
	"sijil/internal/access"
	"sijil/internal/eventlog"
	"sijil/internal/pgtest"
	"sijil/projections"
)

// framework is the API with two operations of the test's own, a write and a read, so that
// what stands before every operation is tested without any.
type framework struct {
	*Server
	t      testing.TB
	http   *httptest.Server
	logged *lines
	clock  *testClock
	reads  *fakeProgress
	// ran counts how often an operation was reached; last is what the write took.
	ran  int
	last probe
	call call
	// fails is what the operations answer with, when set.
	fails error
	token string
}

type probe struct {
	ID        domain.ID         `json:"id"`
	Date      domain.Date       `json:"date,omitzero"`
	Score     domain.Decimal    `json:"score,omitzero"`
	Sex       domain.Descriptor `json:"sex,omitzero"`
	Title     domain.Text       `json:"title,omitzero"`
	Name      Name              `json:"name,omitzero"`
	Note      Note              `json:"note,omitzero"`
	LocalCode LocalCode         `json:"localCode,omitzero"`
	Count     int               `json:"count,omitzero" minimum:"0"`
	Items     []probeItem       `json:"items,omitzero" maxItems:"30000"`
}

type probeItem struct {
	A int `json:"a,omitzero"`
}

const logID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"

func newFramework(t testing.TB, change ...func(*Config)) *framework {
	t.Helper()
	f := &framework{t: t, logged: &lines{}, clock: &testClock{at: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}, reads: &fakeProgress{at: 100}}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	f.http = httptest.NewUnstartedServer(nil)
	tokens, err := access.NewTokens(key, "https://ledger.example")
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(f.logged, nil))
	cfg := Config{
		Progress: f.reads, Tokens: tokens, Clients: &access.Clients{Pool: pgtest.Pool(t)}, LogID: logID,
		CursorKey: bytes.Repeat([]byte{7}, 32), PublicURL: "https://ledger.example", Now: f.clock.now, Logger: logger,
	}
	for _, c := range change {
		c(&cfg)
	}
	if f.Server, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	f.registerProbes()
	f.http.Config = HTTPServer(f.Handler(), logger)
	f.http.Start()
	t.Cleanup(f.http.Close)
	f.token = f.tokenFor(access.RecordsRead, access.RecordsWrite)
	return f
}

func (f *framework) registerProbes() {
	type writeInput struct {
		ID   domain.ID `path:"id"`
		Body probe
	}
	write(f.Server, op{ID: "write-probe", Method: "POST", Path: "/v1/probes/{id}", Scope: access.RecordsWrite, Tag: "probes", Status: 201},
		func(ctx context.Context, in *writeInput) (*answer[probe], error) {
			f.ran++
			f.last, f.call = in.Body, *callOf(ctx)
			if f.fails != nil {
				return nil, f.fails
			}
			return written(f.Server, 42, "/v1/probes/"+string(in.ID), in.Body), nil
		})
	type actInput struct {
		ID domain.ID `path:"id"`
	}
	write(f.Server, op{ID: "touch-probe", Method: "POST", Path: "/v1/probes/{id}/touch", Scope: access.RecordsWrite, Tag: "probes"},
		func(ctx context.Context, in *actInput) (*answer[probe], error) {
			f.ran++
			return written(f.Server, 43, "", probe{ID: in.ID}), nil
		})
	type listInput struct {
		Paged
		Since domain.Date `query:"since"`
	}
	read(f.Server, op{ID: "list-probes", Method: "GET", Path: "/v1/probes", Scope: access.RecordsRead, Tag: "probes"},
		func(ctx context.Context, in *listInput) (page[int], error) {
			f.ran++
			if f.fails != nil {
				return page[int]{}, f.fails
			}
			after, err := f.from(ctx, in.Paged, string(in.Since))
			if err != nil {
				return page[int]{}, err
			}
			return pageOf(f.Server, ctx, in.Paged, numbersAfter(after, in.Limit+1), decimalKey, string(in.Since))
		})
	read(f.Server, op{ID: "panic", Method: "GET", Path: "/v1/panic", Scope: access.RecordsRead, Tag: "probes"},
		func(context.Context, *struct{}) (probe, error) { panic("Amina Ben Salah") })
}

func (f *framework) tokenFor(scopes ...access.Scope) string {
	f.t.Helper()
	return f.tokenIn("testland", "", scopes...)
}

func (f *framework) tokenIn(slug string, institution domain.ID, scopes ...access.Scope) string {
	f.t.Helper()
	c, _, err := f.cfg.Clients.Create(f.t.Context(), access.NewClient{Slug: slug, Institution: institution, Scopes: scopes})
	if err != nil {
		f.t.Fatal(err)
	}
	token, err := f.cfg.Tokens.Issue(c.Principal(scopes), f.clock.now())
	if err != nil {
		f.t.Fatal(err)
	}
	return token
}

type reply struct {
	t      testing.TB
	status int
	header http.Header
	body   string
}

// send sends one request; headers "Name: value" replace the usual ones, "Name:" drops one.
func (f *framework) send(method, path, body string, headers ...string) reply {
	f.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(f.t.Context(), method, f.http.URL+path, r)
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+f.token)
	if method != "GET" {
		req.Header.Set("Idempotency-Key", "k1")
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		add := strings.HasPrefix(name, "+")
		name = strings.TrimPrefix(name, "+")
		if !add {
			req.Header.Del(name)
		}
		if value != "" {
			req.Header[http.CanonicalHeaderKey(name)] = append(req.Header[http.CanonicalHeaderKey(name)], strings.TrimPrefix(value, " "))
		}
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return reply{f.t, resp.StatusCode, resp.Header, string(b)}
}

func (r reply) code() string {
	var p Problem
	_ = json.Unmarshal([]byte(r.body), &p) // no problem has no code
	return p.Code
}

// is fails unless the answer is a problem of this status and code that the table explains.
func (r reply) is(status int, code string) {
	r.t.Helper()
	if r.status != status || r.code() != code || r.header.Get("Content-Type") != "application/problem+json" {
		r.t.Errorf("%d %s %s, want problem %d %s", r.status, r.header.Get("Content-Type"), r.body, status, code)
	}
	if _, ok := codes[r.code()]; !ok {
		r.t.Errorf("code %q is not explained", r.code())
	}
}

type testClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *testClock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }
func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// fakeProgress is a read model at a position.
type fakeProgress struct{ at eventlog.Position }

func (p *fakeProgress) WaitFor(_ context.Context, at eventlog.Position, limit time.Duration) error {
	if at <= p.at {
		return nil
	}
	if limit != 2*time.Second {
		return context.DeadlineExceeded
	}
	return projections.ErrBehind
}

// lines keeps what handlers log while the test reads it.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(b) }

func (l *lines) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }
