package api_test

import (
	"strings"
	"testing"
	"time"

	"sijil/domain/institution"
	"sijil/internal/apitest"
	"sijil/verifier/did"
)

// TestWhatIsPublishedOfKeys fetches every document about keys as a stranger does.
func TestWhatIsPublishedOfKeys(t *testing.T) {
	t.Parallel()
	g := newGraduates(t)
	here := "/v1/institutions/" + string(g.School)
	decided := func(proposed *apitest.Response) string {
		t.Helper()
		id := proposed.Want(201).Field("id")
		g.ministry.Post(here+"/signingKeyProposals/"+id+"/approvals", nil).Want(201)
		return proposed.Field("kid")
	}
	office := g.registrarKeys()
	pair := func(purpose, alg string) string {
		return decided(office.Post(here+"/signingKeyPairs", object{"purpose": purpose, "alg": alg}))
	}
	first, wallet, lists, login := pair("credential", "EdDSA"), pair("credential", "ES256"), pair("status", "EdDSA"), pair("authentication", "EdDSA")
	second := decided(office.Post(here+"/signingKeys/"+first+"/rotations", object{}))
	g.Clock.Advance(time.Minute)
	decided(office.Post(here+"/signingKeys/"+wallet+"/compromises", object{"compromisedAt": g.Clock.Now().Add(-time.Second)}))

	name, err := did.Web(g.URL, string(g.School))
	if err != nil {
		t.Fatal(err)
	}
	get := func(path, contentType string) *apitest.Response {
		t.Helper()
		r := g.Anyone().Get(path).Want(200)
		h := r.Header
		if h.Get("Content-Type") != contentType || h.Get("Cache-Control") != "public, max-age=60" || h.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %v", path, h)
		}
		again := g.Anyone().Get(path, "If-None-Match", h.Get("ETag"))
		if again.Status != 304 || len(again.Body) != 0 || again.Header.Get("ETag") != h.Get("ETag") || h.Get("ETag") == "" {
			t.Errorf("%s asked again: %d %v %s", path, again.Status, again.Header, again.Body)
		}
		return r
	}
	base := "/institutions/" + string(g.School)

	doc := get(base+"/did.json", "application/did+json")
	issuer, err := did.ParseDocument(doc.Body, name)
	if err != nil {
		t.Fatal(err)
	}
	purposes := map[string]did.Purpose{
		name + "#" + first: did.ForCredentials, name + "#" + second: did.ForCredentials, name + "#status-" + lists: did.ForStatus, name + "#" + login: did.ForAuthentication,
	}
	if len(issuer.Keys) != 2*len(purposes) {
		t.Errorf("did.json has %d keys: %s", len(issuer.Keys), doc.Body)
	}
	for _, k := range issuer.Keys {
		if want := purposes[strings.TrimSuffix(k.JWK.Kid, "-multikey")]; k.Purpose != want {
			t.Errorf("%s is for %q, want %q", k.JWK.Kid, k.Purpose, want)
		}
	}

	set, err := did.ParseKeySet(get(base+"/jwks.json", "application/jwk-set+json").Body, name)
	if err != nil || len(set.Keys) != 5 {
		t.Fatalf("jwks.json: %+v, %v", set, err)
	}
	if old, _ := set.Named(name + "#" + first); old.ValidTo.IsZero() || !old.CompromisedAt.IsZero() {
		t.Errorf("the retired key: %+v", old)
	}
	if bad, _ := set.Named(name + "#" + wallet); bad.CompromisedAt.IsZero() {
		t.Errorf("the compromised key: %+v", bad)
	}

	one := get(base+"/keys/"+first, "application/jwk+json")
	if one.Field("kid") != name+"#"+first || one.Field("validTo") == "" || one.Field("x") == "" || strings.Contains(string(one.Body), `"d"`) {
		t.Errorf("one key: %s", one.Body)
	}
	if r := get(base+"/keys/status-"+lists, "application/jwk+json"); r.Field("purpose") != "status" {
		t.Errorf("the status key: %s", r.Body)
	}
	g.Anyone().Get(base+"/keys/"+wallet).WantProblem(410, "key_withdrawn")
	g.Anyone().Get(base+"/keys/k").WantProblem(404, "key_unknown")

	meta := get("/.well-known/jwt-vc-issuer"+base, "application/json")
	if meta.Field("issuer") != g.URL+base || meta.Field("jwks", "keys", "0", "kid") != name+"#"+first || meta.Field("jwks", "keys", "1", "kid") != name+"#"+second || meta.Field("jwks", "keys", "2") != "" {
		t.Errorf("issuer metadata: %s", meta.Body)
	}
	for _, path := range []string{"/did.json", "/jwks.json", "/keys/k"} {
		g.Anyone().Get("/institutions/"+string(g.NewID("nobody"))+path).WantProblem(404, "not_found")
	}
	g.Anyone().Get("/.well-known/jwt-vc-issuer/institutions/"+string(g.NewID("nobody"))).WantProblem(404, "not_found")
}

// TestTheLedgersOwnName: a ledger with one authority answers for it under the host's name.
func TestTheLedgersOwnName(t *testing.T) {
	t.Parallel()
	g := newGraduates(t)
	for _, purpose := range []institution.Purpose{institution.ForCredentials, institution.ForStatus} {
		here := "/v1/institutions/" + string(g.Tenant())
		id := g.ministry.Post(here+"/signingKeyPairs", object{"purpose": purpose}).Want(201).Field("id")
		g.Client("ministry", "").Post(here+"/signingKeyProposals/"+id+"/approvals", nil).Want(201)
	}
	root := "/institutions/" + string(g.Tenant())
	name, err := did.Web(g.URL, string(g.Tenant()))
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ := strings.Cut(name, ":institutions:")
	var doc *apitest.Response
	until(t, 10*time.Second, "the register knows the authority", func() bool {
		doc = g.Anyone().Get("/.well-known/did.json")
		return doc.Status == 200
	})
	issuer, err := did.ParseDocument(doc.Body, host)
	if err != nil || len(issuer.Keys) != 4 || doc.Field("alsoKnownAs", "0") != name || doc.Header.Get("ETag") == "" {
		t.Errorf("%v: %s", err, doc.Body)
	}
	_, kid, _ := did.Split(issuer.Keys[0].JWK.Kid)
	same := func(a, b string) {
		t.Helper()
		if x, y := g.Anyone().Get(a).Want(200), g.Anyone().Get(b).Want(200); string(x.Body) != string(y.Body) || x.Header.Get("ETag") != y.Header.Get("ETag") {
			t.Errorf("%s and %s differ:\n%s\n%s", a, b, x.Body, y.Body)
		}
	}
	same("/.well-known/jwks.json", root+"/jwks.json")
	same("/keys/"+kid, root+"/keys/"+kid)
	g.Anyone().Get("/keys/k").WantProblem(404, "key_unknown")
	if meta := g.Anyone().Get("/.well-known/jwt-vc-issuer").Want(200); meta.Field("issuer") != g.URL || meta.Field("jwks", "keys", "0", "kid") != name+"#"+kid {
		t.Errorf("issuer metadata: %s", meta.Body)
	}

	// With a second authority nobody is the ledger's own.
	other := g.ClientOf("elsewhere", "", "institutions:write")
	other.Post("/v1/institutions", institutionBody("ELSE", "country", "")).Want(201)
	until(t, 10*time.Second, "the register knows the other authority", func() bool {
		return g.Anyone().Get("/.well-known/did.json").Status == 404
	})
	for _, path := range []string{"/.well-known/did.json", "/.well-known/jwks.json", "/.well-known/jwt-vc-issuer", "/keys/" + kid} {
		g.Anyone().Get(path).WantProblem(404, "not_found")
	}
}
