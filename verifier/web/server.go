// Package web is the public verifier over HTTP: a page that works without JavaScript and a
// JSON API, both answering with package verifier's lines. It keeps nothing of what it was
// asked: no credential, name or result is logged, cached or counted by person.
package web

import (
	_ "embed"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"sijil/verifier"
)

// Bounds of one request.
const (
	maxBody = 1 << 20
	// MaxHeader is for http.Server.MaxHeaderBytes.
	MaxHeader = 16 << 10
	// judging bounds all fetches that one request can cause together.
	judging = 10 * time.Second
)

// Config is what a server needs. Trust, Now and Log must be set.
type Config struct {
	Trust verifier.Trust
	Now   func() time.Time
	Log   *slog.Logger
	// PerSecond is how many requests one address may make a second, lastingly, and four times
	// as many at once; 0 means 20. Addresses are those of the connection: behind a proxy the
	// proxy limits and this should be set high.
	PerSecond float64
}

//go:embed page/style.css
var styleSheet []byte

type server struct {
	Config
	pages *pages
}

// New is the verifier's handler.
func New(c Config) (http.Handler, error) {
	p, err := parsePages()
	if err != nil {
		return nil, fmt.Errorf("prepare pages: %w", err)
	}
	s := &server{Config: c, pages: p}
	perSecond := c.PerSecond
	if perSecond == 0 {
		perSecond = 20
	}
	limit := newLimiter(perSecond, c.Now)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.form)
	mux.HandleFunc("POST /{$}", s.check)
	mux.HandleFunc("POST /v1/verify", s.verify)
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/verify" {
			w.Header().Set("Allow", http.MethodPost)
			answer(w, problem{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed"})
			return
		}
		answer(w, problem{Status: http.StatusNotFound, Code: "not_found"})
	})
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		w.Header().Set("Cache-Control", "public, max-age=86400")
		w.Write(styleSheet)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, "ok")
	})
	return s.guard(limit, mux), nil
}

// guard stands before every route: headers that leave a browser nothing to do with what a
// stranger wrote, and limits.
func (s *server) guard(limit *limiter, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Strict-Transport-Security", "max-age=31536000")
		h.Set("Cache-Control", "no-store")
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				// The value could quote the input; the place cannot.
				s.Log.ErrorContext(r.Context(), "request failed: a defect of the verifier, please report it", "path", r.URL.Path, "kind", fmt.Sprintf("%T", p))
				answer(w, problem{Status: http.StatusInternalServerError, Code: "internal"})
			}
		}()
		if r.URL.Path != "/healthz" && !limit.allow(r.RemoteAddr) {
			h.Set("Retry-After", "1")
			s.refuse(w, r, problem{Status: http.StatusTooManyRequests, Code: "too_many_requests"}, "busy")
			return
		}
		if r.Header.Get("Content-Encoding") != "" {
			answer(w, problem{Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type", Detail: "a compressed body is not read"})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// refuse answers people with the page and programs with a problem.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, p problem, text string) {
	if r.URL.Path != "/" {
		answer(w, p)
		return
	}
	s.show(w, r, p.Status, view{Notice: text})
}
