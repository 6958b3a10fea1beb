package api

import (
	"bytes"
	"crypto/ed25519"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"sijil/internal/access"
	"sijil/internal/ledger"
	"sijil/projections"
)

// bare is the API without anything behind it: enough for its document, and for what is
// refused before anything is asked.
func bare(t testing.TB) *Server {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	const url = "https://ledger.example"
	tokens, err := access.NewTokens(key, url)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{
		Progress: &fakeProgress{}, Reader: projections.NewReader(nil), Ledger: &ledger.Ledger{}, Tokens: tokens, Clients: &access.Clients{}, LogID: logID,
		CursorKey: make([]byte, 32), PublicURL: url, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheDocumentIsTheOneReviewed(t *testing.T) {
	t.Parallel()
	b, err := bare(t).Document()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/openapi.json", b)
	again, err := bare(t).Document()
	if err != nil || !bytes.Equal(b, again) {
		t.Errorf("the document changes from one start to the next (%v)", err)
	}
}

// publicOperations may be called without a token, each for the reason beside it.
var publicOperations = map[string]string{
	"issue-token":       "it is where tokens come from; the client authenticates itself",
	"redeem-claim":      "graduates have no account; the link is the authority",
	"read-holding":      "as redeem-claim",
	"read-holding-file": "as redeem-claim",
	"create-share":      "as redeem-claim",
	"revoke-share":      "as redeem-claim",
	"read-share":        "as redeem-claim",
	"read-did-document": "whoever holds a diploma may check it, and tells nobody",
	"read-issuer-keys":  "as read-did-document",
	"read-status-list":  "as read-did-document",

	"read-issuer-key":        "as read-did-document",
	"read-records":           "as read-did-document",
	"read-vc-issuer":         "as read-did-document",
	"read-root-did-document": "as read-did-document",
	"read-root-keys":         "as read-did-document",
	"read-root-key":          "as read-did-document",
	"read-root-vc-issuer":    "as read-did-document",
	"read-bundle-keys":       "as read-did-document",
}

// questions are asked by POST and record nothing.
var questions = map[string]string{
	"look-up-student": "the number asked for must not stand in a URL",
}

// each calls f for every operation of the document.
func each(s *Server, f func(method, path string, o *huma.Operation)) {
	for path, item := range s.OpenAPI().Paths {
		for method, o := range map[string]*huma.Operation{
			"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete, "HEAD": item.Head, "OPTIONS": item.Options,
		} {
			if o != nil {
				f(method, path, o)
			}
		}
	}
}

var pathParam = regexp.MustCompile(`\{[^}]+\}`)

func TestEveryOperationDemandsAScope(t *testing.T) {
	t.Parallel()
	s := bare(t)
	seen := map[string]bool{}
	each(s, func(method, path string, o *huma.Operation) {
		seen[o.OperationID] = true
		scopes := []string{}
		for _, alternative := range o.Security {
			scopes = append(scopes, alternative[securityName]...)
		}
		if why := publicOperations[o.OperationID]; why != "" {
			if len(scopes) > 0 {
				t.Errorf("%s is listed as public and demands %v", o.OperationID, scopes)
			}
			return
		}
		if len(scopes) != 1 {
			t.Errorf("%s demands the scopes %v, want one; if anybody may call it, list it as public with a reason", o.OperationID, scopes)
		} else if _, err := access.ParseScopes(scopes[0]); err != nil {
			t.Errorf("%s demands %s, which does not exist", o.OperationID, scopes[0])
		}
		// What the document says is what happens: without a token nothing is looked at.
		url := pathParam.ReplaceAllString(path, "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00")
		r := httptest.NewRequest(method, url, strings.NewReader("{"))
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusUnauthorized {
			t.Errorf("%s without a token answers %d %s", o.OperationID, w.Code, w.Body)
		}
	})
	for id := range publicOperations {
		if !seen[id] {
			t.Errorf("%s is listed as public and does not exist", id)
		}
	}
	for id := range s.grants {
		if !seen[id] {
			t.Errorf("%s is registered and not in the document", id)
		}
	}
	for id := range seen {
		if _, ok := s.grants[id]; !ok {
			t.Errorf("%s is in the document and did not pass write, read or raw: nothing guards it", id)
		}
	}
}

func TestATokenWithoutTheScopeGetsNowhere(t *testing.T) {
	t.Parallel()
	s := bare(t)
	s.clients = newLimiters(1e9, 1e9, time.Now)
	for _, scope := range access.Scopes {
		var others []access.Scope
		for _, d := range access.Scopes {
			if d.Scope != scope.Scope {
				others = append(others, d.Scope)
			}
		}
		p := access.Principal{
			Tenant: access.TenantID("testland"), Institution: access.TenantID("testland"), Client: "testland.0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00",
			Subject: "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00", Scopes: others, Expires: time.Now().Add(time.Hour),
		}
		s.tokens.seen[string(scope.Scope)] = &seenToken{p, time.Now()}
		used := false
		each(s, func(method, path string, o *huma.Operation) {
			if len(o.Security) == 0 || o.Security[0][securityName][0] != string(scope.Scope) {
				return
			}
			used = true
			r := httptest.NewRequest(method, pathParam.ReplaceAllString(path, "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00"), strings.NewReader("{"))
			r.Header.Set("Authorization", "Bearer "+string(scope.Scope))
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "insufficient_scope") {
				t.Errorf("%s without %s answers %d %s", o.OperationID, scope.Scope, w.Code, w.Body)
			}
		})
		if !used {
			t.Logf("no operation demands %s", scope.Scope)
		}
	}
}

func TestOperationsAreDescribedInOneStyle(t *testing.T) {
	t.Parallel()
	s := bare(t)
	ids := map[string]string{}
	each(s, func(method, path string, o *huma.Operation) {
		at := method + " " + path
		if before := ids[o.OperationID]; before != "" {
			t.Errorf("%s and %s have the same operation id", before, at)
		}
		ids[o.OperationID] = at
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(o.OperationID) {
			t.Errorf("%s: the operation id %q is not kebab-case", at, o.OperationID)
		}
		if o.Summary == "" || strings.HasSuffix(o.Summary, ".") || len(o.Tags) != 1 {
			t.Errorf("%s: summary %q, tags %v", at, o.Summary, o.Tags)
		} else if !slices.ContainsFunc(tags, func(g *huma.Tag) bool { return g.Name == o.Tags[0] }) {
			t.Errorf("%s: the tag %s is not in the list of tags", at, o.Tags[0])
		}
		vcapi := strings.HasSuffix(path, "/credentials/issue") // whose paths others have chosen
		if !strings.HasPrefix(path, "/v1/") && publicOperations[o.OperationID] == "" && !vcapi {
			t.Errorf("%s lies outside /v1", at)
		}
		names := slices.Collect(func(yield func(string) bool) {
			for _, p := range o.Parameters {
				if !yield(p.Name) {
					return
				}
			}
		})
		writes := method != "GET" && method != "HEAD" && questions[o.OperationID] == ""
		if writes && publicOperations[o.OperationID] == "" && !slices.Contains(names, keyHeader) {
			t.Errorf("%s writes without an Idempotency-Key", at)
		}
		if !writes && slices.Contains(names, keyHeader) {
			t.Errorf("%s reads with an Idempotency-Key", at)
		}
	})
	if len(ids) < 10 {
		t.Errorf("the document has only %v", slices.Sorted(maps.Keys(ids)))
	}
}

func TestAnIncompleteConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := New(Config{}); err == nil {
		t.Error("an empty configuration is taken")
	}
	s := bare(t)
	cfg := s.cfg
	cfg.CursorKey = make([]byte, 31)
	if _, err := New(cfg); err == nil {
		t.Error("a short cursor key is taken")
	}
}

// What is not JSON of ours is described as what it is: a generated client must not look for base64 in it.
func TestDocumentsAndFilesAreDescribedByTheirMediaTypes(t *testing.T) {
	t.Parallel()
	doc := bare(t).api.OpenAPI()
	for path, want := range map[string]string{
		"/v1/credentials/{credential}/token":    "application/vc+jwt",
		"/v1/credentials/{credential}/badge":    "application/vc image/png image/svg+xml",
		"/v1/holdings/{link}/files/{file}":      "application/dc+sd-jwt application/vc application/vc+sd-jwt image/png image/svg+xml",
		"/institutions/{institution}/did.json":  "application/did+json",
		"/institutions/{institution}/jwks.json": "application/jwk-set+json",
		"/status/{list}":                        "application/json application/ld+json application/vc application/vc+jwt",
	} {
		content := doc.Paths[path].Get.Responses["200"].Content
		if got := strings.Join(slices.Sorted(maps.Keys(content)), " "); got != want {
			t.Errorf("%s answers %s, want %s", path, got, want)
		}
	}
	for path, item := range doc.Paths {
		if item.Get == nil {
			continue
		}
		for name, media := range item.Get.Responses["200"].Content {
			if media.Schema != nil && media.Schema.ContentEncoding == "base64" {
				t.Errorf("%s: %s in base64", path, name)
			}
		}
	}
}
