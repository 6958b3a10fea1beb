package api_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"sijil/internal/apitest"
	"sijil/verifier"
	"sijil/verifier/credential"
)

// TestTheFilesOfAHolding: a diploma in every form, for its holder only, until it ends.
func TestTheFilesOfAHolding(t *testing.T) {
	t.Parallel()
	g, id, claim := claimed(t)
	nobody := g.Anyone()
	link := claim.Field("link")
	nobody.Get("/v1/holdings/"+link+"/files/json").WantProblem(404, "not_found")
	holder := nobody.Post("/v1/claims/"+link+"/redemptions", nil).Want(201).Field("link")
	files := "/v1/holdings/" + holder + "/files/"
	nobody.Get(files+"wallet").WantProblem(409, "key_unavailable")
	keys := "/v1/institutions/" + string(g.School)
	proposal := g.registrarKeys().Post(keys+"/signingKeyPairs", map[string]any{"purpose": "credential", "alg": "ES256"}).Want(201).Field("id")
	g.ministry.Post(keys+"/signingKeyProposals/"+proposal+"/approvals", nil).Want(201)

	for _, c := range []struct {
		file, contentType string
		format            credential.Format
	}{
		{"json", "application/vc", credential.FormatEdDSA2022},
		{"sd-jwt", "application/vc+sd-jwt", credential.FormatSDVC},
		{"sd-jwt?show=identity", "application/vc+sd-jwt", credential.FormatSDVC},
		{"wallet", "application/dc+sd-jwt", credential.FormatSDJWT},
	} {
		got := nobody.Get(files + c.file).Want(200)
		if v := g.verify(got.Body); v.Overall != verifier.Valid || v.Format != c.format || v.Credential.ID != "urn:uuid:"+id || got.Header.Get("Content-Type") != c.contentType {
			t.Errorf("%s is %s, and judged %s %s as %s", c.file, got.Header.Get("Content-Type"), v.Overall, v.Reason, v.Format)
		}
		if again := nobody.Get(files + c.file).Want(200); string(again.Body) != string(got.Body) {
			t.Errorf("%s is another one the second time", c.file)
		}
		if open := strings.Count(string(got.Body), "~") > 1; strings.Contains(c.file, "jwt") && open != strings.Contains(c.file, "identity") {
			t.Errorf("%s discloses something: %v", c.file, open)
		}
	}
	for file, magic := range map[string]string{"png": "\x89PNG", "svg": "<svg"} {
		if got := nobody.Get(files + file).Want(200); !strings.Contains(string(got.Body), magic) {
			t.Errorf("%s: %.40q", file, got.Body)
		}
	}
	nobody.Get(files+"pdf").WantProblem(404, "not_found")
	nobody.Get(files+"sd-jwt?show=iban").WantProblem(422, "invalid_field")

	soon := g.Clock.Now().Add(time.Hour).Format(time.RFC3339)
	shares := "/v1/holdings/" + holder + "/shares"
	nobody.Post(shares, map[string]any{"scope": "file", "show": []string{"grades"}, "expiresAt": soon}).WantProblem(422, "invalid_field")
	made := nobody.Post(shares, map[string]any{"scope": "extract", "expiresAt": soon}).Want(201)
	path := func(r *apitest.Response) string { return r.Field("url")[len(g.URL):] }
	got := nobody.Get("/v1" + path(made)).Want(200)
	if v := g.verify([]byte(got.Field("token"))); v.Overall != verifier.Valid || got.Field("format") != "vc+sd-jwt" {
		t.Errorf("an extract's file is judged %s %s: %s", v.Overall, v.Reason, got.Body)
	}
	for _, secret := range []string{"2004-02-29", "أمينة"} {
		if strings.Contains(string(got.Body), secret) {
			t.Errorf("an extract shows %q", secret)
		}
	}
	page := string(nobody.Get(path(made)).Want(200).Body)
	if strings.Contains(page, "2004") || strings.Contains(page, "أمينة") || !strings.Contains(page, "diploma.sd-jwt") || !strings.Contains(page, "The rest is withheld") {
		t.Errorf("the page of an extract is %s", page)
	}
	if file := nobody.Get(path(made) + "/diploma.sd-jwt?show=identity").Want(200); string(file.Body) != got.Field("token") {
		t.Error("who opens a link chooses what it shows")
	}
	for _, other := range []string{"diploma.jwt", "diploma.json", "diploma.png", "wallet.sd-jwt"} {
		nobody.Get(path(made) + "/" + other).Want(404)
	}
	view := nobody.Post(shares, map[string]any{"scope": "view", "expiresAt": soon}).Want(201)
	for _, other := range []string{"diploma.jwt", "diploma.json", "diploma.sd-jwt", "qr.svg"} {
		nobody.Get(path(view) + "/" + other).Want(404)
	}

	proposed := g.head.Post("/v1/credentials/"+id+"/revocations", map[string]any{"reasonClass": "fraud"}).Want(201)
	before := nobody.Get(files + "json").Want(200).Body
	g.registrar.Post("/v1/credentials/"+id+"/revocations/"+proposed.Field("id")+"/approvals", nil).Want(201)
	until(t, 10*time.Second, "every form is revoked", func() bool {
		return g.verify(before).Reason == verifier.Revoked && g.verify([]byte(got.Field("token"))).Reason == verifier.Revoked
	})
	if after := nobody.Get("/v1" + path(made)).Want(200); after.Field("token") != "" || after.Field("state") != "revoked" {
		t.Errorf("an extract of a revoked diploma shows %s", after.Body)
	}
}

// TestAnExtractForPeople: the boxes of the holder's page choose what a link shows.
func TestAnExtractForPeople(t *testing.T) {
	t.Parallel()
	g, _, claim := claimed(t)
	nobody := g.Anyone()
	holder := nobody.Post("/v1/claims/"+claim.Field("link")+"/redemptions", nil).Want(201).Field("link")
	mine := "/holdings/" + holder
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	text := string(nobody.Get(mine).Want(200).Body)
	for _, want := range []string{`value="identity"`, "diploma.png", "wallet.sd-jwt", `<option value="extract">`} {
		if !strings.Contains(text, want) {
			t.Errorf("the holder's page lacks %s", want)
		}
	}
	if r := nobody.Get(mine + "/wallet.sd-jwt").Want(409); !strings.Contains(string(r.Body), "This file is not to be had") {
		t.Errorf("a file that cannot be made shows %s", r.Body)
	}
	if r := nobody.Get(mine + "/diploma.sd-jwt?show=identity&show=grades").Want(200); g.verify(r.Body).Overall != verifier.Valid || strings.Count(string(r.Body), "~") < 2 {
		t.Errorf("the file is %s", r.Body)
	}
	key := hiddenKey.FindStringSubmatch(text)[1]
	nobody.Do("POST", mine+"/shares", url.Values{"key": {key}, "scope": {"extract"}, "days": {"7"}, "show": {"iban"}}.Encode(), form...).Want(422)
	nobody.Do("POST", mine+"/shares", url.Values{"key": {key}, "scope": {"extract"}, "days": {"7"}, "show": {"identity", "mention"}}.Encode(), form...).Want(303)
	nobody.Do("POST", mine+"/shares", url.Values{"key": {key + "view"}, "scope": {"view"}, "days": {"7"}, "show": {"identity"}}.Encode(), form...).Want(303)
	if text = string(nobody.Get(mine).Want(200).Body); !strings.Contains(text, "A signed file with chosen parts: birth data, the name in other scripts, numbers, the mention") {
		t.Errorf("the holder's page is %s", text)
	}
}
