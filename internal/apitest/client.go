package apitest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"sijil/domain"
)

// Client calls the API with one token. It carries the last position that a write answered,
// so that its reads see its writes.
type Client struct {
	ClientID, Secret string
	Token            string
	// Subject is the actor of what it writes.
	Subject, Tenant, Institution domain.ID
	// Position goes with the next read; other clients may take it over.
	Position string

	world *World
}

// Response is one answer, read to its end.
type Response struct {
	Status int
	Header http.Header
	Body   []byte

	client *Client
	asked  string
}

// patience is how long Get repeats a read that came too early: on a machine that runs
// many tests at once the read models may need more than the two seconds the API waits.
const patience = 30 * time.Second

// Get reads path, and repeats a read that is answered read_behind, as clients do.
func (c *Client) Get(path string, headers ...string) *Response {
	c.world.t.Helper()
	if c.Position != "" {
		headers = append([]string{"X-Sijil-Position", c.Position}, headers...)
	}
	for began := time.Now(); ; {
		r := c.Do("GET", path, nil, headers...)
		if r.Status != http.StatusServiceUnavailable || r.Code() != "read_behind" || time.Since(began) > patience {
			return r
		}
	}
}

// Post writes body to path under a fresh Idempotency-Key.
func (c *Client) Post(path string, body any, headers ...string) *Response {
	c.world.t.Helper()
	return c.Do("POST", path, body, append([]string{"Idempotency-Key", uuid.NewString()}, headers...)...)
}

// Do sends any request: a string or []byte body goes as it is, anything else as JSON.
// headers are pairs and replace what would be sent; an empty value leaves a header out.
func (c *Client) Do(method, path string, body any, headers ...string) *Response {
	t := c.world.t
	t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	case []byte:
		reader = bytes.NewReader(b)
	default:
		j, err := json.Marshal(b)
		if err != nil {
			t.Fatalf("writing a request: %v", err)
		}
		reader = bytes.NewReader(j)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, c.world.URL+path, reader)
	if err != nil {
		t.Fatalf("making a request: %v", err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Del(headers[i])
		if headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	resp, err := httpClient.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: reading the answer: %v", method, path, err)
	}
	if p := resp.Header.Get("X-Sijil-Position"); p != "" && method != "GET" {
		c.Position = p
	}
	return &Response{resp.StatusCode, resp.Header, b, c, method + " " + path}
}

// httpClient follows no redirect: the API has none that a program should follow.
var httpClient = &http.Client{
	Timeout:       30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Want ends the test unless the status is as wanted.
func (r *Response) Want(status int) *Response {
	t := r.client.world.t
	t.Helper()
	if r.Status != status {
		t.Fatalf("%s: %d, want %d: %s", r.asked, r.Status, status, r.Body)
	}
	return r
}

// WantProblem ends the test unless the answer is a problem document with this status and code.
func (r *Response) WantProblem(status int, code string) *Response {
	t := r.client.world.t
	t.Helper()
	if r.Status != status || r.Code() != code || r.Header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("%s: %d %s, want problem %d %s", r.asked, r.Status, r.Body, status, code)
	}
	return r
}

// Code is the problem's code, or "".
func (r *Response) Code() string {
	var p struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(r.Body, &p) // no problem document has no code
	return p.Code
}

// Read decodes the body into v.
func (r *Response) Read(v any) {
	t := r.client.world.t
	t.Helper()
	if err := json.Unmarshal(r.Body, v); err != nil {
		t.Fatalf("%s: reading %s: %v", r.asked, r.Body, err)
	}
}

// Field is a member of the body's object as text, by its path: Field("items", "0", "id").
func (r *Response) Field(path ...string) string {
	t := r.client.world.t
	t.Helper()
	var v any
	r.Read(&v)
	for _, p := range path {
		switch x := v.(type) {
		case map[string]any:
			v = x[p]
		case []any:
			n, err := json.Number(p).Int64()
			if err != nil || int(n) >= len(x) {
				return ""
			}
			v = x[n]
		default:
			return ""
		}
	}
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
