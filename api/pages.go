package api

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

//go:embed assets
var assets embed.FS

// docsPolicy lets the documentation page run its own scripts and call this server. The
// styles inline are Swagger UI's, which cannot do without.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

const pagePolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// registerPages serves what is not an operation: the document, its page, the explanations
// of problem codes, health.
func (s *Server) registerPages() {
	files, err := fs.Sub(assets, "assets")
	if err != nil { // the directory is embedded
		panic(err)
	}
	s.mux.Handle("GET /docs/assets/", http.StripPrefix("/docs/assets", cached(noListing(http.FileServerFS(files)))))
	s.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/docs", http.StatusFound) })
	s.mux.HandleFunc("GET /docs", static(docsPolicy, docsPage, nil))
	s.mux.HandleFunc("GET /problems", static(pagePolicy, problemsPage, Codes))
	s.mux.HandleFunc("GET /problems/{code}", s.problemPage)
	s.mux.HandleFunc("GET /openapi.json", s.document(sync.OnceValues(s.Document)))
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { health(w, nil) })
	s.mux.HandleFunc("GET /readyz", s.ready)
}

func cached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=3600")
		next.ServeHTTP(w, r)
	})
}

func noListing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") || !strings.Contains(r.URL.Path, ".") {
			writeProblem(w, newProblem(http.StatusNotFound, "not_found", ""))
			return
		}
		next.ServeHTTP(w, r)
	})
}

var pages = template.Must(template.ParseFS(assets, "assets/*.html"))

const docsPage, problemsPage = "docs.html", "problems.html"

func static(policy, name string, data func() []Code) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		var list []Code
		if data != nil {
			list = data()
		}
		render(w, policy, name, list)
	}
}

func (s *Server) problemPage(w http.ResponseWriter, r *http.Request) {
	c, ok := codes[r.PathValue("code")]
	if !ok {
		writeProblem(w, newProblem(http.StatusNotFound, "not_found", ""))
		return
	}
	render(w, pagePolicy, problemsPage, []Code{c})
}

func render(w http.ResponseWriter, policy, name string, data []Code) {
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = pages.ExecuteTemplate(w, name, data) // fails only when the caller has left
}

// document answers the OpenAPI document, in the order in which it reads best. It is made once:
// anybody may ask for it, as often as they like.
func (s *Server) document(made func() ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		b, err := made()
		if err != nil {
			writeProblem(w, newProblem(http.StatusInternalServerError, "internal", ""))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(b) // a caller who has left gets nothing
	}
}

// Document is the OpenAPI 3.1 document as indented JSON.
func (s *Server) Document() ([]byte, error) {
	b, err := s.OpenAPI().MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("writing the OpenAPI document: %w", err)
	}
	v := jsontext.Value(b)
	if err := v.Indent(jsontext.WithIndent("  ")); err != nil {
		return nil, fmt.Errorf("writing the OpenAPI document: %w", err)
	}
	return append(v, '\n'), nil
}

// readyTimeout bounds /readyz: a load balancer's patience is short.
const readyTimeout = 2 * time.Second

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		health(w, []string{"shutting down"})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	var failed []string
	for _, c := range s.cfg.Ready {
		if err := c.Check(ctx); err != nil {
			failed = append(failed, c.Name)
			s.cfg.Logger.WarnContext(ctx, "not ready", "check", c.Name, "err", err)
		}
	}
	health(w, failed)
}

type healthAnswer struct {
	Status string   `json:"status"`
	Failed []string `json:"failed,omitempty"`
}

func health(w http.ResponseWriter, failed []string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	a := healthAnswer{Status: "ok"}
	if len(failed) > 0 {
		a = healthAnswer{"not ready", failed}
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.MarshalWrite(w, a) // a caller who has left gets nothing
}

// schema is v's schema in the document, by reference.
func (s *Server) schema(v any) *huma.Schema {
	return s.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(v), true, "")
}
