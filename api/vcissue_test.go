package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"sijil/domain"
	"sijil/internal/access"
	"sijil/internal/apitest"
	"sijil/verifier"
	"sijil/verifier/did"
	"sijil/verifier/vcapi"
)

const (
	issueEmbedded  = "/credentials/issue"
	issueEnveloped = "/enveloped/credentials/issue"
	contextV2      = "https://www.w3.org/ns/credentials/v2"
)

// letter is the least credential there is.
func letter(pairs ...any) m {
	o := m{"@context": []any{contextV2}, "type": []any{"VerifiableCredential"}, "credentialSubject": m{"id": "did:example:subject"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		if o[pairs[i].(string)] = pairs[i+1]; pairs[i+1] == nil {
			delete(o, pairs[i].(string))
		}
	}
	return o
}

func asked(credential any) m { return m{"credential": credential} }

// issued is the document of an answer.
func issued(t *testing.T, body []byte) json.RawMessage {
	t.Helper()
	var a struct {
		VC json.RawMessage `json:"verifiableCredential"`
	}
	if err := json.Unmarshal(body, &a); err != nil || a.VC == nil {
		t.Fatalf("%s: %v", body, err)
	}
	return a.VC
}

// TestACredentialIsIssuedVerifiedAndRevoked is the VC-API from request to revocation.
func TestACredentialIsIssuedVerifiedAndRevoked(t *testing.T) {
	t.Parallel()
	g := newGraduates(t)
	g.registrar.Post(issueEmbedded, asked(letter())).WantProblem(503, "no_status_key")
	g.authorize()
	name, err := did.Web(g.URL, string(g.School))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{issueEmbedded, issueEnveloped} {
		r := g.registrar.Post(path, asked(letter("name", m{"@value": "إفادة", "@language": "ar", "@direction": "rtl"}, "issuer", name))).Want(http.StatusCreated)
		doc := issued(t, r.Body)
		g.published()
		v := g.verifyWith(doc, "application/vc+jwt")
		if v.Overall != verifier.Valid || v.Credential.Issuer != name || len(v.Warnings) > 0 || v.Lines.Status.Answer != verifier.True {
			t.Errorf("%s: %s %s %s %v", path, v.Overall, v.Reason, v.Detail, v.Warnings)
		}
		id := strings.TrimPrefix(r.Header.Get("Location"), "/v1/attestations/")
		if v.Credential.ID != "urn:uuid:"+id {
			t.Errorf("%s: the credential is %s, and lies at %s", path, v.Credential.ID, r.Header.Get("Location"))
		}
		if got := g.registrar.Get(r.Header.Get("Location")).Want(200).Field("state"); got != "signed" {
			t.Errorf("it stands as %s", got)
		}
		// What was recorded is told to those who ask about a retired key.
		var records did.Records
		until(t, 10*time.Second, "it is in the register", func() bool {
			g.Anyone().Get("/institutions/"+string(g.School)+"/records", "X-Sijil-Position", r.Header.Get("X-Sijil-Position")).Want(200).Read(&records)
			for _, line := range records.Records {
				if line.ID == did.NewRecordLine("urn:uuid:"+id, [32]byte{}, did.Instant{}).ID {
					return true
				}
			}
			return false
		})

		revocation := g.registrar.Post("/v1/attestations/"+id+"/revocations", m{"reasonClass": "no_longer_true"}).Want(201).Field("id")
		approval := "/v1/attestations/" + id + "/revocations/" + revocation + "/approvals"
		g.registrar.Post(approval, nil).WantProblem(403, "needs_second_approval")
		g.other.Post(approval, nil).WantProblem(404, "not_found")
		g.head.Post(approval, nil).Want(201)
		until(t, 5*time.Second, "the status list says so", func() bool {
			v = g.verifyWith(doc, "application/vc+jwt")
			return v.Overall == verifier.NotValid && v.Reason == verifier.Revoked
		})
	}
}

// TestOneKeyIssuesOneCredential: a repeated request is answered as the first time, and another
// body under its key is refused; without a key each is another.
func TestOneKeyIssuesOneCredential(t *testing.T) {
	t.Parallel()
	g := newGraduates(t)
	g.authorize()
	for _, path := range []string{issueEmbedded, issueEnveloped} {
		key := []string{"Idempotency-Key", uuid.NewString()}
		first := g.registrar.Do("POST", path, asked(letter()), key...).Want(201)
		again := g.registrar.Do("POST", path, asked(letter()), key...).Want(201)
		if !bytes.Equal(first.Body, again.Body) || first.Header.Get("X-Sijil-Position") != again.Header.Get("X-Sijil-Position") || first.Header.Get("Location") != again.Header.Get("Location") {
			t.Errorf("%s: the retry is answered %s, first %s", path, again.Body, first.Body)
		}
		g.registrar.Do("POST", path, asked(letter("name", "another")), key...).WantProblem(422, "idempotency_key_reused")
		if other := g.registrar.Do("POST", path, asked(letter())).Want(201); bytes.Equal(other.Body, first.Body) {
			t.Errorf("%s: two requests without a key are one", path)
		}
	}
}

// TestWhatAnIssuerRefuses is the table of what the data model does not allow, and of what this
// ledger does not sign because somebody asks.
func TestWhatAnIssuerRefuses(t *testing.T) {
	t.Parallel()
	g := newGraduates(t)
	g.authorize()
	before, err := g.Ledger.Log().End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const bad = "credential_not_conforming"
	type object = m
	resource := object{"id": "https://a.example/", "digestSRI": "sha256-" + strings.Repeat("A", 43) + "="}
	deep := any("x")
	for range 40 {
		deep = []any{deep}
	}
	for name, c := range map[string]struct {
		credential any
		status     int
		code       string
	}{
		// §4.3 contexts
		"no context":                            {letter("@context", nil), 422, bad},
		"another first context":                 {letter("@context", []any{"https://www.w3.org/2018/credentials/v1"}), 422, bad},
		"the context is no list":                {letter("@context", contextV2), 422, bad},
		"the context comes second":              {letter("@context", []any{"https://www.w3.org/ns/credentials/examples/v2", contextV2}), 422, bad},
		"a context that is not kept here":       {letter("@context", []any{contextV2, "https://nobody.example/v1"}), 422, bad},
		"a context that is a number":            {letter("@context", []any{contextV2, 7}), 422, bad},
		"a protected term is redefined":         {letter("@context", []any{contextV2, object{"VerifiableCredential": "https://a.example/VC"}}), 422, bad},
		"a context that gives any word meaning": {letter("@context", []any{contextV2, object{"@vocab": "https://a.example/"}}), 422, bad},
		"undefined terms are let pass":          {letter("@context", []any{contextV2, "https://www.w3.org/ns/credentials/undefined-terms/v2"}), 422, bad},
		"a member without a meaning":            {letter("credentialSubject", object{"id": "did:example:subject", "fancy": 1}), 422, bad},
		"a member that no profile lists":        {letter("fancy", 1), 422, bad},
		// §4.4 ids
		"an id that is no URL":             {letter("id", "one"), 422, bad},
		"two ids":                          {letter("id", []any{"urn:a:1", "urn:a:2"}), 422, bad},
		"an id that is null":               {letter("id", nil2), 422, bad},
		"a subject whose id is no URL":     {letter("credentialSubject", object{"id": "one", "name": "x"}), 422, bad},
		"an id of the ledger's":            {letter("id", "urn:uuid:0190b5a2-7c3e-8d4f-8a21-5b6c7d8e9f20"), 422, "set_by_issuer"},
		"an id of the ledger's, shouted":   {letter("id", "URN:UUID:0190B5A2-7C3E-8D4F-8A21-5B6C7D8E9F20"), 422, "set_by_issuer"},
		"an issuer that is another":        {letter("issuer", "did:web:another.example"), 403, "another_issuer"},
		"an issuer object that is another": {letter("issuer", object{"id": "did:web:another.example"}), 403, "another_issuer"},
		"an issuer that is no URL":         {letter("issuer", "School"), 403, "another_issuer"},
		"an issuer that is a number":       {letter("issuer", 7), 422, bad},
		"an issuer without an id":          {letter("issuer", object{"name": "School"}), 422, bad},
		"issuers":                          {letter("issuer", []any{"did:web:a.example"}), 422, bad},
		// §4.5 types
		"no type":                        {letter("type", nil), 422, bad},
		"no VerifiableCredential":        {letter("type", []any{"https://a.example/Letter"}), 422, bad},
		"a type without a meaning":       {letter("type", []any{"VerifiableCredential", "Fancy"}), 422, bad},
		"a type that is a number":        {letter("type", []any{"VerifiableCredential", 7}), 422, bad},
		"a presentation":                 {letter("type", []any{"VerifiableCredential", "VerifiablePresentation"}), 403, "not_an_attestation"},
		"an envelope":                    {letter("type", []any{"EnvelopedVerifiableCredential"}), 403, "not_an_attestation"},
		"a status list":                  {letter("type", []any{"VerifiableCredential", "BitstringStatusListCredential"}), 403, "not_an_attestation"},
		"a status list's subject":        {letter("credentialSubject", object{"type": "BitstringStatusList", "encodedList": "u"}), 403, "not_an_attestation"},
		"a status list in another guise": {letter("@context", []any{contextV2, object{"Bits": "https://www.w3.org/ns/credentials/status#BitstringStatusList"}}, "credentialSubject", object{"type": "Bits"}), 422, bad},
		// §4.6 names
		"a name with more in it":              {letter("name", object{"@value": "a", "@language": "en", "x": "y"}), 422, bad},
		"a name without its text":             {letter("name", object{"@language": "en"}), 422, bad},
		"a name in no language":               {letter("name", object{"@value": "a", "@language": "not a tag"}), 422, bad},
		"a name that is a number":             {letter("name", 7), 422, bad},
		"a description with a wild direction": {letter("description", object{"@value": "a", "@direction": "up"}), 422, bad},
		// §4.8 subjects
		"no subject":       {letter("credentialSubject", nil), 422, bad},
		"an empty subject": {letter("credentialSubject", object{}), 422, bad},
		"no subjects":      {letter("credentialSubject", []any{}), 422, bad},
		"one is empty":     {letter("credentialSubject", []any{object{"id": "did:example:a"}, object{}}), 422, bad},
		"a text":           {letter("credentialSubject", "did:example:a"), 422, bad},
		// §4.9 dates
		"it ends before it begins":        {letter("validFrom", "2031-01-01T00:00:00Z", "validUntil", "2030-01-01T00:00:00Z"), 422, bad},
		"a day is no instant":             {letter("validFrom", "2020-01-01"), 422, bad},
		"an instant without a zone":       {letter("validFrom", "2020-01-01T00:00:00"), 422, bad},
		"an end that is no instant":       {letter("validUntil", "soon"), 422, bad},
		"it has ended already":            {letter("validFrom", "2019-01-01T00:00:00Z", "validUntil", "2020-01-01T00:00:00Z"), 422, bad},
		"a date that is a number":         {letter("validFrom", 20200101), 422, bad},
		"a day that no calendar has":      {letter("validFrom", "2021-02-30T00:00:00Z"), 422, bad},
		"an award date, out of its place": {letter("awardedDate", "2020-01-01T00:00:00Z"), 403, "diplomas_come_from_awards"},
		// §4.10–5.6 typed members
		"a status of the caller's":            {letter("credentialStatus", object{"id": "https://a.example/1", "type": "BitstringStatusListEntry"}), 422, "set_by_issuer"},
		"a proof of the caller's":             {letter("proof", object{"type": "DataIntegrityProof"}), 422, "set_by_issuer"},
		"a schema without a type":             {letter("credentialSchema", object{"id": "https://a.example/s"}), 422, bad},
		"a schema without an id":              {letter("credentialSchema", object{"type": "JsonSchema"}), 422, bad},
		"a schema whose id is no URL":         {letter("credentialSchema", object{"id": "s", "type": "JsonSchema"}), 422, bad},
		"a refresh service without a type":    {letter("refreshService", object{"id": "https://a.example/r"}), 422, bad},
		"terms of use without a type":         {letter("termsOfUse", object{"id": "https://a.example/t"}), 422, bad},
		"evidence without a type":             {letter("evidence", object{"id": "https://a.example/e"}), 422, bad},
		"one of the evidence without a type":  {letter("evidence", []any{object{"type": "https://a.example/E"}, object{"id": "https://a.example/e"}}), 422, bad},
		"evidence that is a text":             {letter("evidence", "seen"), 422, bad},
		"a resource without an id":            {letter("relatedResource", object{"digestSRI": resource["digestSRI"]}), 422, bad},
		"a resource named twice":              {letter("relatedResource", []any{resource, resource}), 422, bad},
		"a resource without a digest":         {letter("relatedResource", object{"id": "https://a.example/"}), 422, bad},
		"a resource with a malformed digest":  {letter("relatedResource", object{"id": "https://a.example/", "digestSRI": "sha256-x"}), 422, bad},
		"a kept resource with another digest": {letter("relatedResource", object{"id": contextV2, "digestSRI": resource["digestSRI"]}), 422, bad},
		// Awards
		"a badge":                          {letter("@context", []any{contextV2, "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"}, "type", []any{"VerifiableCredential", "OpenBadgeCredential"}), 403, "diplomas_come_from_awards"},
		"an achievement":                   {letter("type", []any{"VerifiableCredential", "AchievementCredential"}), 403, "diplomas_come_from_awards"},
		"a transcript":                     {letter("type", []any{"VerifiableCredential", "ClrCredential"}), 403, "diplomas_come_from_awards"},
		"the context of badges alone":      {letter("@context", []any{contextV2, "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"}), 403, "diplomas_come_from_awards"},
		"a degree of the examples":         {letter("@context", []any{contextV2, "https://www.w3.org/ns/credentials/examples/v2"}, "type", []any{"VerifiableCredential", "ExampleDegreeCredential"}), 403, "diplomas_come_from_awards"},
		"an achievement of the subject":    {letter("credentialSubject", object{"id": "did:example:a", "achievement": object{"achievementType": "Diploma"}}), 403, "diplomas_come_from_awards"},
		"a diploma under another word":     {letter("@context", []any{contextV2, object{"Letter": "https://purl.imsglobal.org/spec/vc/ob/vocab.html#AchievementCredential"}}, "type", []any{"VerifiableCredential", "Letter"}), 403, "diplomas_come_from_awards"},
		"a diploma under a word's context": {letter("@context", []any{contextV2, object{"has": "https://schema.example/diploma"}}, "credentialSubject", object{"id": "did:example:a", "has": "x"}), 403, "diplomas_come_from_awards"},
		"a diploma by a full name":         {letter("type", []any{"VerifiableCredential", "http://data.europa.eu/snb/model/elm/LearningOutcome"}), 403, "diplomas_come_from_awards"},
		"a word for types":                 {letter("@context", []any{contextV2, object{"kind": "@type"}}, "kind", "https://a.example/Diploma"), 0, ""},
		// The request
		"a list":                  {[]any{letter()}, 422, "invalid_field"},
		"a token":                 {"eyJ", 422, "invalid_field"},
		"nothing":                 {nil2, 422, "invalid_field"},
		"more than can be signed": {letter("description", strings.Repeat("a", 65<<10)), 422, bad},
		"too deep":                {letter("credentialSubject", object{"id": "did:example:a", "name": deep}), 400, "invalid_json"},
	} {
		for _, path := range []string{issueEmbedded, issueEnveloped} {
			r := g.registrar.Post(path, asked(c.credential))
			if c.status == 0 { // whatever it is called, it is refused
				if r.Status < 400 || r.Status > 499 {
					t.Errorf("%s is answered %d %s", name, r.Status, r.Body)
				}
				continue
			}
			if r.Status != c.status || r.Code() != c.code || r.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s at %s is answered %d %s, want %d %s", name, path, r.Status, r.Body, c.status, c.code)
			}
		}
	}
	for name, b := range map[string]any{
		"an option that is not known": m{"credential": letter(), "options": m{"fast": true}},
		"a member that is not known":  m{"credential": letter(), "option": m{}},
		"no credential":               m{},
	} {
		if r := g.registrar.Post(issueEmbedded, b); r.Status != 422 {
			t.Errorf("%s is answered %d %s", name, r.Status, r.Body)
		}
	}
	// Refused is refused before anything is recorded.
	if end, err := g.Ledger.Log().End(t.Context()); err != nil || end != before {
		t.Errorf("refusals were recorded: the log went from %d to %d, %v", before, end, err)
	}
}

// nil2 is a null, since letter takes nil for leaving out.
var nil2 = json.RawMessage("null")

// TestWhatAnIssuerTakes: what the data model allows and is no award.
func TestWhatAnIssuerTakes(t *testing.T) {
	t.Parallel()
	g := newGraduates(t)
	g.authorize()
	name, err := did.Web(g.URL, string(g.School))
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]m{
		"the least":                       letter(),
		"the issuer as an object":         letter("issuer", m{"id": name, "name": m{"@value": "معهد", "@language": "ar", "@direction": "rtl"}}),
		"an id of the caller's":           letter("id", "https://a.example/credentials/1"),
		"a random id":                     letter("id", "urn:uuid:3978344f-8596-4c3a-a978-8fcaba3903c5"),
		"a type of the examples":          letter("@context", []any{contextV2, "https://www.w3.org/ns/credentials/examples/v2"}, "type", []any{"VerifiableCredential", "ExampleTestCredential"}),
		"a type by its full name":         letter("type", []any{"VerifiableCredential", "https://a.example/Letter"}),
		"words of its own":                letter("@context", []any{contextV2, m{"enrolledSince": "https://a.example/enrolledSince"}}, "credentialSubject", m{"id": "did:example:a", "enrolledSince": "2024-09-01"}),
		"names in languages":              letter("name", []any{m{"@value": "Attestation", "@language": "fr"}, m{"@value": "إفادة", "@language": "ar"}}),
		"it begins later":                 letter("validFrom", "2099-01-01T00:00:00Z", "validUntil", "2100-01-01T00:00:00+01:00"),
		"evidence, terms and schema":      letter("evidence", []any{m{"type": "https://a.example/Seen"}}, "termsOfUse", m{"type": "https://a.example/Terms"}, "credentialSchema", m{"id": "https://a.example/s", "type": "JsonSchema"}),
		"a resource elsewhere":            letter("relatedResource", m{"id": "https://a.example/", "digestSRI": "sha256-" + strings.Repeat("A", 43) + "="}),
		"a text that is written in pairs": letter("description", "emoji 🎓 & <b>"),
	} {
		for _, path := range []string{issueEmbedded, issueEnveloped} {
			r := g.registrar.Post(path, asked(c))
			if r.Status != 201 {
				t.Errorf("%s at %s is answered %d %s", what, path, r.Status, r.Body)
				continue
			}
			g.published()
			v := g.verifyWith(issued(t, r.Body), "application/vc")
			if later := c["validFrom"] != nil; v.Overall != verifier.Valid && !(later && v.Reason == verifier.NotYetValid) {
				t.Errorf("%s at %s: %s %s %s", what, path, v.Overall, v.Reason, v.Detail)
			}
		}
	}
}

// TestOnlyWhoMayIssuesInItsOwnName: by scope, by institution and by tenant.
func TestOnlyWhoMayIssuesInItsOwnName(t *testing.T) {
	t.Parallel()
	g := newGraduates(t)
	g.authorize()
	name, err := did.Web(g.URL, string(g.School))
	if err != nil {
		t.Fatal(err)
	}
	g.Anyone().Post(issueEmbedded, asked(letter())).WantProblem(401, "unauthenticated")
	for _, role := range []string{"teacher", "auditor", "approver"} {
		g.Client(role, g.School).Post(issueEmbedded, asked(letter())).WantProblem(403, "insufficient_scope")
	}
	all := access.Roles["registrar"]
	var others []access.Scope
	for _, s := range all {
		if s != access.AttestationsWrite {
			others = append(others, s)
		}
	}
	g.ClientOf("elsewhere", "", others...).Post(issueEmbedded, asked(letter())).WantProblem(403, "insufficient_scope")
	// Another school, and another tenant's ministry, cannot speak for this one, nor end what it said.
	stranger := g.ClientOf("elsewhere", "", access.Roles["ministry"]...)
	for _, c := range []interface {
		Post(string, any, ...string) *apitest.Response
	}{g.other, stranger} {
		c.Post(issueEmbedded, asked(letter("issuer", name))).WantProblem(403, "another_issuer")
	}
	id := strings.TrimPrefix(g.registrar.Post(issueEmbedded, asked(letter())).Want(201).Header.Get("Location"), "/v1/attestations/")
	for _, c := range []interface {
		Post(string, any, ...string) *apitest.Response
		Get(string, ...string) *apitest.Response
	}{g.other, stranger} {
		c.Get("/v1/attestations/"+id).WantProblem(404, "not_found")
		c.Post("/v1/attestations/"+id+"/revocations", m{"reasonClass": "fraud"}).WantProblem(404, "not_found")
	}
	// Who stands above may end it.
	g.ministry.Post("/v1/attestations/"+id+"/revocations", m{"reasonClass": "court_order"}).Want(201)
	// A student whom the school may not see is as good as none.
	g.registrar.Post(issueEmbedded, m{"credential": letter(), "options": m{"studentUniqueId": uuid.NewString()}}).WantProblem(404, "not_found")
	amina := g.Graduate("Amina Ben Salah")
	g.registrar.Post(issueEmbedded, m{"credential": letter(), "options": m{"studentUniqueId": amina}}).Want(201)
	g.other.Post(issueEmbedded, m{"credential": letter(), "options": m{"studentUniqueId": amina}}).WantProblem(404, "not_found")
}

// TestWhatIsSignedIsSealed: the log and the read models hold nothing of what a credential says.
func TestWhatIsSignedIsSealed(t *testing.T) {
	t.Parallel()
	g := newGraduates(t)
	g.authorize()
	g.registrar.Post(issueEmbedded, asked(letter("description", "Canary Ben Canari"))).Want(201)
	g.registrar.Post(issueEnveloped, asked(letter("description", "Canary Ben Canari", "evidence", "Canary Ben Canari"))).WantProblem(422, "credential_not_conforming")
	found := 0
	for e, err := range g.Ledger.Log().All(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(e.Data, []byte("Canar")) || bytes.Contains(e.Meta, []byte("Canar")) {
			t.Errorf("%s holds what was sealed", e.Type)
		}
		if strings.HasPrefix(e.Type, "attestation.") {
			found++
		}
	}
	if found != 2 {
		t.Errorf("%d facts were recorded, want one before signing and one after", found)
	}
	if strings.Contains(g.Logged.String(), "Canar") {
		t.Error("the log for operators holds it")
	}
}

// TestTheVerifyingRoutesTakeWhatIsIssued is the round trip from one VC-API to the other.
func TestTheVerifyingRoutesTakeWhatIsIssued(t *testing.T) {
	t.Parallel()
	g := newGraduates(t)
	g.authorize()
	verify := g.ask
	for _, path := range []string{issueEmbedded, issueEnveloped} {
		r := g.registrar.Post(path, asked(letter())).Want(201)
		id := strings.TrimPrefix(r.Header.Get("Location"), "/v1/attestations/")
		doc := issued(t, r.Body)
		if code, said := verify(vcapi.Credentials, m{"verifiableCredential": doc}); code != 200 {
			t.Errorf("%s is answered %d %s", path, code, said)
		}
		var o m
		if err := json.Unmarshal(doc, &o); err != nil {
			t.Fatal(err)
		}
		o["validUntil"] = "2099-01-01T00:00:00Z"
		if code, said := verify(vcapi.Credentials, m{"verifiableCredential": o}); code != 400 || !strings.Contains(said, `"overall":"NOT VALID"`) {
			t.Errorf("changed: %d %s", code, said)
		}
		rev := g.registrar.Post("/v1/attestations/"+id+"/revocations", m{"reasonClass": "fraud"}).Want(201).Field("id")
		g.head.Post("/v1/attestations/"+id+"/revocations/"+rev+"/approvals", nil).Want(201)
		until(t, 5*time.Second, "a verifier hears of it", func() bool {
			code, said := verify(vcapi.Credentials, m{"verifiableCredential": doc})
			return code == 400 && strings.Contains(said, `"code":"revoked"`)
		})
	}
}

// published waits until what the registrar did is in what verifiers fetch.
func (g *graduates) published() { g.t.Helper(); g.registrar.Get("/v1/credentials").Want(200) }

// ask asks a verifier of what the ledger publishes now, over HTTP.
func (g *graduates) ask(path string, body any) (int, string) {
	g.t.Helper()
	g.published()
	mux := http.NewServeMux()
	vcapi.Register(mux, vcapi.Config{Trust: g.trust("application/vc"), Now: g.Clock.Now})
	server := httptest.NewServer(mux)
	defer server.Close()
	b, err := json.Marshal(body)
	if err != nil {
		g.t.Fatal(err)
	}
	r, err := http.Post(server.URL+path, "application/json", bytes.NewReader(b))
	if err != nil {
		g.t.Fatal(err)
	}
	defer r.Body.Close()
	said, err := io.ReadAll(r.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return r.StatusCode, string(said)
}

// TestIDsOfTheLedgerAreOfTheirOwnKind: callers may give none of that kind.
func TestIDsOfTheLedgerAreOfTheirOwnKind(t *testing.T) {
	if id := domain.KeyedID(make([]byte, 32)); id[14] != '8' {
		t.Errorf("the ledger's ids are of version %c", id[14])
	}
}
