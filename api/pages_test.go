package api

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
)

func TestTheDocumentationPageLoadsNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	page := f.send("GET", "/docs", "", "Authorization:").ok()
	if strings.Contains(page.body, "http://") || strings.Contains(page.body, "https://") || strings.Contains(page.body, "<script>") {
		t.Errorf("the page names another host or runs a script of its own: %s", page.body)
	}
	if got := page.header.Get("Content-Security-Policy"); !strings.Contains(got, "script-src 'self';") {
		t.Errorf("the policy is %s", got)
	}
	links := regexp.MustCompile(`(?:src|href)="(/docs/[^"]+)"`).FindAllStringSubmatch(page.body, -1)
	if len(links) != 3 {
		t.Fatalf("the page loads %v", links)
	}
	for _, l := range links {
		r := f.send("GET", l[1], "", "Authorization:").ok()
		if kind := r.header.Get("Content-Type"); !strings.Contains(kind, "javascript") && !strings.Contains(kind, "css") {
			t.Errorf("%s is %s", l[1], kind)
		}
	}
	for _, path := range []string{"/docs/assets/", "/docs/assets/swagger-ui/", "/docs/assets/swagger-ui", "/docs/assets/nothing.js", "/docs/assets/../server.go"} {
		if r := f.send("GET", path, "", "Authorization:"); r.status != 404 {
			t.Errorf("%s answers %d", path, r.status)
		}
	}
	if r := f.send("GET", "/", "", "Authorization:"); r.status != 302 || r.header.Get("Location") != "/docs" {
		t.Errorf("/ answers %d %s", r.status, r.header.Get("Location"))
	}
}

func TestEveryProblemTypeIsAPage(t *testing.T) {
	t.Parallel()
	f := newFramework(t)
	all := f.send("GET", "/problems", "", "Authorization:").ok().body
	for _, c := range Codes() {
		if !strings.Contains(all, `id="`+c.Code+`"`) {
			t.Errorf("%s is not on the page of all", c.Code)
		}
		if one := f.send("GET", "/problems/"+c.Code, "", "Authorization:").ok().body; !strings.Contains(one, c.Code) {
			t.Errorf("the page of %s does not name it", c.Code)
		}
	}
	f.send("GET", "/problems/nothing", "", "Authorization:").is(404, "not_found")
}

func TestReadinessSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	var broken error
	f := newFramework(t, func(c *Config) {
		c.Ready = []Check{
			{"database", func(context.Context) error { return nil }},
			{"projections", func(context.Context) error { return broken }},
		}
	})
	if r := f.send("GET", "/readyz", "", "Authorization:").ok(); r.body != `{"status":"ok"}` {
		t.Errorf("%s", r.body)
	}
	broken = errors.New("unknown event type student.Something.v9")
	r := f.send("GET", "/readyz", "", "Authorization:")
	if r.status != 503 || r.body != `{"status":"not ready","failed":["projections"]}` {
		t.Errorf("%d %s", r.status, r.body)
	}
	if !strings.Contains(f.logged.String(), "student.Something.v9") {
		t.Error("the log does not say why")
	}
	f.send("GET", "/healthz", "", "Authorization:").ok() // alive all the same
}
