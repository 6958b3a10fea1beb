package api

import (
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"
)

// observe is the outermost layer: it names the request, and logs and counts it by its
// route's pattern. Paths hold ids and queries may hold anything; neither is logged.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := s.cfg.Now()
		id, err := uuid.NewV7()
		if err != nil {
			id = uuid.New()
		}
		c := &call{id: id.String(), route: r.Method + " " + r.URL.Path}
		r = r.WithContext(withCall(r.Context(), c))
		sw := &statusWriter{ResponseWriter: w}
		sw.Header().Set("X-Request-Id", c.id)
		next.ServeHTTP(sw, r)

		took := s.cfg.Now().Sub(began)
		route := r.Pattern
		if route == "" || route == anyPath {
			route = "none"
		}
		if s.cfg.Metrics != nil {
			s.cfg.Metrics.request(route, sw.status, took)
		}
		level := slog.LevelInfo
		if quiet(route) {
			level = slog.LevelDebug
		}
		s.cfg.Logger.LogAttrs(r.Context(), level, "request", slog.String("route", route), slog.Int("status", sw.status),
			slog.Duration("took", took.Round(time.Microsecond)), slog.String("client", c.principal.Client), slog.String("correlation", c.id))
	})
}

// quiet routes are asked every few seconds by machines.
func quiet(route string) bool {
	return strings.HasSuffix(route, " /healthz") || strings.HasSuffix(route, " /readyz")
}

// recovered answers a panic with 500 and logs its stack: one request's bug does not end
// the others.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			id := correlation(r.Context())
			s.cfg.Logger.ErrorContext(r.Context(), "a request panicked; this is a bug, please report the stack", "panic", v, "stack", string(debug.Stack()), "correlation", id)
			if sw, ok := w.(*statusWriter); ok && sw.status != 0 {
				panic(http.ErrAbortHandler) // half an answer is out: cut the connection, so that nobody takes it for whole
			}
			p := newProblem(http.StatusInternalServerError, "internal", "")
			p.Instance = "urn:uuid:" + id
			writeProblem(w, p)
		}()
		next.ServeHTTP(w, r)
	})
}

// secured sets the headers of security.md 12. A page that needs more than nothing
// replaces the content policy.
func (s *Server) secured(next http.Handler) http.Handler {
	every := http.Header{
		"Content-Security-Policy":      {"default-src 'none'; frame-ancestors 'none'"},
		"X-Content-Type-Options":       {"nosniff"},
		"Referrer-Policy":              {"no-referrer"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
	}
	if strings.HasPrefix(s.cfg.PublicURL, "https://") {
		every["Strict-Transport-Security"] = []string{"max-age=63072000; includeSubDomains"}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The values are shared between requests: a handler that wants another one sets it, which
		// replaces the slice.
		maps.Copy(w.Header(), every)
		next.ServeHTTP(w, r)
	})
}

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
