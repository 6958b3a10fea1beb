package api_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sijil/domain"
	"sijil/verifier"
	"sijil/verifier/did"
	"sijil/verifier/online"
	"sijil/verifier/source"
)

// TestACompromisedKey is the drill: somebody had the key since T. What the ledger recorded
// before stands, online and in a bundle; the rest falls and is issued again.
func TestACompromisedKey(t *testing.T) {
	t.Parallel()
	g := newGraduates(t)
	here := "/v1/institutions/" + string(g.School)
	keys := g.registrarKeys()
	decided := func(path string, body object) string {
		t.Helper()
		proposed := keys.Post(here+path, body).Want(201)
		g.ministry.Post(here+"/signingKeyProposals/"+proposed.Field("id")+"/approvals", nil).Want(201)
		return proposed.Field("kid")
	}
	kid := decided("/signingKeyPairs", object{"purpose": "credential"})
	decided("/signingKeyPairs", object{"purpose": "status"})
	award := func(name string) (student domain.ID, credential string, token []byte) {
		t.Helper()
		student = g.Graduate(name)
		g.registrar.Post("/v1/awards", g.diploma(student)).Want(201)
		credential = g.signed(student)
		return student, credential, g.registrar.Get("/v1/credentials/" + credential + "/token").Want(200).Body
	}
	_, early, before := award("Amina Ben Salah")
	g.Clock.Advance(2 * time.Minute)
	stolen := g.Clock.Now()
	g.Clock.Advance(time.Second)
	who, late, after := award("Lejla Hadžić")

	// anew verifies with nothing kept, as another verifier does.
	anew := func(token []byte) verifier.Verdict {
		t.Helper()
		trust, err := online.New(g.Clock.Now, g.URL)
		if err != nil {
			t.Fatal(err)
		}
		return verifier.Verify(context.WithoutCancel(t.Context()), token, trust, g.Clock.Now())
	}
	for _, token := range [][]byte{before, after} {
		if v := anew(token); v.Overall != verifier.Valid || v.Lines.Anchoring.Answer == verifier.True {
			t.Errorf("before the theft is known: %s %v, anchoring %+v", v.Overall, v.Reasons, v.Lines.Anchoring)
		}
	}
	reissues := here + "/signingKeys/" + kid + "/reissues"
	g.registrar.Post(reissues, object{}).WantProblem(409, "key_not_compromised")
	decided("/signingKeys/"+kid+"/compromises", object{"compromisedAt": stolen})

	check := func(when string, token []byte, want verifier.Overall, reason string) {
		t.Helper()
		if v := anew(token); v.Overall != want || string(v.Reason) != reason {
			t.Errorf("%s, online: %s %v", when, v.Overall, v.Reasons)
		}
		dir := filepath.Join(t.TempDir(), "bundle")
		until(t, 10*time.Second, "the bundle is written", func() bool {
			_, err := g.ExportBundle(t.Context(), dir, "", time.Hour)
			return err == nil
		})
		trust, err := source.Open(source.Config{Bundle: dir, State: filepath.Join(dir, "state"), Insecure: true}, g.Clock.Now)
		if err != nil {
			t.Fatal(err)
		}
		if v := verifier.Verify(t.Context(), token, trust, g.Clock.Now()); v.Overall != want || string(v.Reason) != reason {
			t.Errorf("%s, with a bundle: %s %v", when, v.Overall, v.Reasons)
		}
	}
	check("recorded before the theft", before, verifier.Valid, "")
	check("recorded after the theft", after, verifier.NotValid, "key_compromised")

	// The drill, which needs a key to sign with.
	g.registrar.Post(reissues, object{}).WantProblem(409, "no_credential_key")
	next := decided("/signingKeyPairs", object{"purpose": "credential"})
	g.other.Post(reissues, object{}).WantProblem(404, "not_found")
	if r := g.registrar.Post(reissues, object{}).Want(201); r.Field("reissued") != "1" || r.Field("refused") != "" || r.Field("next") != "" {
		t.Errorf("issued again: %s", r.Body)
	}
	var again string
	until(t, 10*time.Second, "the new edition is signed", func() bool {
		r := g.registrar.Get("/v1/credentials?state=signed&studentUniqueId=" + string(who)).Want(200)
		again = r.Field("items", "0", "id")
		return again != "" && r.Field("items", "0", "kid") == next
	})
	if old := g.registrar.Get("/v1/credentials/" + late).Want(200); old.Field("state") != "superseded" || old.Field("supersededBy") != "2" {
		t.Errorf("the former edition: %s", old.Body)
	}
	if v := anew(g.registrar.Get("/v1/credentials/" + again + "/token").Want(200).Body); v.Overall != verifier.Valid || v.Credential.Holder != "Lejla Hadžić" {
		t.Errorf("issued again it is %s %v: %+v", v.Overall, v.Reasons, v.Credential)
	}
	published, err := did.ParseRecords(g.Anyone().Get("/institutions/"+string(g.School)+"/records").Want(200).Body, issuerName(g), "")
	if err != nil {
		t.Fatal(err)
	}
	if r, ok := published.Find("urn:uuid:" + late); !ok || r.Reason != "superseded" || r.Successor != did.HashID("urn:uuid:"+again) {
		t.Errorf("the former edition is published as %+v", r)
	}
	if r, ok := published.Find("urn:uuid:" + early); !ok || r.Reason != "" || r.Successor != "" {
		t.Errorf("one that stands is published as %+v", r)
	}
	if v := anew(before); v.Overall != verifier.Valid || v.Lines.Anchoring.Answer != verifier.True {
		t.Errorf("what was recorded before the theft is %s %v after the drill", v.Overall, v.Reasons)
	}
	if r := g.registrar.Post(reissues, object{}).Want(201); r.Field("reissued") != "0" || r.Field("refused") != "" {
		t.Errorf("a second drill: %s", r.Body)
	}

	// By the institution's policy also what stands, so that readers without the history are served.
	g.registrar.Post("/v1/credentials/"+early+"/suspensions", object{"reasonClass": "under_investigation"}).Want(201)
	if r := g.registrar.Post(reissues, object{"all": true}).Want(201); r.Field("reissued") != "0" || r.Field("refused", "0", "code") != "credential_suspended" {
		t.Errorf("a suspended one: %s", r.Body)
	}
	until(t, 10*time.Second, "the suspension's reason is published", func() bool {
		return strings.Contains(string(g.Anyone().Get("/institutions/"+string(g.School)+"/records").Body), `"reason":"under_investigation"`)
	})
	g.registrar.Post("/v1/credentials/"+early+"/reinstatements", nil).Want(201)
	if r := g.registrar.Post(reissues, object{"all": true}).Want(201); r.Field("reissued") != "1" {
		t.Errorf("all of them: %s", r.Body)
	}
}

// issuerName is the school's DID.
func issuerName(g *graduates) string {
	g.t.Helper()
	name, err := did.Web(g.URL, string(g.School))
	if err != nil {
		g.t.Fatal(err)
	}
	return name
}

// TestARetiredKeyOnline: rotation is routine, and what the former key signed stays VALID.
func TestARetiredKeyOnline(t *testing.T) {
	t.Parallel()
	g := newGraduates(t)
	g.authorize()
	who := g.Graduate("Amina Ben Salah")
	g.registrar.Post("/v1/awards", g.diploma(who)).Want(201)
	id := g.signed(who)
	token := g.registrar.Get("/v1/credentials/" + id + "/token").Want(200).Body
	here := "/v1/institutions/" + string(g.School)
	kid := g.registrar.Get("/v1/credentials/" + id).Want(200).Field("kid")
	proposed := g.registrarKeys().Post(here+"/signingKeys/"+kid+"/rotations", object{}).Want(201).Field("id")
	g.ministry.Post(here+"/signingKeyProposals/"+proposed+"/approvals", nil).Want(201)
	g.Clock.Advance(time.Minute)
	trust, err := online.New(g.Clock.Now, g.URL)
	if err != nil {
		t.Fatal(err)
	}
	if v := verifier.Verify(t.Context(), token, trust, g.Clock.Now()); v.Overall != verifier.Valid || v.Lines.Anchoring.Answer != verifier.True {
		t.Errorf("%s %v, anchoring %+v", v.Overall, v.Reasons, v.Lines.Anchoring)
	}
	r := g.Anyone().Get("/institutions/" + string(g.School) + "/records").Want(200)
	if r.Field("records", "1") != "" || r.Field("records", "0", "recordedAt") == "" || r.Header.Get("ETag") == "" {
		t.Errorf("records: %s", r.Body)
	}
	if r := g.Anyone().Get("/institutions/" + string(g.School) + "/records?prefix=" + id[:4]).Want(200); r.Field("records", "0", "id") == "" {
		t.Errorf("records that begin so: %s", r.Body)
	}
	if r := g.Anyone().Get("/institutions/" + string(g.OtherSchool) + "/records").Want(200); r.Field("records") != "[]" {
		t.Errorf("another school's records: %s", r.Body)
	}
	g.Anyone().Get("/institutions/"+string(g.School)+"/records?prefix=XY").WantProblem(422, "invalid_field")
	g.Anyone().Get("/institutions/"+string(g.NewID("nobody"))+"/records").WantProblem(404, "not_found")
}
