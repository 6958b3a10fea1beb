// Package web is the public verifier over HTTP: a page that works without JavaScript and a
// JSON API, both answering with package verifier's lines. It keeps nothing of what it was
// asked: no credential, name or result is logged, cached or counted by person.
package web

import (
	"context"
	"crypto"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"sijil/verifier"
	"sijil/verifier/keyfile"
	"sijil/verifier/vcapi"
)

// Bounds of one request.
const (
	maxForm = 1 << 20 // the page's form
	maxBody = 4 << 20 // the API: a thousand diplomas
	// MaxHeader is for http.Server.MaxHeaderBytes.
	MaxHeader = 16 << 10
	// judging bounds all fetches that one request can cause together.
	judging = 10 * time.Second
)

// GCPercent is for debug.SetGCPercent in a program that does little but serve this. Nearly all
// memory is given back with each answer and a few MB stay, so that at Go's 100 the collector
// runs hundreds of times a second and takes a fifth of the processor.
const GCPercent = 400

// Config is what a server needs. Trust, Now and Log must be set.
type Config struct {
	Trust verifier.Trust
	Now   func() time.Time
	Log   *slog.Logger
	// Shares opens links to shared diplomas; nil opens none.
	Shares Sharer
	// PublicURL is where readers find this verifier ("https://verify.example"): its own links are
	// read, receipts and prints name it. Empty: receipts name nobody.
	PublicURL string
	// ReceiptKeys sign receipts; the first is used and all are published. Without any there are
	// no receipts.
	ReceiptKeys []crypto.Signer
	// PerSecond is how many requests one address may make a second, lastingly, and four times
	// as many at once; 0 means 20. A thousand tokens in one request count as
	// twenty, and a hundred documents or files.
	PerSecond float64
	// Proxies is how many proxies of the operator stand before this server, each of which adds
	// the address it was called from to X-Forwarded-For. With 0 that header is not looked
	// at, since anybody can write it.
	Proxies int
}

// Sharer opens links to shared diplomas, as [sijil/verifier/online.Trust] does.
type Sharer interface {
	// Shares reports whether link is one to open.
	Shares(link string) bool
	// Share is the signed credential under link.
	Share(ctx context.Context, link string) ([]byte, error)
	// ShareLink is the link with that code.
	ShareLink(code string) (string, bool)
}

type server struct {
	Config
	pages    *pages
	receipts *receipts
	limit    *limiter
}

// New is the verifier's handler.
func New(c Config) (http.Handler, error) {
	p, err := parsePages()
	if err != nil {
		return nil, fmt.Errorf("prepare pages: %w", err)
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	s := &server{Config: c, pages: p}
	if s.receipts, err = newReceipts(c.PublicURL, c.ReceiptKeys); err != nil {
		return nil, fmt.Errorf("prepare receipts: %w", err)
	}
	perSecond := c.PerSecond
	if perSecond == 0 {
		perSecond = 20
	}
	s.limit = newLimiter(perSecond, c.Now)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.form)
	mux.HandleFunc("GET /v", s.form) // of links that carry a credential after "#"
	mux.HandleFunc("GET /v/{code}", s.code)
	mux.HandleFunc("POST /{$}", s.check)
	mux.HandleFunc("POST /v1/verify", s.verify)
	vcapi.Register(mux, vcapi.Config{Trust: c.Trust, Now: c.Now})
	for path, a := range assets {
		mux.HandleFunc("GET "+path, a.serve)
	}
	if s.receipts != nil {
		set, err := keyfile.JWKS(s.receipts.public...)
		if err != nil {
			return nil, fmt.Errorf("prepare receipts: %w", err)
		}
		mux.HandleFunc("GET /.well-known/jwks.json", asset{"application/jwk-set+json", set, time.Hour}.serve)
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("/", s.elsewhere)
	return s.guard(mux), nil
}

// headers leave a browser nothing to do with what a stranger wrote.
var headers = http.Header{
	"Content-Security-Policy":      {"default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
	"X-Content-Type-Options":       {"nosniff"},
	"Referrer-Policy":              {"no-referrer"},
	"Cross-Origin-Opener-Policy":   {"same-origin"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Permissions-Policy":           {"camera=(self), microphone=(), geolocation=()"},
	"Cache-Control":                {"no-store"},
}

var hsts = []string{"max-age=31536000"}

// guard stands before every route: headers and limits.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for name, value := range headers {
			h[name] = value // shared: whoever wants another value sets a new one
		}
		// Over plain HTTP a browser has to disregard it (RFC 6797 section 7.2).
		if r.TLS != nil || strings.HasPrefix(s.PublicURL, "https://") {
			h["Strict-Transport-Security"] = hsts
		}
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				// The value could quote the input, and a path a share link; the kind cannot.
				s.Log.ErrorContext(r.Context(), "request failed: a defect of the verifier, please report it", "kind", fmt.Sprintf("%T", p))
				s.refuse(w, r, problem{Status: http.StatusInternalServerError, Code: "internal"}, "")
			}
		}()
		if r.URL.Path != "/healthz" && !s.limit.allow(s.caller(r), 1) {
			s.busy(w, r)
			return
		}
		if r.Header.Get("Content-Encoding") != "" {
			s.refuse(w, r, problem{Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type", Detail: "a compressed body is not read"}, "media")
			return
		}
		limit := int64(maxForm)
		if r.URL.Path == "/v1/verify" {
			limit = maxBody
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, r)
	})
}

func (s *server) busy(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "1")
	s.refuse(w, r, problem{Status: http.StatusTooManyRequests, Code: "too_many_requests"}, "busy")
}

// elsewhere answers what no route takes.
func (s *server) elsewhere(w http.ResponseWriter, r *http.Request) {
	allow := map[string]string{
		"/": "GET, HEAD, POST", "/v1/verify": http.MethodPost, vcapi.Credentials: http.MethodPost, vcapi.Presentations: http.MethodPost,
	}[r.URL.Path]
	if _, ok := assets[r.URL.Path]; ok || r.URL.Path == "/v" || r.URL.Path == "/healthz" {
		allow = "GET, HEAD"
	}
	if allow != "" {
		w.Header().Set("Allow", allow)
		s.refuse(w, r, problem{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed"}, "media")
		return
	}
	s.refuse(w, r, problem{Status: http.StatusNotFound, Code: "not_found"}, "notfound")
}

// refuse answers programs with a problem, and people with the page and a notice.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, p problem, notice string) {
	if strings.HasPrefix(r.URL.Path, "/v1/") || notice == "" || !strings.Contains(r.Header.Get("Accept"), "text/html") && r.URL.Path != "/" {
		answer(w, p)
		return
	}
	s.show(w, r, p.Status, view{Notice: notice})
}
