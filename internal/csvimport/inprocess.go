package csvimport

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"sijil/internal/ledger"
)

// InProcess posts to the API's handler in this process: what a request meets on its way
// in, tokens, limits, validation and rules, is what a school's request meets.
type InProcess struct {
	Handler http.Handler
	// Base is the service's public URL.
	Base string
	// Token makes an access token for a principal, good until expires.
	Token func(ctx context.Context, as, role, institution string) (token string, expires time.Time, err error)
	Now   func() time.Time

	mu     sync.Mutex
	tokens map[[3]string]token
}

type token struct {
	text    string
	expires time.Time
}

// Post implements Poster.
func (p *InProcess) Post(ctx context.Context, q Request) (Answer, error) {
	var tally ledger.Tally
	r, err := http.NewRequestWithContext(ledger.WithTally(ctx, &tally), http.MethodPost, p.Base+q.Path, bytes.NewReader(q.Body))
	if err != nil {
		return Answer{}, fmt.Errorf("building a request of %s: %w", q.As, err)
	}
	bearer, err := p.bearer(ctx, q)
	if err != nil {
		return Answer{}, err
	}
	r.Header.Set("Authorization", "Bearer "+bearer)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", q.Key)
	r.RequestURI, r.RemoteAddr = q.Path, "127.0.0.1:0"
	var a recorder
	p.Handler.ServeHTTP(&a, r)
	return Answer{Status: a.status(), Body: a.body.Bytes(), Replayed: tally.Appended.Load() == 0 && tally.Replayed.Load() > 0}, nil
}

// bearer is the principal's token, a fresh one when it is about to end.
func (p *InProcess) bearer(ctx context.Context, q Request) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	who := [3]string{q.As, q.Role, q.Institution}
	if t, ok := p.tokens[who]; ok && p.Now().Before(t.expires.Add(-time.Minute)) {
		return t.text, nil
	}
	text, expires, err := p.Token(ctx, q.As, q.Role, q.Institution)
	if err != nil {
		return "", fmt.Errorf("making a token for %s: %w", q.As, err)
	}
	if p.tokens == nil {
		p.tokens = map[[3]string]token{}
	}
	p.tokens[who] = token{text, expires}
	return text, nil
}

// recorder is a ResponseWriter that keeps the answer.
type recorder struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header {
	if r.header == nil {
		r.header = http.Header{}
	}
	return r.header
}

func (r *recorder) WriteHeader(code int) {
	if r.code == 0 {
		r.code = code
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

func (r *recorder) status() int {
	if r.code == 0 {
		return http.StatusOK
	}
	return r.code
}
