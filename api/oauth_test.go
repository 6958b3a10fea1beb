package api

import (
	"encoding/base64"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"sijil/internal/access"
)

func TestATokenIsIssuedForClientCredentials(t *testing.T) {
	t.Parallel()
	f := newFramework(t, func(c *Config) { c.TokensPerSecond = 1000 })
	c, secret, err := f.cfg.Clients.Create(t.Context(), access.NewClient{Slug: "testland", Scopes: []access.Scope{access.RecordsRead, access.RecordsWrite}})
	if err != nil {
		t.Fatal(err)
	}
	basic := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(c.ClientID())+":"+url.QueryEscape(secret)))
	wrong := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(c.ClientID()+":wrong"))
	none := "Authorization:"
	in := "&client_id=" + c.ClientID() + "&client_secret=" + secret
	const grant, form = "grant_type=client_credentials", "Content-Type: application/x-www-form-urlencoded"
	for name, x := range map[string]struct {
		body    string
		headers []string
		status  int
		err     string
		scope   string
	}{
		"HTTP Basic":                  {grant, []string{basic, form}, 200, "", "records:read records:write"},
		"in the form":                 {grant + in, []string{none, form}, 200, "", "records:read records:write"},
		"fewer scopes":                {grant + in + "&scope=records:read", []string{none, form}, 200, "", "records:read"},
		"a form with a charset":       {grant + in, []string{none, form + "; charset=utf-8"}, 200, "", "records:read records:write"},
		"a scope the client has not":  {grant + in + "&scope=records:read+students:write", []string{none, form}, 400, "invalid_scope", ""},
		"a scope that does not exist": {grant + in + "&scope=everything", []string{none, form}, 400, "invalid_scope", ""},
		"a wrong secret":              {grant, []string{wrong, form}, 401, "invalid_client", ""},
		"an unknown client":           {grant + "&client_id=testland.x&client_secret=" + secret, []string{none, form}, 401, "invalid_client", ""},
		"no secret":                   {grant + "&client_id=" + c.ClientID(), []string{none, form}, 401, "invalid_client", ""},
		"nobody":                      {grant, []string{none, form}, 401, "invalid_client", ""},
		"a bearer token instead":      {grant, []string{form}, 401, "invalid_client", ""},
		"Basic that is not base64":    {grant, []string{"Authorization: Basic %%%", form}, 401, "invalid_client", ""},
		"two ways at once":            {grant + in, []string{basic, form}, 400, "invalid_request", ""},
		"no grant type":               {strings.TrimPrefix(in, "&"), []string{none, form}, 400, "invalid_request", ""},
		"another grant type":          {"grant_type=password" + in, []string{none, form}, 400, "unsupported_grant_type", ""},
		"a parameter twice":           {grant + in + "&scope=records:read&scope=records:write", []string{none, form}, 400, "invalid_request", ""},
		"the grant type twice":        {grant + "&" + grant + in, []string{none, form}, 400, "invalid_request", ""},
		"JSON":                        {`{"grant_type":"client_credentials"}`, []string{none, "Content-Type: application/json"}, 400, "invalid_request", ""},
		"a form that cannot be read":  {"grant_type=%zz", []string{none, form}, 400, "invalid_request", ""},
		"a form beyond 8 kB":          {grant + in + "&x=" + strings.Repeat("x", 9000), []string{none, form}, 400, "invalid_request", ""},
		"a compressed form":           {grant + in, []string{none, form, "Content-Encoding: gzip"}, 400, "invalid_request", ""},
	} {
		r := f.send("POST", "/oauth2/token", x.body, x.headers...)
		var a struct {
			tokenAnswer
			tokenError
		}
		if err := json.Unmarshal([]byte(r.body), &a); err != nil {
			t.Fatalf("%s: %s: %v", name, r.body, err)
		}
		if r.status != x.status || a.Error != x.err || a.Scope != x.scope {
			t.Errorf("%s: %d %s, want %d %q scope %q", name, r.status, r.body, x.status, x.err, x.scope)
		}
		if r.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be cached", name)
		}
		if (r.status == 401) != (r.header.Get("WWW-Authenticate") != "") {
			t.Errorf("%s: %d with WWW-Authenticate %q", name, r.status, r.header.Get("WWW-Authenticate"))
		}
		if r.status != 200 {
			continue
		}
		if a.TokenType != "Bearer" || a.ExpiresIn != 600 {
			t.Errorf("%s: %s", name, r.body)
		}
		f.token = a.AccessToken
		if strings.Contains(a.Scope, "records:read") {
			f.send("GET", "/v1/probes", "").ok()
		}
		want := 201
		if !strings.Contains(a.Scope, "records:write") {
			want = 403
		}
		if r := f.send("POST", aProbe, `{`+anID+`}`); r.status != want {
			t.Errorf("%s: writing answers %d %s", name, r.status, r.body)
		}
	}
	if strings.Contains(f.logged.String(), secret) {
		t.Error("a secret stands in the log")
	}
	if r := f.send("POST", "/oauth2/token?"+grant+in, "x=1", none, form); r.status != 400 {
		t.Errorf("credentials in the query are taken: %d %s", r.status, r.body)
	}
	if err := f.cfg.Clients.Revoke(t.Context(), c.ClientID()); err != nil {
		t.Fatal(err)
	}
	if r := f.send("POST", "/oauth2/token", grant+in, none, form); r.status != 401 {
		t.Errorf("a revoked client gets %d %s", r.status, r.body)
	}
}

func TestTokenRequestsAreLimited(t *testing.T) {
	t.Parallel()
	f := newFramework(t, func(c *Config) { c.TokensPerSecond = 5 })
	const form = "Content-Type: application/x-www-form-urlencoded"
	last := 0
	for range 31 {
		last = f.send("POST", "/oauth2/token", "grant_type=client_credentials&client_id=testland.x&client_secret=y", "Authorization:", form).status
	}
	if last != 429 {
		t.Errorf("the 31st attempt at once is answered %d", last)
	}
	f.clock.advance(time.Second)
	if r := f.send("POST", "/oauth2/token", "grant_type=client_credentials&client_id=testland.y&client_secret=y", "Authorization:", form); r.status != 401 {
		t.Errorf("later: %d %s", r.status, r.body)
	}
}

// TestAStrangerDoesNotUseUpAnothersTokens: buckets are of a client at an address, and an IPv6
// caller does not get a new one with each of its addresses.
func TestAStrangerDoesNotUseUpAnothersTokens(t *testing.T) {
	t.Parallel()
	f := newFramework(t, func(c *Config) { c.TokensPerSecond = 5 })
	ask := func(from string) int {
		r := httptest.NewRequest("POST", "/oauth2/token", strings.NewReader("grant_type=client_credentials&client_id=testland.x&client_secret=y"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		f.Handler().ServeHTTP(w, r)
		return w.Code
	}
	last := 0
	for range 31 {
		last = ask("[2001:db8:1:2::3]:443")
	}
	if last != 429 || ask("[2001:db8:1:2:ffff::4]:443") != 429 {
		t.Errorf("a stranger's 31st attempt: %d; from a neighbouring address it goes on", last)
	}
	if got := ask("[2001:db8:9::1]:443"); got != 401 {
		t.Errorf("the client itself, elsewhere, is answered %d", got)
	}
}
