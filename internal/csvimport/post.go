package csvimport

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Poster sends one request and gives the answer. It is called concurrently.
type Poster interface {
	Post(ctx context.Context, r Request) (Answer, error)
}

// Request is one POST.
type Request struct {
	// As is the principal's name in the mapping, Role its role, and Institution the one it acts
	// for, "" for the authority.
	As, Role, Institution string
	Path, Key             string
	Body                  []byte
}

// Answer is an HTTP answer.
type Answer struct {
	Status int
	Body   []byte
	// Replayed: the command had been executed before and nothing was appended.
	Replayed bool
}

const (
	maxPosts  = 8
	postPause = 200 * time.Millisecond // before the first repetition; doubled each time
)

// post repeats, under the same key, what a busy or restarting server did not answer, for
// about 25 s.
func (r *run) post(ctx context.Context, q Request) (a Answer, err error) {
	for try := range maxPosts {
		if try > 0 {
			if err := pause(ctx, postPause<<(try-1)); err != nil {
				return a, err
			}
		}
		a, err = r.Poster.Post(ctx, q)
		if err == nil && a.Status != http.StatusTooManyRequests && a.Status < 500 {
			return a, nil
		}
	}
	if err != nil {
		return a, fmt.Errorf("posting: %w", err)
	}
	return a, fmt.Errorf("posting as %s: the ledger answers %d (%s): run the import again when it is well", q.As, a.Status, refusal(a).reason)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// refusal is a problem document (RFC 9457) as a reason.
func refusal(a Answer) *reject {
	code := memberOf(a.Body, []string{"code"})
	if code == "" {
		code = fmt.Sprintf("http_%d", a.Status)
	}
	var p struct {
		Detail string `json:"detail"`
		Errors []struct {
			Location string `json:"location"`
			Message  string `json:"message"`
		} `json:"errors"`
	}
	_ = json.Unmarshal(a.Body, &p) // another body leaves the code
	for _, e := range p.Errors {
		p.Detail += "; " + e.Location + ": " + e.Message
	}
	return &reject{reason: code, detail: strings.TrimPrefix(p.Detail, "; "), answered: true}
}
