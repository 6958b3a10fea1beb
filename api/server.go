// Package api is the ledger over HTTP: operations under /v1, one file per resource, with
// one door for errors, one for tokens, one for limits. It decides nothing: it parses, calls
// the ledger or a projection, and answers.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"sijil/internal/access"
	"sijil/internal/eventlog"
	"sijil/internal/ledger"
	"sijil/internal/vault"
	"sijil/projections"
)

//go:generate go test -run ^(TestProblemsAreDocumented|TestTheDocumentIsTheOneReviewed)$ . -update

// Config is what the API works with. Fields without a remark are required.
type Config struct {
	Ledger *ledger.Ledger
	// Reader reads the read models, Progress says how far they are: a *projections.Runner.
	Reader   *projections.Reader
	Progress Progress
	// Vault opens sealed personal data for answers.
	Vault   *vault.Vault
	Tokens  *access.Tokens
	Clients *access.Clients
	// LogID names the event log in positions.
	LogID string
	// CursorKey is the secret, 32 bytes, that seals cursors. All servers of one database
	// share it.
	CursorKey []byte
	// PublicURL is where callers find the service, without a slash at the end. Links and
	// tokens are made from it, never from a request's Host.
	PublicURL string
	Now       func() time.Time
	Logger    *slog.Logger
	// Ready are asked by /readyz; none means always ready.
	Ready []Check
	// Metrics may be nil.
	Metrics *Metrics
	// Publisher makes what verifiers fetch; without one, its operations fail.
	Publisher Publisher
	// BundleKeys is the public key of offline bundles as a JWKS; empty where none are made.
	BundleKeys []byte
	// RequestsPerSecond limits each client; 0 means 2,000, with bursts of twice that.
	RequestsPerSecond float64
	// TokensPerSecond limits token requests of each client id; 0 means 5, with bursts of 30.
	// Addresses, which may be proxies of many, have ten times that.
	TokensPerSecond float64
	// PublicPerSecond limits what each address asks without a token; 0 means 200, with bursts
	// of 1,000.
	PublicPerSecond float64
}

// Progress is how far the read models are.
type Progress interface {
	// WaitFor returns nil once every read model has applied everything up to at, and
	// [projections.ErrBehind] when that takes longer than limit.
	WaitFor(ctx context.Context, at eventlog.Position, limit time.Duration) error
}

// Check is one thing that must be well for the service to be ready.
type Check struct {
	Name  string
	Check func(context.Context) error
}

// Server is the API. Its Handler is safe for concurrent use.
type Server struct {
	cfg     Config
	mux     *http.ServeMux
	api     huma.API
	cursors *cursors
	tokens  *verified
	// Buckets by client, by client at the token endpoint, and by address.
	clients, askers, askerAddresses, visitors *limiters
	grants                                    map[string]access.Scope // by operation id

	draining atomic.Bool
}

// New builds the API. An error means that cfg is not complete.
func New(cfg Config) (*Server, error) {
	if cfg.Tokens == nil || cfg.Clients == nil || cfg.LogID == "" || cfg.PublicURL == "" || cfg.Now == nil || cfg.Logger == nil || cfg.Progress == nil {
		return nil, errors.New("the API's configuration is not complete")
	}
	if cfg.RequestsPerSecond == 0 {
		cfg.RequestsPerSecond = 2000
	}
	if cfg.TokensPerSecond == 0 {
		cfg.TokensPerSecond = 5
	}
	if cfg.PublicPerSecond == 0 {
		cfg.PublicPerSecond = 200
	}
	cursors, err := newCursors(cfg.CursorKey)
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, mux: http.NewServeMux(), cursors: cursors, grants: map[string]access.Scope{},
		tokens:         newVerified(cfg.Tokens, cfg.Clients, cfg.Now),
		clients:        newLimiters(cfg.RequestsPerSecond, 2*cfg.RequestsPerSecond, cfg.Now),
		askers:         newLimiters(cfg.TokensPerSecond, 6*cfg.TokensPerSecond, cfg.Now),
		askerAddresses: newLimiters(10*cfg.TokensPerSecond, 60*cfg.TokensPerSecond, cfg.Now),
		visitors:       newLimiters(cfg.PublicPerSecond, 5*cfg.PublicPerSecond, cfg.Now),
	}
	s.api = humago.New(s.mux, openAPI())
	s.mux.HandleFunc(anyPath, s.unrouted)
	s.registerToken()
	s.registerPages()
	for _, register := range resources {
		register(s)
	}
	return s, nil
}

// Handler serves the public listener.
func (s *Server) Handler() http.Handler {
	return s.observe(s.recovered(s.secured(s.routed(s.mux))))
}

// Drain makes /readyz false, so that a load balancer sends nobody here any more.
func (s *Server) Drain() { s.draining.Store(true) }

// OpenAPI is the document, as /openapi.json answers it.
func (s *Server) OpenAPI() *huma.OpenAPI { return s.api.OpenAPI() }

// HTTPServer is h behind the time and size limits of security.md 9: headers at most 16 kB
// within 5 s, a request within 30 s, an answer within 60 s.
func HTTPServer(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16<<10 - 4<<10, // net/http allows 4 kB more than it is told
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}
