package api

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"sijil/internal/access"
)

func principalOf(f *framework) access.Principal {
	f.t.Helper()
	p, err := f.cfg.Tokens.Verify(f.token, f.clock.now())
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

func TestOnlyAGoodTokenIsLetIn(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	good := f.token
	parts := strings.Split(good, ".")
	other := newFramework(t)
	for name, headers := range map[string][]string{
		"no header":                 {"Authorization:"},
		"an empty header":           {"Authorization: "},
		"a scheme only":             {"Authorization: Bearer "},
		"null":                      {"Authorization: Bearer null"},
		"another scheme":            {"Authorization: Basic YTpi"},
		"the token as Basic":        {"Authorization: Basic " + good},
		"two tokens in one header":  {"Authorization: Bearer " + good + ", Bearer " + other.token},
		"two headers":               {"+Authorization: Bearer " + good},
		"another service's token":   {"Authorization: Bearer " + other.token},
		"an altered payload":        {"Authorization: Bearer " + parts[0] + "." + strings.ToUpper(parts[1]) + "." + parts[2]},
		"no signature":              {"Authorization: Bearer " + parts[0] + "." + parts[1] + "."},
		"alg none":                  {"Authorization: Bearer " + base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."},
		"a diploma":                 {"Authorization: Bearer " + aDiploma},
		"a token in the query only": {"Authorization:"},
	} {
		for _, c := range []struct{ method, path, body string }{{"POST", aProbe, `{` + anID + `}`}, {"GET", "/v1/probes?access_token=" + good, ""}} {
			r := f.send(c.method, c.path, c.body, headers...)
			if r.is(401, "unauthenticated"); t.Failed() {
				t.Fatalf("above: %s", name)
			}
			if !strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("%s: WWW-Authenticate is %q", name, r.header.Get("WWW-Authenticate"))
			}
		}
	}
	if f.ran != 0 {
		t.Error("a stranger reached an operation")
	}
	if strings.Contains(f.logged.String(), parts[2][:20]) {
		t.Error("a token stands in the log")
	}
}

// aDiploma is a vc+jwt: a credential is not an access token, whoever signed it.
const aDiploma = "eyJhbGciOiJFZERTQSIsInR5cCI6InZjK2p3dCIsImtpZCI6ImsifQ.eyJpc3MiOiJodHRwczovL2xlZGdlci5leGFtcGxlIn0.AAAA"

func TestAnExpiredOrRevokedTokenIsNoToken(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	f.send("GET", "/v1/probes", "").ok()
	client := principalOf(f).Client
	if err := f.cfg.Clients.Revoke(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	f.clock.advance(revocationDelay)
	f.send("GET", "/v1/probes", "").is(401, "unauthenticated")

	f.token = f.tokenFor(access.RecordsRead)
	f.send("GET", "/v1/probes", "").ok()
	f.clock.advance(access.TokenLife)
	f.send("GET", "/v1/probes", "").is(401, "unauthenticated")
}

func (r reply) ok() reply {
	r.t.Helper()
	if r.status != 200 {
		r.t.Fatalf("%d %s", r.status, r.body)
	}
	return r
}

func TestAnOperationDemandsItsScope(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	f.token = f.tokenFor(access.RecordsRead)
	f.send("GET", "/v1/probes", "").ok()
	r := f.send("POST", aProbe, `{`+anID+`}`)
	r.is(403, "insufficient_scope")
	if r.header.Get("WWW-Authenticate") != `Bearer error="insufficient_scope", scope="records:write"` {
		t.Errorf("WWW-Authenticate is %q", r.header.Get("WWW-Authenticate"))
	}
	f.token = f.tokenFor()
	f.send("GET", "/v1/probes", "").is(403, "insufficient_scope")
	if f.ran != 1 {
		t.Errorf("%d requests reached an operation, want 1", f.ran)
	}
}

func TestAClientThatSendsTooMuchWaits(t *testing.T) {
	t.Parallel()
	f := newFramework(t, func(c *Config) { c.RequestsPerSecond = 2 })
	for range 4 {
		f.send("GET", "/v1/probes", "").ok()
	}
	r := f.send("GET", "/v1/probes", "")
	r.is(429, "rate_limited")
	if r.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", r.header.Get("Retry-After"))
	}
	before := f.token
	f.token = f.tokenFor(access.RecordsRead)
	f.send("GET", "/v1/probes", "", "X-Forwarded-For: 10.0.0.1").ok() // another client has its own
	f.token = before
	f.send("GET", "/v1/probes", "", "X-Forwarded-For: 10.0.0.1").is(429, "rate_limited")
	f.clock.advance(time.Second)
	f.send("GET", "/v1/probes", "").ok()
}

func TestStrangersAreLimitedByAddress(t *testing.T) {
	t.Parallel()
	f := newFramework(t, func(c *Config) { c.PublicPerSecond = 1 })
	read(f.Server, op{ID: "public-probe", Method: "GET", Path: "/v1/public", Scope: public, Tag: "probes"},
		func(context.Context, *struct{}) (probe, error) { return probe{}, nil })
	for range 5 {
		f.send("GET", "/v1/public", "", "Authorization:").ok()
	}
	f.send("GET", "/v1/public", "", "Authorization:", "X-Forwarded-For: 10.0.0.1").is(429, "rate_limited")
	f.send("GET", "/v1/probes", "").ok() // a client is not a stranger
	f.clock.advance(time.Second)
	f.send("GET", "/v1/public", "", "Authorization:").ok()
}

func TestTheTokenCacheStaysSmall(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	p := principalOf(f)
	for i := range cachedTokens + 10 {
		if i%1000 == 0 {
			f.clock.advance(time.Second)
		}
		token, err := f.cfg.Tokens.Issue(p, f.clock.now())
		if err != nil {
			t.Fatal(err)
		}
		f.tokens.mu.Lock()
		f.tokens.seen[token] = &seenToken{p, f.clock.now()}
		f.tokens.mu.Unlock()
	}
	f.send("GET", "/v1/probes", "").ok()
	if n := len(f.tokens.seen); n > cachedTokens+10 {
		t.Errorf("%d tokens are kept", n)
	}
}
