package api_test

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sijil/internal/apitest"
	"sijil/verifier"
	"sijil/verifier/status"
)

// bits counts the places set in a signed list, a token or JSON.
func (g *graduates) bits(list []byte) int {
	g.t.Helper()
	payload := list
	if list[0] != '{' {
		var err error
		if payload, err = base64.RawURLEncoding.DecodeString(strings.Split(string(list), ".")[1]); err != nil {
			g.t.Fatal(err)
		}
	}
	l, err := status.ReadList(payload)
	if err != nil {
		g.t.Fatal(err)
	}
	n := 0
	for i := range l.Bits.Len() {
		if l.Bits.Get(i) {
			n++
		}
	}
	return n
}

// claimed is a signed credential and its claim.
func claimed(t *testing.T) (*graduates, string, *apitest.Response) {
	t.Helper()
	g := newGraduates(t)
	g.authorize()
	amina := g.Graduate("Amina <Ben> Salah")
	g.registrar.Post("/v1/awards", g.diploma(amina)).Want(201)
	id := g.signed(amina)
	claim := g.registrar.Post("/v1/credentials/"+id+"/claims", map[string]any{}).Want(201)
	return g, id, claim
}

// TestClaimsAndSharesForPrograms: the flow as JSON.
func TestClaimsAndSharesForPrograms(t *testing.T) {
	t.Parallel()
	g, id, claim := claimed(t)
	g.other.Post("/v1/credentials/"+id+"/claims", map[string]any{}).WantProblem(404, "not_found")
	g.registrar.Post("/v1/credentials/"+id+"/claims", map[string]any{"expiresAt": "2099-01-01T00:00:00Z"}).WantProblem(422, "invalid_field")
	nobody := g.Anyone()
	link := claim.Field("link")
	nobody.Get("/v1/holdings/"+link).WantProblem(404, "not_found")
	nobody.Post("/v1/claims/"+link[:40]+"AAAA/redemptions", nil).WantProblem(404, "not_found")
	holder := nobody.Post("/v1/claims/"+link+"/redemptions", nil).Want(201).Field("link")
	nobody.Post("/v1/claims/"+link+"/redemptions", nil).WantProblem(409, "claim_used")

	held := nobody.Get("/v1/holdings/" + holder).Want(200)
	if held.Field("state") != "signed" || held.Field("holder", "personalNames", "0", "fullName") != "Amina <Ben> Salah" {
		t.Errorf("the holder sees %s", held.Body)
	}
	if v := g.verify([]byte(held.Field("token"))); v.Overall != verifier.Valid {
		t.Errorf("verdict %+v", v)
	}
	soon := g.Clock.Now().Add(time.Hour).Format(time.RFC3339)
	view := nobody.Post("/v1/holdings/"+holder+"/shares", map[string]any{"scope": "view", "expiresAt": soon}).Want(201)
	file := nobody.Post("/v1/holdings/"+holder+"/shares", map[string]any{"scope": "file", "expiresAt": soon}).Want(201)
	nobody.Post("/v1/holdings/"+link+"/shares", map[string]any{"scope": "file", "expiresAt": soon}).WantProblem(404, "not_found")
	path := func(r *apitest.Response) string { return "/v1/shares/" + r.Field("url")[len(g.URL+"/shares/"):] }
	if got := nobody.Get(path(view)).Want(200); got.Field("token") != "" || got.Field("state") != "signed" {
		t.Errorf("a view shows %s", got.Body)
	}
	if got := nobody.Get(path(file)).Want(200); got.Field("token") != held.Field("token") {
		t.Errorf("a file share shows %s", got.Body)
	}
	nobody.Post("/v1/holdings/"+holder+"/shares/"+file.Field("id")+"/revocations", nil).Want(201)
	nobody.Get(path(file)).WantProblem(409, "share_revoked")
	g.Clock.Advance(2 * time.Hour)
	nobody.Get(path(view)).WantProblem(409, "share_expired")
	if got := nobody.Get("/v1/holdings/" + holder).Want(200); !strings.Contains(string(got.Body), `"state":"expired"`) || !strings.Contains(string(got.Body), `"state":"revoked"`) || strings.Contains(string(got.Body), g.URL+"/shares/") {
		t.Errorf("the holder sees %s", got.Body)
	}
	// The end of a share is not the end of the diploma.
	if v := g.verify([]byte(held.Field("token"))); v.Overall != verifier.Valid {
		t.Errorf("verdict %+v", v)
	}
	for _, secret := range []string{link[37:], holder[37:], path(view)[48:]} {
		if strings.Contains(g.Logged.String(), secret) {
			t.Error("a link's secret was logged")
		}
	}
}

var hiddenKey = regexp.MustCompile(`name="key" value="([^"]+)"`)

// TestClaimsAndSharesForPeople: the same with pages and forms, as a browser without scripts does it.
func TestClaimsAndSharesForPeople(t *testing.T) {
	t.Parallel()
	g, id, claim := claimed(t)
	nobody := g.Anyone()
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	page := claim.Field("url")[len(g.URL):]

	// Whoever previews the link spends nothing.
	for range 2 {
		if got := nobody.Get(page, "Accept-Language", "fr-TN,fr;q=0.9").Want(200); !strings.Contains(string(got.Body), "Votre diplôme est prêt") || strings.Contains(string(got.Body), "Amina") {
			t.Fatalf("the claim page is %s", got.Body)
		}
	}
	got := nobody.Get(page + "?lang=ar").Want(200)
	if !strings.Contains(string(got.Body), `dir="rtl"`) {
		t.Errorf("the Arabic page is %s", got.Body)
	}
	key := hiddenKey.FindStringSubmatch(string(got.Body))[1]
	nobody.Do("POST", page, "key=", form...).Want(400)
	taken := nobody.Do("POST", page+"?lang=bs", "key="+key, form...).Want(303)
	mine := taken.Header.Get("Location")
	if again := nobody.Do("POST", page, "key="+key, form...).Want(303); !strings.HasPrefix(mine, again.Header.Get("Location")) {
		t.Error("the same form again leads elsewhere")
	}
	if r := nobody.Get(page).Want(409); !strings.Contains(string(r.Body), "works once and was used") {
		t.Errorf("a spent link shows %s", r.Body)
	}
	nobody.Do("POST", page, "key=another", form...).Want(409)

	mine, _, _ = strings.Cut(mine, "?")
	held := nobody.Get(mine, "Accept-Language", "hr").Want(200)
	text := string(held.Body)
	for _, want := range []string{"Vaša diploma", "Amina &lt;Ben&gt; Salah", "أمينة بن صالح", "Licence en informatique", "جامعة بنزرت", "Kraj linka nije kraj diplome"} {
		if !strings.Contains(text, want) {
			t.Errorf("the holder's page lacks %q", want)
		}
	}
	if strings.Contains(text, "<script") || !strings.Contains(held.Header.Get("Content-Security-Policy"), "default-src 'none'") || held.Header.Get("Cache-Control") != "no-store" || held.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("the holder's page comes with %v", held.Header)
	}
	token := nobody.Get(mine + "/diploma.jwt").Want(200)
	if v := g.verify(token.Body); v.Overall != verifier.Valid || token.Header.Get("Content-Disposition") != `attachment; filename="`+id+`.jwt"` {
		t.Errorf("the file: %+v %v", v, token.Header)
	}
	if qr := nobody.Get(mine + "/qr.svg").Want(200); !strings.HasPrefix(string(qr.Body), "<svg") || qr.Header.Get("Content-Type") != "image/svg+xml" {
		t.Errorf("the QR code: %.80s", qr.Body)
	}
	nobody.Get(mine + "/else").Want(404)

	key = hiddenKey.FindStringSubmatch(text)[1]
	for _, scope := range []string{"file", "view"} {
		nobody.Do("POST", mine+"/shares", url.Values{"key": {key + scope}, "scope": {scope}, "days": {"7"}}.Encode(), form...).Want(303)
	}
	nobody.Do("POST", mine+"/shares", url.Values{"key": {key}, "scope": {"file"}, "days": {"9999"}}.Encode(), form...).Want(422)
	nobody.Do("POST", mine+"/shares", `{"scope":"file"}`).Want(415)
	text = string(nobody.Get(mine).Want(200).Body)
	links := regexp.MustCompile(regexp.QuoteMeta(g.URL)+`(/shares/[^"]+)"`).FindAllStringSubmatch(text, -1)
	ends := regexp.MustCompile(`action="([^"]+/revocations)"`).FindAllStringSubmatch(text, -1)
	if len(links) != 2 || len(ends) != 2 {
		t.Fatalf("the holder's page has %d links and %d ends: %s", len(links), len(ends), text)
	}
	withFile := 0
	for _, l := range links {
		shown := string(nobody.Get(l[1]).Want(200).Body)
		if !strings.Contains(shown, "Amina &lt;Ben&gt; Salah") || !strings.Contains(shown, "When a link ends, the diploma does not") || strings.Contains(shown, "<form") {
			t.Errorf("the share page is %s", shown)
		}
		r := nobody.Get(l[1] + "/diploma.jwt")
		if strings.Contains(shown, "diploma.jwt") != (r.Status == 200) {
			t.Errorf("the share page and its file disagree: %d", r.Status)
		}
		if r.Status == 200 {
			withFile++
		}
	}
	if withFile != 1 {
		t.Errorf("%d of 2 links give the file, want 1", withFile)
	}
	nobody.Do("POST", ends[0][1], "key="+key, form...).Want(303)
	over := 0
	for _, l := range links {
		if r := nobody.Get(l[1]); r.Status == 409 && strings.Contains(string(r.Body), "Its holder has ended this link") {
			over++
		}
	}
	if over != 1 {
		t.Errorf("%d links are over, want 1", over)
	}

	// What became of the diploma is said on every page.
	proposed := g.head.Post("/v1/credentials/"+id+"/revocations", map[string]any{"reasonClass": "fraud"}).Want(201)
	g.registrar.Post("/v1/credentials/"+id+"/revocations/"+proposed.Field("id")+"/approvals", nil).Want(201)
	if r := nobody.Get(mine).Want(200); !strings.Contains(string(r.Body), "has revoked this diploma") {
		t.Errorf("the page of a revoked diploma is %s", r.Body)
	}
	for _, bad := range []string{"/claims/x", "/holdings/x", "/shares/x", mine + "x"} {
		if r := nobody.Get(bad).Want(404); !strings.Contains(string(r.Body), "There is nothing here") {
			t.Errorf("%s shows %s", bad, r.Body)
		}
	}
	if strings.Contains(g.Logged.String(), claim.Field("link")[37:]) || strings.Contains(g.Logged.String(), mine[len(mine)-43:]) {
		t.Error("a link's secret was logged")
	}
}

// TestThePagesSayEverythingInEveryLanguage: the four files have the same members.
func TestThePagesSayEverythingInEveryLanguage(t *testing.T) {
	t.Parallel()
	g := newGraduates(t)
	for _, lang := range []string{"en", "fr", "ar", "bs"} {
		r := g.Anyone().Get("/shares/x?lang=" + lang).Want(404)
		if r.Header.Get("Content-Language") != lang || !strings.Contains(string(r.Body), `lang="`+lang+`"`) {
			t.Errorf("%s: %v", lang, r.Header)
		}
	}
}
