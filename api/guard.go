package api

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"sijil/internal/access"
)

// guard stands before every operation: who calls, may they, how often, is the query one
// that is answered, from which position, under which key, and is the body well framed. The order matters: nothing of a
// stranger's request is parsed.
func (s *Server) guard(o op, writes bool) func(huma.Context, func(huma.Context)) {
	return func(hc huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(hc)
		if p := s.admit(r, w, hc.Operation(), o, writes); p != nil {
			writeProblem(w, p)
			return
		}
		next(hc)
	}
}

func (s *Server) admit(r *http.Request, w http.ResponseWriter, described *huma.Operation, o op, writes bool) *Problem {
	c := callOf(r.Context())
	if o.Scope != public {
		w.Header().Set("Cache-Control", "no-store")
		if p := s.authenticate(r, c); p != nil {
			return p
		}
		if !c.principal.May(o.Scope) {
			return newProblem(http.StatusForbidden, "insufficient_scope", "this operation demands the scope "+string(o.Scope)).
				with("WWW-Authenticate", `Bearer error="insufficient_scope", scope="`+string(o.Scope)+`"`)
		}
		if wait := s.clients.take(c.principal.Client); wait > 0 {
			return rateLimited(wait)
		}
	} else if wait := s.visitors.take(address(r)); wait > 0 {
		return rateLimited(wait)
	}
	if p := queried(r, described); p != nil {
		return p
	}
	if p := s.positioned(r, c, !writes); p != nil {
		return p
	}
	if writes {
		if p := idempotent(r, c, o.KeyOptional); p != nil {
			return p
		}
	}
	return framed(r, w, c, described, o.MaxBody)
}

func (s *Server) authenticate(r *http.Request, c *call) *Problem {
	token, ok := bearer(r)
	if !ok {
		return unauthenticated("")
	}
	p, err := s.tokens.verify(r.Context(), token)
	switch {
	case errors.Is(err, access.ErrToken), errors.Is(err, access.ErrClient):
		return unauthenticated("invalid_token")
	case err != nil:
		return s.problem(r.Context(), err)
	}
	c.principal = p
	return nil
}

// bearer is the token of exactly one Authorization header of exactly one token.
func bearer(r *http.Request) (string, bool) {
	list := r.Header.Values("Authorization")
	if len(list) != 1 {
		return "", false
	}
	scheme, token, _ := strings.Cut(list[0], " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || strings.ContainsAny(token, " ,\t") {
		return "", false
	}
	return token, true
}

// unauthenticated says why only in the two words of RFC 6750 section 3.1.
func unauthenticated(why string) *Problem {
	challenge := "Bearer"
	if why != "" {
		challenge += ` error="` + why + `"`
	}
	return newProblem(http.StatusUnauthorized, "unauthenticated", "").with("WWW-Authenticate", challenge)
}

func rateLimited(wait time.Duration) *Problem {
	seconds := max(1, int((wait+time.Second-1)/time.Second))
	return newProblem(http.StatusTooManyRequests, "rate_limited", "").with("Retry-After", strconv.Itoa(seconds))
}
