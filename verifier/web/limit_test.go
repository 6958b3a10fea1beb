package web

import (
	"context"
	"io"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestWhoIsCountedBehindProxies(t *testing.T) {
	for name, c := range map[string]struct {
		proxies int
		header  []string
		want    string
	}{
		"no proxy, no header":            {0, nil, "192.0.2.1"},
		"no proxy, a header by anybody":  {0, []string{"198.51.100.7"}, "192.0.2.1"},
		"one proxy":                      {1, []string{"198.51.100.7"}, "198.51.100.7"},
		"one proxy, a header before it":  {1, []string{"203.0.113.9, 198.51.100.7"}, "198.51.100.7"},
		"one proxy, two header lines":    {1, []string{"203.0.113.9", "198.51.100.7"}, "198.51.100.7"},
		"two proxies":                    {2, []string{"203.0.113.9, 198.51.100.7, 10.0.0.1"}, "198.51.100.7"},
		"with a port":                    {1, []string{"[2001:db8::1]:5"}, "2001:db8::1"},
		"one proxy that was gone around": {1, nil, "192.0.2.1"},
		"two proxies, one gone around":   {2, []string{"10.0.0.1"}, "192.0.2.1"},
		"a header that is no address":    {1, []string{"me"}, "192.0.2.1"},
	} {
		s := &server{Config: Config{Proxies: c.proxies}}
		r := httptest.NewRequest("GET", "/", nil) // from 192.0.2.1
		for _, h := range c.header {
			r.Header.Add("X-Forwarded-For", h)
		}
		if got := s.caller(r); got != netip.MustParseAddr(c.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestAThousandCredentialsCountAsTwentyRequests(t *testing.T) {
	c := config(t, io.Discard)
	c.PerSecond = 10 // and 40 at once
	now := corpusNow
	c.Now = func() time.Time { return now }
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	many := `{"credentials":["x"` + strings.Repeat(`,"x"`, 999) + `]}`
	if w := do(h, "POST", "/v1/verify", "application/json", many); w.Code != 200 {
		t.Fatal(w.Code)
	}
	if w := do(h, "POST", "/v1/verify", "application/json", many); w.Code != 429 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), `"too_many_requests"`) {
		t.Errorf("the second at once: %d %s", w.Code, w.Body)
	}
	documents := `{"credentials":[{"x":1}` + strings.Repeat(`,{"x":1}`, 149) + `]}` // as 30
	if w := do(h, "POST", "/v1/verify", "application/json", documents); w.Code != 429 {
		t.Errorf("documents, which take more, at once: %d", w.Code)
	}
	if w := do(h, "POST", "/v1/verify", "application/json", `{"credential":"x"}`); w.Code != 200 {
		t.Errorf("a small one after it: %d", w.Code)
	}
	now = now.Add(3 * time.Second)
	if w := do(h, "POST", "/v1/verify", "application/json", many); w.Code != 200 {
		t.Errorf("three seconds later: %d", w.Code)
	}
}

// Who has gone is not worked for.
func TestNothingIsJudgedForNobody(t *testing.T) {
	ctx, gone := context.WithCancel(t.Context())
	gone()
	r := httptest.NewRequestWithContext(ctx, "POST", "/v1/verify", strings.NewReader(`{"credentials":["x","y"]}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	handler(t).ServeHTTP(w, r)
	if w.Code != 429 || strings.Contains(w.Body.String(), "verdicts") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
