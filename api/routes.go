package api

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
)

// maxURI is the longest path with query, in bytes.
const maxURI = 2048

// anyPath is the mux's pattern for what nothing else matches.
const anyPath = "/"

// routed lets through only paths that have one reading: no empty, "." or ".." segments,
// no encoded separators or controls. Those answer 404 instead of the mux's redirects.
func (s *Server) routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.RequestURI) > maxURI {
			writeProblem(w, newProblem(http.StatusRequestURITooLong, "uri_too_long", ""))
			return
		}
		if !plainPath(r) {
			writeProblem(w, newProblem(http.StatusNotFound, "not_found", ""))
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// unrouted answers what no pattern matches: 405 where the path has other methods, else 404.
func (s *Server) unrouted(w http.ResponseWriter, r *http.Request) {
	if allowed := s.methods(r); allowed != "" {
		writeProblem(w, newProblem(http.StatusMethodNotAllowed, "method_not_allowed", "").with("Allow", allowed))
		return
	}
	writeProblem(w, newProblem(http.StatusNotFound, "not_found", ""))
}

func plainPath(r *http.Request) bool {
	p := r.URL.Path
	if r.Method == http.MethodConnect || !strings.HasPrefix(p, "/") || !utf8.ValidString(p) {
		return false
	}
	escaped := strings.ToLower(r.URL.EscapedPath())
	if strings.Contains(escaped, "%2f") || strings.Contains(escaped, "%5c") || strings.ContainsFunc(p, unicode.IsControl) {
		return false
	}
	if p == "/" {
		return true
	}
	for _, segment := range strings.Split(p[1:], "/") {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
	}
	return true
}

// methods are those that the path has, as an Allow header lists them.
func (s *Server) methods(r *http.Request) string {
	var allowed []string
	for _, m := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		probe := *r
		probe.Method = m
		if _, pattern := s.mux.Handler(&probe); pattern != anyPath {
			allowed = append(allowed, m)
		}
	}
	return strings.Join(allowed, ", ")
}

// writeProblem answers outside of huma.
func writeProblem(w http.ResponseWriter, p *Problem) {
	for k, v := range p.header {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	b, err := json.Marshal(p)
	if err != nil { // strings and numbers always marshal
		return
	}
	_, _ = w.Write(b) // a caller who has left gets nothing
}
