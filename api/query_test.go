package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"sijil/internal/access"
)

// asking is the API without anything behind it, asked by a client that may do everything.
func asking(t *testing.T) (s *Server, ask func(method, target string) (int, Problem)) {
	t.Helper()
	s = bare(t)
	s.clients, s.visitors = newLimiters(1e9, 1e9, time.Now), newLimiters(1e9, 1e9, time.Now)
	var all []access.Scope
	for _, d := range access.Scopes {
		all = append(all, d.Scope)
	}
	id := access.TenantID("testland")
	s.tokens.seen["all"] = &seenToken{access.Principal{
		Tenant: id, Institution: id, Client: "testland." + string(id), Subject: id, Scopes: all, Expires: time.Now().Add(time.Hour),
	}, time.Now()}
	return s, func(method, target string) (int, Problem) {
		t.Helper()
		r := httptest.NewRequest(method, pathParam.ReplaceAllString(target, "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00"), nil)
		r.Header.Set("Authorization", "Bearer all")
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		var p Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Errorf("%s %s answers %d %s", method, target, w.Code, w.Body)
		}
		return w.Code, p
	}
}

// TestNoOperationPassesOverItsQuery walks the document, so that no operation is forgotten: a
// filter that is misspelled, sent twice or sent empty must not answer with everything.
func TestNoOperationPassesOverItsQuery(t *testing.T) {
	t.Parallel()
	s, ask := asking(t)
	refused := func(method, target, code, name string) {
		t.Helper()
		status, p := ask(method, target)
		if status != http.StatusUnprocessableEntity || p.Code != code || len(p.Fields) == 0 || p.Fields[0].Location != "query."+name {
			t.Errorf("%s %s answers %d %s %v, want 422 %s for query.%s", method, target, status, p.Code, p.Fields, code, name)
		}
	}
	operations, parameters := 0, 0
	each(s, func(method, path string, o *huma.Operation) {
		if o.OperationID == "issue-token" { // RFC 6749's own form and errors
			return
		}
		operations++
		refused(method, path+"?unheardOf=1", "unknown_field", "unheardOf")
		refused(method, path+"?unheardOf", "unknown_field", "unheardOf")
		for _, p := range o.Parameters {
			if p.In != "query" {
				continue
			}
			parameters++
			refused(method, path+"?"+strings.ToUpper(p.Name[:1])+p.Name[1:]+"=1", "unknown_field", strings.ToUpper(p.Name[:1])+p.Name[1:])
			if p.Explode == nil || !*p.Explode {
				refused(method, path+"?"+p.Name+"=1&"+p.Name+"=1", "invalid_field", p.Name)
			}
			if p.Schema.Type != huma.TypeString || p.Schema.Pattern != "" || p.Schema.Format != "" || p.Schema.Enum != nil {
				refused(method, path+"?"+p.Name+"=", "invalid_field", p.Name)
			}
			for _, hidden := range []string{"%00", "%ff", "%E2%80%AE", "%1b"} {
				refused(method, path+"?"+p.Name+"=a"+hidden, "invalid_field", p.Name)
			}
		}
	})
	if operations < 70 || parameters < 50 {
		t.Errorf("only %d operations with %d query parameters were walked", operations, parameters)
	}
}

func TestAQueryHasOneReading(t *testing.T) {
	t.Parallel()
	limit := &huma.Param{Name: "limit", In: "query", Schema: &huma.Schema{Type: huma.TypeInteger}}
	code := &huma.Param{Name: "code", In: "query", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: new(60)}}
	by := &huma.Param{Name: "by", In: "query", Schema: &huma.Schema{Type: huma.TypeArray}, Explode: new(true)}
	header := &huma.Param{Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: huma.TypeString}}
	o := &huma.Operation{Parameters: []*huma.Param{limit, code, by, header}}
	for name, c := range map[string]struct{ query, code, where string }{
		"none":                            {"", "", ""},
		"each parameter once":             {"limit=3&code=a%20b", "", ""},
		"Arabic, percent-encoded":         {"code=%D9%85%D9%85%D8%AA%D8%A7%D8%B2", "", ""},
		"an empty text where one may be":  {"code=", "", ""},
		"a list whose values come singly": {"by=a&by=b", "", ""},
		"an empty value in such a list":   {"by=a&by=", "invalid_field", "query.by"},
		"a number that is empty":          {"limit=", "invalid_field", "query.limit"},
		"a name alone":                    {"limit", "invalid_field", "query.limit"},
		"twice the same":                  {"limit=3&limit=3", "invalid_field", "query.limit"},
		"twice, once percent-encoded":     {"limit=3&lim%69t=4", "invalid_field", "query.limit"},
		"a header's name":                 {"Idempotency-Key=k", "unknown_field", "query.Idempotency-Key"},
		"another case":                    {"Limit=3", "unknown_field", "query.Limit"},
		"an unknown one among known ones": {"limit=&student=x", "unknown_field", "query.student"},
		"a name that cannot be shown":     {"%E2%80%AE=x", "unknown_field", "query"},
		"no name":                         {"=x", "unknown_field", "query"},
		"a semicolon between":             {"limit=3;code=a", "invalid_field", "query"},
		"a broken escape":                 {"limit=%zz", "invalid_field", "query"},
		"half an escape":                  {"limit=3&code=%4", "invalid_field", "query"},
		"U+0000":                          {"code=a%00", "invalid_field", "query.code"},
		"bytes that are not UTF-8":        {"code=%ff", "invalid_field", "query.code"},
		"a direction override":            {"code=%E2%80%AE", "invalid_field", "query.code"},
	} {
		p := queried(&http.Request{URL: &url.URL{RawQuery: c.query}}, o)
		switch {
		case c.code == "" && p != nil:
			t.Errorf("%s: %s %v, want it taken", name, p.Code, p.Fields)
		case c.code != "" && (p == nil || p.Status != http.StatusUnprocessableEntity || p.Code != c.code || p.Fields[0].Location != c.where):
			t.Errorf("%s: %+v, want %s for %s", name, p, c.code, c.where)
		}
	}
	many := url.Values{}
	for _, a := range "abcdefghijklmnopqrstuvwxyz" {
		many.Set(string(a)+"unknown", "1")
	}
	if p := queried(&http.Request{URL: &url.URL{RawQuery: many.Encode()}}, o); p == nil || len(p.Fields) != maxFields || p.Fields[0].Location != "query.aunknown" {
		t.Errorf("26 unknown parameters are answered with %+v, want the first %d", p, maxFields)
	}
}
