package api_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"sijil/domain"
	"sijil/domain/student"
	"sijil/internal/apitest"
	"sijil/verifier"
	"sijil/verifier/bundle"
	"sijil/verifier/did"
)

// graduates is a service in which a school awards diplomas, and who calls it.
type graduates struct {
	*apitest.Graduates
	t                                *testing.T
	ministry, registrar, head, other *apitest.Client
}

func newGraduates(t *testing.T) *graduates {
	t.Helper()
	g := &graduates{Graduates: apitest.NewGraduates(apitest.New(t)), t: t}
	g.ministry, g.registrar, g.head, g.other = g.Client("ministry", ""), g.Client("registrar", g.School), g.Client("registrar", g.School), g.Client("registrar", g.OtherSchool)
	return g
}

func (g *graduates) diploma(who domain.ID) map[string]any {
	return map[string]any{"studentUniqueId": who, "program": g.Program, "diplomaAwardDate": g.Day}
}

// authorize makes the school's two keys.
func (g *graduates) authorize() {
	g.t.Helper()
	for _, purpose := range []string{"credential", "status"} {
		keys := "/v1/institutions/" + string(g.School)
		proposal := g.registrarKeys().Post(keys+"/signingKeyPairs", map[string]any{"purpose": purpose}).Want(201).Field("id")
		g.ministry.Post(keys+"/signingKeyProposals/"+proposal+"/approvals", nil).Want(201)
	}
}

func (g *graduates) registrarKeys() *apitest.Client { return g.Client("school", g.School) }

// until asks until the answer is as wanted, for at most limit.
func until(t *testing.T, limit time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !ok() {
		if time.Since(began) > limit {
			t.Fatalf("%s: not within %s", what, limit)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return time.Since(began)
}

// signed is the student's credential once it is signed.
func (g *graduates) signed(who domain.ID) string {
	g.t.Helper()
	var id string
	until(g.t, 10*time.Second, "the credential is signed", func() bool {
		r := g.registrar.Get("/v1/credentials?state=signed&studentUniqueId=" + string(who)).Want(200)
		id = r.Field("items", "0", "id")
		return id != ""
	})
	return id
}

// verify judges a token as a stranger would: from what the ledger publishes.
func (g *graduates) verify(token []byte) verifier.Verdict {
	g.t.Helper()
	return g.verifyWith(token, "application/vc+jwt")
}

// verifyWith judges a token, a document or a picture by what the ledger publishes, with
// lists of that media type.
func (g *graduates) verifyWith(content []byte, accept string) verifier.Verdict {
	g.t.Helper()
	return verifier.VerifyFile(context.WithoutCancel(g.t.Context()), "upload", content, g.trust(accept), g.Clock.Now())
}

// trust is what the ledger publishes, with lists of that media type.
func (g *graduates) trust(accept string) *verifier.Store {
	g.t.Helper()
	base := "/institutions/" + string(g.School)
	keys := g.Anyone().Get(base + "/jwks.json").Want(200)
	name, err := did.Web(g.URL, string(g.School))
	if err != nil {
		g.t.Fatal(err)
	}
	issuer, err := did.ParseKeySet(keys.Body, name)
	if err != nil {
		g.t.Fatal(err)
	}
	lists := map[string][]byte{}
	for _, suffix := range []string{"", issuer.SuspensionSuffix} {
		path := "/status/" + string(g.School) + "-1" + suffix
		lists[g.URL+path] = g.Anyone().Get(path, "Accept", accept).Want(200).Body
	}
	s, err := verifier.NewStore("test", bundle.Bundle{Now: did.Instant{Time: g.Clock.Now()}, Issuers: []did.Issuer{issuer}, Lists: lists})
	if err != nil {
		g.t.Fatal(err)
	}
	return s
}

// TestADiplomaFromAwardToRevocation is the main flow over HTTP.
func TestADiplomaFromAwardToRevocation(t *testing.T) {
	t.Parallel()
	g := newGraduates(t)
	amina := g.Graduate("Amina Ben Salah")
	first := g.registrar.Post("/v1/awards", g.diploma(amina)).Want(201)
	if first.Field("edition") != "1" {
		t.Errorf("awarded %s", first.Body)
	}
	g.registrar.Post("/v1/awards", g.diploma(amina)).WantProblem(409, "already_awarded")

	// Nothing is signed before the keys are there, and the operator hears why.
	until(t, 10*time.Second, "the operator hears what is missing", func() bool {
		return strings.Contains(g.Logged.String(), "sijil keys authorize --institution "+string(g.School))
	})
	if got := g.registrar.Get("/v1/credentials").Want(200); got.Field("items", "0", "state") != "awarded" {
		t.Errorf("the register says %s", got.Body)
	}
	g.other.Post("/v1/institutions/"+string(g.School)+"/signingKeyPairs", map[string]any{"purpose": "status"}).WantProblem(403, "insufficient_scope")
	g.Client("school", g.OtherSchool).Post("/v1/institutions/"+string(g.School)+"/signingKeyPairs", map[string]any{"purpose": "status"}).WantProblem(404, "not_found")
	g.authorize()
	id := g.signed(amina)

	one := g.registrar.Get("/v1/credentials/" + id).Want(200)
	if one.Field("holder", "personalNames", "0", "fullName") != "Amina Ben Salah" || one.Field("state") != "signed" {
		t.Errorf("the register says %s", one.Body)
	}
	g.other.Get("/v1/credentials/"+id).WantProblem(404, "not_found")
	g.other.Get("/v1/credentials/"+id+"/token").WantProblem(404, "not_found")
	if got := g.other.Get("/v1/credentials").Want(200); got.Field("items") != "[]" {
		t.Errorf("another school sees %s", got.Body)
	}
	if got := g.Client("auditor", g.Region).Get("/v1/credentials/" + id); got.Status != 200 {
		t.Errorf("the region sees %d %s", got.Status, got.Body)
	}
	token := g.registrar.Get("/v1/credentials/" + id + "/token").Want(200)
	if token.Header.Get("Content-Type") != "application/vc+jwt" {
		t.Errorf("the token comes as %s", token.Header.Get("Content-Type"))
	}
	if v := g.verify(token.Body); v.Overall != verifier.Valid || v.Credential.Holder != "Amina Ben Salah" {
		t.Fatalf("verdict %+v", v)
	}
	edited := []byte(strings.Replace(string(token.Body), ".ey", ".eY", 1))
	if v := g.verify(edited); v.Overall != verifier.NotValid {
		t.Errorf("verdict on an edited token %+v", v)
	}

	// Revoking takes two officers.
	why := map[string]any{"reasonClass": "issued_in_error"}
	path := "/v1/credentials/" + id + "/revocations"
	g.other.Post(path, why).WantProblem(404, "not_found")
	proposed := g.head.Post(path, why).Want(201)
	g.head.Post(path+"/"+proposed.Field("id")+"/approvals", nil).WantProblem(403, "needs_second_approval")
	if v := g.verify(token.Body); v.Overall != verifier.Valid {
		t.Errorf("a proposal alone revokes: %+v", v)
	}
	g.registrar.Post(path+"/"+proposed.Field("id")+"/approvals", nil).Want(201)
	began := time.Now()
	// By the time that the registrar's own next reading is answered, everybody's list shows it: nothing
	// is waited for but the event. How long that takes is said and, on a busy machine, not judged.
	g.registrar.Get("/v1/credentials").Want(200)
	if v := g.verify(token.Body); v.Overall != verifier.NotValid || v.Reason != verifier.Revoked {
		t.Errorf("revoked it is %s %v", v.Overall, v.Reasons)
	}
	t.Logf("the revocation was visible after %s; the aim is a second", time.Since(began))
	g.registrar.Post("/v1/credentials/"+id+"/reinstatements", nil).WantProblem(409, "credential_revoked")
	if got := g.registrar.Get("/v1/credentials/" + id).Want(200); got.Field("state") != "revoked" || got.Field("reason") != "issued_in_error" {
		t.Errorf("the register says %s", got.Body)
	}
	if strings.Contains(g.Logged.String(), "Amina") {
		t.Error("the log names the graduate")
	}
}

// TestAwardsThatAreRefused: each with a reason of its own over HTTP.
func TestAwardsThatAreRefused(t *testing.T) {
	t.Parallel()
	g := newGraduates(t)
	amina, karim := g.Graduate("Amina"), g.NewID("Karim")
	apitest.Give(g.World, student.Decider, student.Decider.Stream(karim), student.Event(student.StudentRegistered{School: g.School, Assurance: student.Declared}))
	with := func(pairs ...any) map[string]any {
		m := g.diploma(amina)
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1]
		}
		return m
	}
	end := func() any { e, _ := g.Log.End(t.Context()); return e }
	before := end()
	g.registrar.Post("/v1/awards", with("diplomaAwardDate", "2099-01-01")).WantProblem(422, "date_in_future")
	g.registrar.Post("/v1/awards", with("studentUniqueId", karim)).WantProblem(409, "not_enrolled")
	g.registrar.Post("/v1/awards", with("studentUniqueId", g.NewID("nobody"))).WantProblem(404, "not_found")
	g.other.Post("/v1/awards", with()).WantProblem(404, "not_found")
	g.registrar.Post("/v1/awards", with("program", g.NewID("none"))).WantProblem(404, "program_unknown")
	g.registrar.Post("/v1/awards", with("accreditation", g.NewID("none"))).WantProblem(409, "not_accredited")
	g.registrar.Post("/v1/awards", with("diplomaAwardDate", g.Day.AddDays(-1))).WantProblem(409, "award_before_completion")
	g.Client("teacher", g.School).Post("/v1/awards", with()).WantProblem(403, "insufficient_scope")
	if end() != before {
		t.Error("a refusal wrote something")
	}

	// A date long past takes an officer from outside.
	g.Clock.Advance(200 * 24 * time.Hour)
	registrar, ministry := g.Client("registrar", g.School), g.Client("ministry", "")
	registrar.Post("/v1/awards", with()).WantProblem(403, "needs_second_approval")
	ask := with("reason", "uri://example.org/AwardDateExceptionReasonDescriptor#LateRegister")
	registrar.Post("/v1/awardDateExceptions", ask).WantProblem(403, "not_the_authority")
	ministry.Post("/v1/awardDateExceptions", ask).Want(201)
	registrar.Post("/v1/awards", with()).Want(201)
}

// TestACorrectionTakesThePlace of the credential it corrects.
func TestACorrectionTakesThePlace(t *testing.T) {
	t.Parallel()
	g := newGraduates(t)
	g.authorize()
	amina := g.Graduate("Amina Ben Salah")
	award := g.registrar.Post("/v1/awards", g.diploma(amina)).Want(201)
	id := g.signed(amina)
	old := g.registrar.Get("/v1/credentials/" + id + "/token").Want(200)
	names, err := domain.Conceal(amina, domain.ClassRecord, student.NameChange{Names: []student.Name{{Language: "fr-Latn", Full: "Amina Trabelsi"}}})
	if err != nil {
		t.Fatal(err)
	}
	apitest.Give(g.World, student.Decider, student.Decider.Stream(amina), student.Event(student.LegalNameChanged{Names: names}))
	g.registrar.Post("/v1/awards/"+award.Field("id")+"/corrections", map[string]any{
		"studentUniqueId": amina, "program": g.Program, "correctionReason": "name_changed",
	}).Want(201)
	if fresh := g.signed(amina); fresh == id {
		t.Fatal("the superseded credential is still the signed one")
	} else if v := g.verify(g.registrar.Get("/v1/credentials/" + fresh + "/token").Want(200).Body); v.Overall != verifier.Valid || v.Credential.Holder != "Amina Trabelsi" {
		t.Errorf("verdict on the correction %+v", v)
	}
	until(t, time.Second, "the old one falls", func() bool { return g.verify(old.Body).Overall == verifier.NotValid })
	if got := g.registrar.Get("/v1/credentials/" + id).Want(200); got.Field("state") != "superseded" || got.Field("supersededBy") != "2" {
		t.Errorf("the register says %s", got.Body)
	}
}

// TestWhatVerifiersFetch: public, cacheable, and the same for everybody.
func TestWhatVerifiersFetch(t *testing.T) {
	t.Parallel()
	g := newGraduates(t)
	nobody := g.Anyone()
	until(t, 10*time.Second, "the read models are built", func() bool { return nobody.Get("/status/"+string(g.School)+"-1").Status != 503 })
	nobody.Get("/status/"+string(g.School)+"-1").WantProblem(404, "not_found")
	g.authorize()
	amina := g.Graduate("Amina")
	g.registrar.Post("/v1/awards", g.diploma(amina)).Want(201)
	id := g.signed(amina)

	name, err := did.Web(g.URL, string(g.School))
	if err != nil {
		t.Fatal(err)
	}
	doc := nobody.Get("/institutions/" + string(g.School) + "/did.json").Want(200)
	if _, err := did.ParseDocument(doc.Body, name); err != nil {
		t.Errorf("the DID document: %v\n%s", err, doc.Body)
	}
	if doc.Header.Get("Cache-Control") != "public, max-age=60" || doc.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("the DID document comes with %v", doc.Header)
	}
	nobody.Get("/institutions/"+string(g.NewID("none"))+"/did.json").WantProblem(404, "not_found")
	nobody.Get("/institutions/"+string(g.NewID("none"))+"/jwks.json").WantProblem(404, "not_found")
	for _, bad := range []string{"x", string(g.School), string(g.School) + "-2", string(g.School) + "-01", string(g.School) + "-1-x", string(g.NewID("none")) + "-1"} {
		nobody.Get("/status/"+bad).WantProblem(404, "not_found")
	}
	forms := map[string]*apitest.Response{}
	for accept, want := range map[string]string{
		"": "application/vc", "application/vc+jwt": "application/vc+jwt", "application/ld+json": "application/ld+json", "application/json": "application/json",
		"text/html, */*;q=0.8": "application/vc", "application/vc+jwt, application/vc;q=0.9": "application/vc+jwt",
	} {
		r := nobody.Get("/status/"+string(g.School)+"-1", "Accept", accept).Want(200)
		if r.Header.Get("Content-Type") != want || r.Header.Get("Cache-Control") != "public, max-age=30" || r.Header.Get("ETag") == "" || r.Header.Get("Vary") != "Accept" {
			t.Errorf("for %q the list comes with %v", accept, r.Header)
		}
		if strings.HasPrefix(string(r.Body), "{") != (want != "application/vc+jwt") {
			t.Errorf("for %q the list is %.40s", accept, r.Body)
		}
		forms[want] = r
	}
	nobody.Get("/status/"+string(g.School)+"-1", "Accept", "text/html").WantProblem(406, "not_acceptable")
	list := forms["application/vc"]
	if token := forms["application/vc+jwt"]; token.Header.Get("ETag") == list.Header.Get("ETag") {
		t.Error("both forms of the list have one ETag")
	}
	if !strings.Contains(string(list.Body), `"cryptosuite":"eddsa-rdfc-2022"`) || !strings.Contains(string(list.Body), `"ttl":30000`) {
		t.Errorf("the list is %s", list.Body)
	}
	if v := g.verifyWith(g.registrar.Get("/v1/credentials/"+id+"/token").Want(200).Body, ""); v.Overall != verifier.Valid {
		t.Errorf("verdict by the lists as JSON: %+v", v)
	}
	for as, contentType := range map[string]string{"": "application/vc", "?as=json": "application/vc", "?as=png": "image/png", "?as=svg": "image/svg+xml"} {
		badge := g.registrar.Get("/v1/credentials/" + id + "/badge" + as).Want(200)
		if badge.Header.Get("Content-Type") != contentType {
			t.Errorf("the badge %s is %s", as, badge.Header.Get("Content-Type"))
		}
		if v := g.verifyWith(badge.Body, ""); v.Overall != verifier.Valid || v.Credential.Holder != "Amina" {
			t.Errorf("verdict on the badge %s: %+v", as, v)
		}
		if again := g.registrar.Get("/v1/credentials/" + id + "/badge" + as).Want(200); !bytes.Equal(again.Body, badge.Body) {
			t.Errorf("the badge %s is another each time", as)
		}
	}
	g.other.Get("/v1/credentials/"+id+"/badge").WantProblem(404, "not_found")
	g.registrar.Get("/v1/credentials/"+id+"/badge?as=gif").WantProblem(422, "invalid_field")
	same := nobody.Get("/status/"+string(g.School)+"-1", "If-None-Match", list.Header.Get("ETag")).Want(http.StatusNotModified)
	if len(same.Body) > 0 {
		t.Error("304 with a body")
	}
	nobody.Get("/status/" + string(g.School) + "-1-suspension").Want(200)

	before := g.Clock.Now()
	g.Clock.Advance(time.Minute)
	g.registrar.Post("/v1/credentials/"+id+"/suspensions", map[string]any{"reasonClass": "under_investigation"}).Want(201)
	until(t, 10*time.Second, "the suspension list changes", func() bool {
		now := nobody.Get("/status/" + string(g.School) + "-1-suspension").Want(200)
		return now.Header.Get("ETag") != list.Header.Get("ETag") && g.bits(now.Body) == 1
	})
	then := nobody.Get(fmt.Sprintf("/status/%s-1-suspension?timestamp=%s", g.School, before.Format("2006-01-02T15:04:05Z"))).Want(200)
	if g.bits(then.Body) != 0 {
		t.Error("the list as it stood before the suspension has a place set")
	}
	g.asItStood(id, before)
	nobody.Get("/status/"+string(g.School)+"-1?timestamp=2999-01-01T00:00:00Z").WantProblem(422, "invalid_field")
	g.registrar.Post("/v1/credentials/"+id+"/reinstatements", nil).Want(201)
	until(t, 10*time.Second, "the reinstatement shows", func() bool {
		return g.bits(nobody.Get("/status/"+string(g.School)+"-1-suspension").Want(200).Body) == 0
	})
}

// asItStood asks for both lists as of a moment before the suspension of a credential, in both
// forms: they show it good then, and can pass for today's nowhere.
func (g *graduates) asItStood(credential string, then time.Time) {
	g.t.Helper()
	token := g.registrar.Get("/v1/credentials/" + credential + "/token").Want(200).Body
	name, err := did.Web(g.URL, string(g.School))
	if err != nil {
		g.t.Fatal(err)
	}
	issuer, err := did.ParseKeySet(g.Anyone().Get("/institutions/"+string(g.School)+"/jwks.json").Want(200).Body, name)
	if err != nil {
		g.t.Fatal(err)
	}
	for _, form := range []string{"application/vc", "application/vc+jwt"} {
		now, past := map[string][]byte{}, map[string][]byte{}
		for _, suffix := range []string{"", issuer.SuspensionSuffix} {
			path := "/status/" + string(g.School) + "-1" + suffix
			today := g.Anyone().Get(path, "Accept", form).Want(200)
			old := g.Anyone().Get(path+"?timestamp="+then.Format("2006-01-02T15:04:05Z"), "Accept", form).Want(200)
			now[g.URL+path], past[g.URL+path] = today.Body, old.Body
			for _, r := range []*apitest.Response{today, old} {
				if r.Header.Get("Content-Type") != form || r.Header.Get("Cache-Control") != "public, max-age=30" || r.Header.Get("Vary") != "Accept" || r.Header.Get("ETag") == "" {
					g.t.Errorf("%s as %s comes with %v", path, form, r.Header)
				}
			}
			if today.Header.Get("ETag") == old.Header.Get("ETag") {
				g.t.Errorf("%s as %s has one ETag for two days", path, form)
			}
		}
		for _, c := range []struct {
			lists   map[string][]byte
			at      time.Time
			overall verifier.Overall
			reason  string
		}{
			{now, g.Clock.Now(), verifier.NotValid, "suspended"},
			{past, then, verifier.Valid, ""},
			{past, g.Clock.Now(), verifier.CannotConfirm, "status_stale"},
		} {
			s, err := verifier.NewStore("test", bundle.Bundle{Now: did.Instant{Time: c.at}, Issuers: []did.Issuer{issuer}, Lists: c.lists})
			if err != nil {
				g.t.Fatal(err)
			}
			if v := verifier.Verify(g.t.Context(), token, s, c.at); v.Overall != c.overall || string(v.Reason) != c.reason {
				g.t.Errorf("%s at %s: %s %v, want %s %s", form, c.at, v.Overall, v.Reasons, c.overall, c.reason)
			}
		}
	}
}
