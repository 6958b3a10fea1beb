package vcapi

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sijil/verifier"
	"sijil/verifier/bundle"
	"sijil/verifier/credential"
	"sijil/verifier/dataintegrity"
	"sijil/verifier/did"
	"sijil/verifier/status"
)

type object = map[string]any

var now = time.Date(2031, 7, 1, 9, 0, 0, 0, time.UTC)

const listURL = "https://ledger.example/status/1"

// world is a verifier that knows one school, and a stranger who is a key.
type world struct {
	testing.TB
	url         string
	school      string
	schoolKid   string
	schoolKey   ed25519.PrivateKey
	stranger    string
	strangerKid string
	strangerKey ed25519.PrivateKey
}

func key(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, 32))
}

// newWorld serves the routes; the places in revoked are set in the school's list.
func newWorld(t testing.TB, revoked ...int) *world {
	w := &world{TB: t, schoolKey: key(1), strangerKey: key(3)}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	w.school, err = did.Web("https://ledger.example", "7e57")
	must(err)
	w.schoolKid = did.KeyID(w.school, did.ForCredentials, "1")
	statusKid := did.KeyID(w.school, did.ForStatus, "1")
	k, err := did.NewKey(w.schoolKey.Public(), w.schoolKid, did.ForCredentials, now.AddDate(-1, 0, 0))
	must(err)
	s, err := did.NewKey(key(2).Public(), statusKid, did.ForStatus, now.AddDate(-1, 0, 0))
	must(err)
	bits := status.NewBits(0)
	for _, n := range revoked {
		bits.Set(n)
	}
	doc, err := status.New(listURL, w.school, status.Revocation, bits, now.Add(-time.Minute), now.AddDate(0, 0, 1), time.Minute)
	must(err)
	payload, err := credential.Payload(doc)
	must(err)
	signer, err := credential.NewSigner(key(2), statusKid)
	must(err)
	list, err := signer.Sign(payload)
	must(err)
	trust, err := verifier.NewStore("test", bundle.Bundle{
		Now: did.Instant{Time: now}, Issuers: []did.Issuer{{ID: w.school, Name: "School", Keys: []did.Key{k, s}}},
		Lists: map[string][]byte{listURL: []byte(list)},
	})
	must(err)
	w.stranger, w.strangerKid, err = did.NewKeyDID(w.strangerKey.Public())
	must(err)
	mux := http.NewServeMux()
	Register(mux, Config{Trust: trust, Now: func() time.Time { return now }})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// plain is the least credential there is.
func (w *world) plain(issuer string) object {
	return object{
		"@context": []string{credential.ContextV2}, "type": []string{"VerifiableCredential"}, "issuer": issuer,
		"validFrom": "2031-06-01T00:00:00Z", "credentialSubject": object{"id": "did:example:subject"},
	}
}

func with(o object, pairs ...any) object {
	o = maps.Clone(o)
	for i := 0; i+1 < len(pairs); i += 2 {
		if o[pairs[i].(string)] = pairs[i+1]; pairs[i+1] == nil {
			delete(o, pairs[i].(string))
		}
	}
	return o
}

func text(t testing.TB, v any) []byte {
	t.Helper()
	b, err := credential.Payload(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// signed is doc with an embedded proof by the stranger, or by the school.
func (w *world) signed(doc object) json.RawMessage {
	w.Helper()
	key, kid := w.strangerKey, w.strangerKid
	if doc["issuer"] == w.school {
		key, kid = w.schoolKey, w.schoolKid
	}
	return w.prove(doc, key, dataintegrity.Options{VerificationMethod: kid, Purpose: credential.AssertionMethod, Created: now})
}

func (w *world) prove(doc any, key ed25519.PrivateKey, o dataintegrity.Options) json.RawMessage {
	w.Helper()
	b, err := dataintegrity.Sign(text(w, doc), key, o)
	if err != nil {
		w.Fatal(err)
	}
	return b
}

// token is doc as a vc+jwt by the stranger.
func (w *world) token(doc any) string {
	w.Helper()
	s, err := credential.NewSigner(w.strangerKey, w.strangerKid)
	if err != nil {
		w.Fatal(err)
	}
	token, err := s.Sign(text(w, doc))
	if err != nil {
		w.Fatal(err)
	}
	return token
}

func envelope(token string) object {
	return object{"@context": []string{credential.ContextV2}, "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt," + token}
}

// presentation is one by the stranger.
func (w *world) presentation(o dataintegrity.Options, items ...any) json.RawMessage {
	w.Helper()
	o.VerificationMethod, o.Purpose = w.strangerKid, credential.Authentication
	if o.Created.IsZero() {
		o.Created = now
	}
	return w.prove(object{
		"@context": []string{credential.ContextV2}, "type": []string{"VerifiablePresentation"}, "holder": w.stranger, "verifiableCredential": append([]any{}, items...),
	}, w.strangerKey, o)
}

// post sends a body and holds that the answer is a yes or a problem, never in between.
func (w *world) post(path string, body any) (int, Problem) {
	w.Helper()
	b, ok := body.(string)
	if !ok {
		b = string(text(w, body))
	}
	r, err := http.Post(w.url+path, "application/json", strings.NewReader(b))
	if err != nil {
		w.Fatal(err)
	}
	defer r.Body.Close()
	said, err := io.ReadAll(r.Body)
	if err != nil {
		w.Fatal(err)
	}
	var p struct {
		Problem
		Verified bool `json:"verified"`
	}
	if err := json.Unmarshal(said, &p); err != nil {
		w.Fatalf("%d %s: %v", r.StatusCode, said, err)
	}
	problem := r.Header.Get("Content-Type") == "application/problem+json"
	switch {
	case r.StatusCode == 200 && (problem || !p.Verified || p.Overall != verifier.Valid):
		w.Errorf("200 and %s", said)
	case r.StatusCode != 200 && (r.StatusCode < 400 || r.StatusCode > 499 || !problem || p.Verified || p.Overall == verifier.Valid || p.Type == "" || p.Status != r.StatusCode || p.Code == ""):
		w.Errorf("%d and %s", r.StatusCode, said)
	}
	return r.StatusCode, p.Problem
}

// want checks an answer against "200", or "400 CODE".
func (w *world) want(path string, body any, want string) Problem {
	w.Helper()
	code, p := w.post(path, body)
	got := http.StatusText(code)
	if code != 200 {
		got = p.Code
	}
	if want == "" {
		want = http.StatusText(200)
	}
	if got != want {
		w.Errorf("answered %d %s %q, want %s", code, p.Code, p.Detail, want)
	}
	return p
}

func vc(v any, options ...any) object {
	o := object{"verifiableCredential": v}
	if len(options) > 0 {
		o["options"] = options[0]
	}
	return o
}

func TestACredentialIsVerifiedOrRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 7)
	plain := w.plain(w.stranger)
	entry := func(n int) any { return status.NewEntry(listURL, status.Revocation, n) }
	proofOnly := object{"checks": []string{"proof"}}
	changed := json.RawMessage(strings.Replace(string(w.signed(plain)), "did:example:subject", "did:example:another", 1))
	for name, c := range map[string]struct {
		body any
		want string
	}{
		"an embedded proof of a key that is its own issuer": {vc(w.signed(plain)), ""},
		"a token in an envelope":                            {vc(envelope(w.token(plain))), ""},
		"a token":                                           {vc(w.token(plain)), ""},
		"a school that is known":                            {vc(w.signed(with(w.plain(w.school), "credentialStatus", entry(3)))), ""},
		"empty options":                                     {vc(w.signed(plain), object{}), ""},
		"a list of another issuer is not asked for":         {vc(w.signed(with(plain, "credentialStatus", entry(3))), proofOnly), ""},
		"a status that cannot be had is not asked for":      {vc(w.signed(with(plain, "credentialStatus", status.NewEntry("https://elsewhere.example/1", status.Revocation, 1))), proofOnly), ""},

		"another content":                       {vc(changed), "bad_signature"},
		"another content in a token":            {vc(w.token(plain)[:len(w.token(plain))-8] + "AAAAAAAA"), "bad_signature"},
		"no proof":                              {vc(plain), "no_proof"},
		"another issuer than the key's":         {vc(w.prove(w.plain(w.school), w.strangerKey, dataintegrity.Options{VerificationMethod: w.strangerKid, Purpose: credential.AssertionMethod, Created: now})), "key_not_for_issuer"},
		"an issuer whom nobody knows":           {vc(w.prove(w.plain("did:web:nobody.example"), w.strangerKey, dataintegrity.Options{VerificationMethod: "did:web:nobody.example#1", Purpose: credential.AssertionMethod, Created: now})), "unknown_issuer"},
		"a proof for another purpose":           {vc(w.prove(plain, w.strangerKey, dataintegrity.Options{VerificationMethod: w.strangerKid, Purpose: credential.Authentication, Created: now})), "key_wrong_purpose"},
		"a proof from the future":               {vc(w.prove(plain, w.strangerKey, dataintegrity.Options{VerificationMethod: w.strangerKid, Purpose: credential.AssertionMethod, Created: now.Add(time.Hour)})), "not_yet_valid"},
		"expired":                               {vc(w.signed(with(plain, "validUntil", "2031-06-30T00:00:00Z"))), "expired"},
		"not yet valid":                         {vc(w.signed(with(plain, "validFrom", "2031-08-01T00:00:00Z"))), "not_yet_valid"},
		"revoked":                               {vc(w.signed(with(w.plain(w.school), "credentialStatus", entry(7)))), "revoked"},
		"revoked, and the proof is asked":       {vc(w.signed(with(w.plain(w.school), "credentialStatus", entry(7))), proofOnly), "revoked"},
		"a list that cannot be had":             {vc(w.signed(with(w.plain(w.school), "credentialStatus", status.NewEntry("https://ledger.example/status/2", status.Revocation, 1)))), "status_unverifiable"},
		"a presentation":                        {vc(w.presentation(dataintegrity.Options{}, w.signed(plain))), "wrong_type"},
		"a context that nobody keeps":           {vc(w.token(with(plain, "@context", []string{credential.ContextV2, "https://nobody.example/v1"}))), "unknown_context"},
		"a type without meaning":                {vc(w.token(with(plain, "type", []string{"VerifiableCredential", "Sundry"}))), "unmapped_term"},
		"a member of a subject without meaning": {vc(w.token(with(plain, "credentialSubject", object{"id": "did:example:a", "sundry": 1}))), ""},
		"a member that no profile lists":        {vc(w.token(with(plain, "sundry", 1))), "unknown_member"},
		"evidence without a type":               {vc(w.token(with(plain, "evidence", object{"id": "https://a.example/"}))), "untyped_member"},
		"a schema without an id":                {vc(w.token(with(plain, "credentialSchema", object{"type": "JsonSchema"}))), "missing_member"},
		"a resource that is named twice":        {vc(w.token(with(plain, "relatedResource", []object{resource, resource}))), "bad_related_resource"},
		"a resource with another digest":        {vc(w.token(with(plain, "relatedResource", with(resource, "id", credential.ContextV2)))), "wrong_digest"},
		"a text of a language and more":         {vc(w.token(with(plain, "name", object{"@value": "a", "@language": "en", "x": "y"}))), "bad_language_value"},
		"an issuer that is no URL":              {vc(w.token(with(plain, "issuer", "School"))), "key_not_for_issuer"},
		"an envelope that holds another":        {vc(with(envelope(w.token(plain)), "id", "data:application/vp+jwt,"+w.token(plain))), "wrong_typ"},
		"an envelope with more in it":           {vc(with(envelope(w.token(plain)), "issuer", w.school)), "bad_payload"},
		"a mechanism that is not checked":       {vc(with(plain, "proof", object{"type": "DataIntegrityProof", "cryptosuite": "bbs-2023", "proofValue": "u"})), "unsupported_format"},
		"nothing":                               {object{}, "invalid_field"},
		"a number":                              {vc(7), "invalid_field"},
		"the body is a list":                    {"[]", "invalid_json"},
		"a member twice":                        {`{"verifiableCredential":{},"verifiableCredential":{}}`, "invalid_json"},
		"text after the body":                   {`{"verifiableCredential":{}} x`, "invalid_json"},
		"a member that is not known":            {object{"verifiableCredential": plain, "verifiablecredentials": 1}, "unknown_member"},
		"an option that is not known":           {vc(w.signed(plain), object{"challenge": "x"}), "unknown_member"},
		"a check that is not known":             {vc(w.signed(plain), object{"checks": []string{"proof", "taste"}}), "invalid_field"},
		"no proof is to be checked":             {vc(w.signed(plain), object{"checks": []string{"credentialStatus"}}), "invalid_field"},
		"checks that are no list":               {vc(w.signed(plain), object{"checks": "proof"}), "invalid_field"},
		"options that are no object":            {vc(w.signed(plain), []string{}), "invalid_field"},
		"a request of more than a megabyte":     {vc(strings.Repeat("a", 1<<20)), "too_large"},
		"a credential of more than its size":    {vc(strings.Repeat("a", 300<<10)), "too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			w := *w
			w.TB = t
			w.want(Credentials, c.body, c.want)
		})
	}
}

// resource is one of which the document does not keep the digest that it says.
var resource = object{"id": "https://a.example/", "digestSRI": "sha256-" + strings.Repeat("A", 43) + "="}

func TestAPresentationIsMadeForWhoAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 7)
	item := w.signed(w.plain(w.stranger))
	bound := dataintegrity.Options{Challenge: "c-1", Domain: []string{"employer.example"}}
	asked := object{"challenge": "c-1", "domain": "employer.example"}
	vp := func(v any, options object) object {
		return object{"verifiablePresentation": v, "options": options}
	}
	revoked := w.signed(with(w.plain(w.school), "credentialStatus", status.NewEntry(listURL, status.Revocation, 7)))
	untyped := w.token(with(w.plain(w.stranger), "evidence", object{"id": "https://a.example/"}))
	for name, c := range map[string]struct {
		body any
		want string
	}{
		"for this challenge and domain":    {vp(w.presentation(bound, item), asked), ""},
		"an envelope within":               {vp(w.presentation(bound, envelope(w.token(w.plain(w.stranger)))), asked), ""},
		"nothing is asked for":             {vp(w.presentation(dataintegrity.Options{}, item), object{}), ""},
		"no credential within":             {vp(w.presentation(bound), asked), ""},
		"for another challenge":            {vp(w.presentation(bound, item), with(asked, "challenge", "c-2")), "bad_holder_proof"},
		"for another domain":               {vp(w.presentation(bound, item), with(asked, "domain", "other.example")), "bad_holder_proof"},
		"for no challenge":                 {vp(w.presentation(dataintegrity.Options{}, item), asked), "bad_holder_proof"},
		"made long ago":                    {vp(w.presentation(dataintegrity.Options{Challenge: "c-1", Domain: bound.Domain, Created: now.Add(-time.Hour)}, item), asked), "bad_holder_proof"},
		"a revoked credential within":      {vp(w.presentation(bound, revoked), asked), "revoked"},
		"a credential within, changed":     {vp(w.presentation(bound, json.RawMessage(strings.Replace(string(item), "did:example:subject", "did:example:x", 1))), asked), "bad_signature"},
		"one within is not as it should":   {vp(w.presentation(bound, envelope(untyped)), asked), "untyped_member"},
		"a credential":                     {vp(item, object{}), "wrong_type"},
		"a credential where one must bind": {vp(item, asked), "holder_proof_required"},
		"no proof":                         {vp(object{"@context": []string{credential.ContextV2}, "type": "VerifiablePresentation"}, object{}), "no_proof"},
		"a challenge that is no text":      {vp(w.presentation(bound, item), with(asked, "challenge", 7)), "invalid_field"},
		"an empty domain":                  {vp(w.presentation(bound, item), with(asked, "domain", "")), "invalid_field"},
		"another route's member":           {vc(item), "unknown_member"},
	} {
		t.Run(name, func(t *testing.T) {
			w := *w
			w.TB = t
			w.want(Presentations, c.body, c.want)
		})
	}
}

func TestProblemsHaveTheStandardsTypes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 7)
	plain := w.plain(w.stranger)
	school := func(list string, n int) any {
		return w.signed(with(w.plain(w.school), "credentialStatus", status.NewEntry(list, status.Revocation, n)))
	}
	for _, c := range []struct {
		body    any
		typ     string
		overall verifier.Overall
	}{
		{vc(plain), "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR", verifier.NotValid},
		{vc("a.b.c"), "https://www.w3.org/TR/vc-data-model#PARSING_ERROR", verifier.NotValid},
		{"{", "https://www.w3.org/TR/vc-data-model#PARSING_ERROR", ""},
		{vc(w.signed(with(plain, "validUntil", "2031-06-30T00:00:00Z"))), "https://www.w3.org/TR/vc-data-model#RANGE_ERROR", verifier.NotValid},
		{vc(w.token(with(plain, "evidence", object{"id": "https://a.example/"}))), "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR", verifier.NotValid},
		{vc(school("https://ledger.example/status/2", 1)), "https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR", verifier.CannotConfirm},
		{vc(school(listURL, 7)), "urn:sijil:problem:revoked", verifier.NotValid},
	} {
		_, p := w.post(Credentials, c.body)
		if p.Type != c.typ || p.Overall != c.overall || p.Overall != "" && (p.Verdict == nil || len(p.ProblemDetails) == 0 || p.ProblemDetails[0].Type != c.typ) {
			t.Errorf("%+v, want %s %s", p, c.typ, c.overall)
		}
	}
}

// TestEveryReasonHasAType: a reason without one would get a name of ours where a standard
// has one.
func TestEveryReasonHasAType(t *testing.T) {
	own := map[credential.Reason]bool{
		verifier.Revoked: true, verifier.Suspended: true, credential.Unsupported: true, credential.UnknownContext: true,
		verifier.UnknownIssuer: true, verifier.IssuerUnreachable: true, verifier.NotRecorded: true, verifier.TrustStale: true,
		verifier.NotAccredited: true, verifier.NoCredential: true,
		// Of other routes, or of lines that do not count.
		verifier.NotACredential: true, verifier.EmptyFile: true, verifier.UnsupportedMedia: true, verifier.ShareEnded: true, verifier.ShareWithoutFile: true,
		verifier.ShareUnreachable: true, verifier.FileUnreadable: true, verifier.AccreditationUnknown: true, verifier.NoStatus: true,
		verifier.NotAnchored: true, verifier.NotApplicable: true, verifier.NotChecked: true,
	}
	for _, e := range verifier.Reasons() {
		if standard := strings.HasPrefix(typeOf(e.Code), "https://"); standard == own[e.Code] {
			t.Errorf("%s has the type %s", e.Code, typeOf(e.Code))
		}
	}
}

func TestOnlyJSONIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, kind := range []string{"", "text/plain", "application/ld+json", "application/json; charset=latin1"} {
		r, err := http.Post(w.url+Credentials, kind, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != http.StatusUnsupportedMediaType {
			t.Errorf("%q is answered %d", kind, r.StatusCode)
		}
	}
}

func FuzzRequest(f *testing.F) {
	w := newWorld(f)
	f.Add(text(f, vc(w.signed(w.plain(w.stranger)), object{"checks": []string{"proof"}})))
	f.Add(text(f, vc(envelope(w.token(w.plain(w.stranger))))))
	f.Add([]byte(`{"verifiablePresentation":"a.b.c~","options":{"domain":"x"}}`))
	mux := http.NewServeMux()
	trust, err := verifier.NewStore("nobody", bundle.Bundle{})
	if err != nil {
		f.Fatal(err)
	}
	Register(mux, Config{Trust: trust, Now: func() time.Time { return now }})
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, path := range []string{Credentials, Presentations} {
			r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			rec := httptest.NewRecorder()
			mux.ServeHTTP(rec, r)
			var a struct {
				Overall  verifier.Overall
				Verified bool
			}
			if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil || (rec.Code == 200) != (a.Overall == verifier.Valid) || (rec.Code == 200) != a.Verified {
				t.Fatalf("%d %s", rec.Code, rec.Body)
			}
		}
	})
}
