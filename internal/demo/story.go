// Package demo acts out the ledger's users against a running ledger and verifier, through
// HTTP only: what it does, anybody can do with curl. It prints each step as a person would
// want to read it, and counts what is checked.
package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Config is where the parts are.
type Config struct {
	// Ledger and Verifier are base URLs.
	Ledger, Verifier string
	// Client makes an API client as the operator does with `sijil client create`, and gives
	// its id and secret.
	Client func(ctx context.Context, name, role, institution string) (id, secret string, err error)
	// CutStatus makes status lists unreachable for everybody, or reachable again.
	CutStatus func(cut bool)
	// Compare replays the log as `sijil replay --compare` does and says what it found.
	Compare func(ctx context.Context) (found string, err error)
	// Keep puts a file of the graduate's where the reader finds it.
	Keep func(name string, content []byte) error
	Out  io.Writer
	Now  time.Time
}

// Story is one performance.
type Story struct {
	Config
	run    string // makes this run's keys its own
	passed int
	failed int
	at     string // the latest X-Sijil-Position: reads carry it and see what was written
}

// New is a story about to begin.
func New(cfg Config) *Story { return &Story{Config: cfg, run: rand.Text()[:8]} }

// stop ends the story where going on makes no sense.
type stop struct{ err error }

// Play acts everything out and gives the counts. An error means that it broke off.
func (s *Story) Play(ctx context.Context) (passed, failed int, err error) {
	defer func() {
		if r := recover(); r != nil {
			st, ok := r.(stop)
			if !ok {
				panic(r)
			}
			s.failed++
			passed, failed, err = s.passed, s.failed, st.err
		}
	}()
	s.play(ctx)
	return s.passed, s.failed, nil
}

func (s *Story) chapter(title string) { fmt.Fprintf(s.Out, "\n%s\n", title) }

func (s *Story) say(format string, args ...any) {
	fmt.Fprintf(s.Out, "    %s\n", fmt.Sprintf(format, args...))
}

// check prints one line and counts it.
func (s *Story) check(ok bool, format string, args ...any) {
	mark := "✓"
	if ok {
		s.passed++
	} else {
		s.failed++
		mark = "✗"
	}
	fmt.Fprintf(s.Out, "  %s %s\n", mark, fmt.Sprintf(format, args...))
}

// person is somebody with a token.
type person struct {
	s     *Story
	name  string
	token string
}

// hire makes a client and gets it a token, as its system would.
func (s *Story) hire(ctx context.Context, name, role, institution string) *person {
	id, secret, err := s.Client(ctx, name, role, institution)
	if err != nil {
		panic(stop{fmt.Errorf("making the client %s: %w", name, err)})
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Ledger+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		panic(stop{err})
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	a := s.send(req)
	if a.status != http.StatusOK {
		panic(stop{fmt.Errorf("no token for %s: %s", name, a.body)})
	}
	return &person{s, name, a.text("access_token")}
}

// answer is an HTTP answer with its JSON.
type answer struct {
	status int
	body   []byte
	header http.Header
	json   any
}

func (s *Story) send(req *http.Request) answer {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		panic(stop{fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)})
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	if a.body, err = io.ReadAll(resp.Body); err != nil {
		panic(stop{fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)})
	}
	_ = json.Unmarshal(a.body, &a.json) // pages and images are no JSON
	if at := resp.Header.Get("X-Sijil-Position"); at != "" && req.Method != http.MethodGet {
		s.at = at
	}
	return a
}

// get follows members and indexes of the JSON; nil when something on the way is missing.
func (a answer) get(path ...any) any {
	v := a.json
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func (a answer) text(path ...any) string {
	switch v := a.get(path...).(type) {
	case string:
		return v
	case nil:
		return ""
	default:
		return fmt.Sprint(v)
	}
}

func (a answer) ok() bool { return a.status/100 == 2 }

// m is a JSON object.
type m = map[string]any

// try posts and gives whatever is answered. The key makes a retry the same command.
func (p *person) try(ctx context.Context, path, key string, body any) answer {
	var b []byte
	if body != nil {
		var err error
		if b, err = json.Marshal(body); err != nil {
			panic(stop{err})
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.s.Ledger+path, bytes.NewReader(b))
	if err != nil {
		panic(stop{err})
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	req.Header.Set("Idempotency-Key", p.s.run+"-"+key)
	return p.s.send(req)
}

// post does what must succeed for the story to go on.
func (p *person) post(ctx context.Context, path string, body any) answer {
	a := p.try(ctx, path, rand.Text(), body)
	if !a.ok() {
		panic(stop{fmt.Errorf("%s: POST %s: %d %s", p.name, path, a.status, a.body)})
	}
	return a
}

// read gets, and sees everything written so far.
func (p *person) read(ctx context.Context, path string) answer {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.s.Ledger+path, nil)
	if err != nil {
		panic(stop{err})
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	if p.s.at != "" {
		req.Header.Set("X-Sijil-Position", p.s.at)
	}
	return p.s.send(req)
}

// refused expects a refusal with a code and tells it.
func (s *Story) refused(a answer, code, what string) {
	got := a.text("code")
	why := a.text("detail")
	if why != "" {
		why = " — " + why
	}
	s.check(!a.ok() && got == code, "%s is refused: %d %s%s", what, a.status, got, why)
}

func (s *Story) day(offset int) string { return s.Now.AddDate(0, 0, offset).Format(time.DateOnly) }
