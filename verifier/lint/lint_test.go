package lint

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sijil/verifier/credential"
	"sijil/verifier/jsonld"
	"sijil/verifier/status"
)

type object = map[string]any

type list = []any

const examples = "https://www.w3.org/ns/credentials/examples/v2"

func parse(t testing.TB, v any) credential.Value {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	root, refusal := credential.ParseJSON(b)
	if refusal != nil {
		t.Fatal(refusal)
	}
	return root
}

// plain is a credential of the data model alone.
func plain() object {
	return object{
		"@context": list{credential.ContextV2, examples}, "type": list{"VerifiableCredential", "ExampleDegreeCredential"},
		"issuer": "https://university.example/issuers/14", "validFrom": "2026-01-01T00:00:00Z",
		"credentialSubject": object{"id": "did:example:abc", "degree": object{"type": "ExampleBachelorDegree", "name": "Bachelor"}},
	}
}

// badge is a diploma as it is issued here.
func badge() credential.Achievement {
	return credential.Achievement{
		Context: []string{credential.ContextV2, credential.ContextOB3}, ID: "urn:uuid:00000000-0000-4000-8000-000000000001", Type: credential.AchievementTypes,
		Name: "Licence", Issuer: credential.Profile{ID: "did:web:ledger.example:institutions:1", Type: []string{"Profile"}, Name: "Lycée"},
		ValidFrom: "2026-01-01T00:00:00Z", AwardedDate: "2026-01-01T00:00:00Z",
		CredentialSubject: credential.AchievementSubject{
			ID: "urn:uuid:00000000-0000-4000-9000-000000000001", Type: []string{"AchievementSubject"},
			Identifier: []credential.Identity{{Type: "IdentityObject", IdentityHash: "Amina Ben Salah", IdentityType: "name"}},
			Achievement: credential.AwardedTitle{
				ID: "urn:uuid:11111111-0000-4000-8000-000000000000", Type: []string{"Achievement"}, AchievementType: "Diploma", Name: "Licence", Description: "Three years",
				Criteria:          credential.Criteria{Narrative: "180 credits"},
				ResultDescription: []credential.ResultDescription{{ID: "urn:uuid:22222222-0000-4000-8000-000000000000", Type: []string{"ResultDescription"}, Name: "Mention", ResultType: "Result"}},
			},
			Result: []credential.Result{{Type: []string{"Result"}, ResultDescription: "urn:uuid:22222222-0000-4000-8000-000000000000", Value: "Très bien"}},
		},
		CredentialStatus: status.NewEntry("https://ledger.example/status/1", status.Revocation, 7),
	}
}

func asObject(t testing.TB, v any) (o object) {
	b, err := credential.Payload(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// change sets the member at a path of names; nil takes it away.
func change(o object, path string, v any) object {
	names := strings.Split(path, "/")
	at := o
	for _, n := range names[:len(names)-1] {
		at = at[n].(object)
	}
	if v == nil {
		delete(at, names[len(names)-1])
	} else {
		at[names[len(names)-1]] = v
	}
	return o
}

type lintCase struct {
	path   string
	value  any
	reason credential.Reason // empty: allowed
}

func run(t *testing.T, p Profile, make func() object, cases map[string]lintCase) {
	t.Helper()
	if found := Lint(parse(t, make()), p); len(found) > 0 {
		t.Fatalf("unchanged: %v", found)
	}
	for name, c := range cases {
		found := Lint(parse(t, change(make(), c.path, c.value)), p)
		if c.reason == "" && len(found) > 0 {
			t.Errorf("%s: %v", name, found)
		}
		if c.reason != "" && (len(found) == 0 || found[0].Reason != c.reason) {
			t.Errorf("%s: %v, want %s", name, found, c.reason)
		}
	}
}

func TestTheDataModelIsKept(t *testing.T) {
	text, ok := jsonld.Text(credential.ContextV2)
	if !ok {
		t.Fatal("the data model's context is not kept")
	}
	sum, long := sha256.Sum256(text), sha512.Sum384(text)
	sri := "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
	sri384 := "sha384-" + base64.StdEncoding.EncodeToString(long[:])
	multihash := "u" + base64.RawURLEncoding.EncodeToString(append([]byte{0x12, 32}, sum[:]...))
	multibase := "z" + credential.EncodeBase58(append([]byte{0x12, 32}, sum[:]...))
	other := sha256.Sum256([]byte("another"))
	wrong := "sha256-" + base64.StdEncoding.EncodeToString(other[:])
	entry := func(pairs ...string) object {
		o := object{"id": "https://x.example/status/1#7", "type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "7", "statusListCredential": "https://x.example/status/1"}
		for i := 0; i < len(pairs); i += 2 {
			o[pairs[i]] = pairs[i+1]
		}
		return o
	}
	resource := func(more object) object {
		more["id"] = credential.ContextV2
		return more
	}
	run(t, Profile{}, plain, map[string]lintCase{
		"no context":                                    {"@context", nil, BadContext},
		"a context that is no list":                     {"@context", credential.ContextV2, BadContext},
		"an empty list of contexts":                     {"@context", list{}, BadContext},
		"the contexts in another order":                 {"@context", list{examples, credential.ContextV2}, BadContext},
		"a context that is a number":                    {"@context", list{credential.ContextV2, 1}, BadContext},
		"a context that nobody keeps":                   {"@context", list{credential.ContextV2, examples, "https://evil.example/v1"}, credential.UnknownContext},
		"a context that gives terms a meaning":          {"@context", list{credential.ContextV2, examples, object{"rank": "https://x.example/terms#rank"}}, ""},
		"a context that gives a protected term another": {"@context", list{credential.ContextV2, object{"credentialSubject": "https://x.example/terms#x"}}, credential.Unsupported},
		"an id":                              {"id", "urn:uuid:1", ""},
		"an id that is no URL":               {"id", "1", BadID},
		"two ids":                            {"id", list{"urn:uuid:1", "urn:uuid:2"}, BadID},
		"an id with white space":             {"id", "https://x.example/a b", BadID},
		"no type":                            {"type", nil, credential.WrongType},
		"another type only":                  {"type", "ExampleDegreeCredential", credential.WrongType},
		"a type that is a number":            {"type", list{"VerifiableCredential", 1}, credential.WrongType},
		"a type that no context knows":       {"@context", list{credential.ContextV2}, credential.UnmappedTerm},
		"an unknown member":                  {"grade", "A", UnknownMember},
		"a vc claim":                         {"vc", object{}, UnknownMember},
		"a claim of a JWT":                   {"iss", "https://university.example/issuers/14", UnknownMember},
		"a name":                             {"name", "Degree", ""},
		"a name in languages":                {"name", list{object{"@value": "شهادة", "@language": "ar", "@direction": "rtl"}, object{"@value": "Diplôme", "@language": "fr"}}, ""},
		"a name with another member":         {"name", object{"@value": "x", "@language": "en", "@type": "x"}, BadLanguage},
		"a name without a value":             {"name", object{"@language": "en"}, BadLanguage},
		"a name in no language":              {"name", object{"@value": "x", "@language": "en_GB"}, BadLanguage},
		"a name in a strange direction":      {"name", object{"@value": "x", "@language": "en", "@direction": "up"}, BadLanguage},
		"a name that is a number":            {"name", 1, BadLanguage},
		"a description that is an object":    {"description", object{"text": "x"}, BadLanguage},
		"a malformed text deep within":       {"credentialSubject/degree/name", object{"@value": "x", "extra": "y"}, BadLanguage},
		"no issuer":                          {"issuer", nil, BadIssuer},
		"an issuer that is no URL":           {"issuer", "university", BadIssuer},
		"an issuer that is an object":        {"issuer", object{"id": "did:example:1", "name": "University"}, ""},
		"an issuer without an id":            {"issuer", object{"name": "University"}, BadIssuer},
		"two issuers":                        {"issuer", list{"did:example:1", "did:example:2"}, BadIssuer},
		"no subject":                         {"credentialSubject", nil, BadSubject},
		"an empty subject":                   {"credentialSubject", object{}, BadSubject},
		"no subjects":                        {"credentialSubject", list{}, BadSubject},
		"one of two subjects empty":          {"credentialSubject", list{object{"id": "did:example:1"}, object{}}, BadSubject},
		"a subject that is a text":           {"credentialSubject", "did:example:1", BadSubject},
		"a subject whose id is no URL":       {"credentialSubject/id", "me", BadID},
		"no validFrom":                       {"validFrom", nil, ""},
		"a date without a zone":              {"validFrom", "2026-01-01T00:00:00", credential.BadTime},
		"a day":                              {"validFrom", "2026-01-01", credential.BadTime},
		"an end before the start":            {"validUntil", "2025-01-01T00:00:00Z", credential.BadTime},
		"an end":                             {"validUntil", "2027-01-01T00:00:00+01:00", ""},
		"a status":                           {"credentialStatus", entry(), ""},
		"two statuses":                       {"credentialStatus", list{entry(), entry("id", "https://x.example/status/2#7")}, ""},
		"a status without an id":             {"credentialStatus", object{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "7", "statusListCredential": "https://x.example/status/1"}, ""},
		"a status without a type":            {"credentialStatus", object{"id": "https://x.example/1"}, Untyped},
		"a status that is a text":            {"credentialStatus", "https://x.example/1", Untyped},
		"a status whose index is a number":   {"credentialStatus", object{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": 7, "statusListCredential": "https://x.example/status/1"}, BadStatus},
		"a status whose index is padded":     {"credentialStatus", entry("statusListIndex", "07"), BadStatus},
		"a status called by its list":        {"credentialStatus", entry("id", "https://x.example/status/1"), BadStatus},
		"a status without a purpose":         {"credentialStatus", entry("statusPurpose", ""), BadStatus},
		"a status of another kind":           {"credentialStatus", object{"id": "https://x.example/1", "type": "ExampleStatus"}, ""},
		"a schema":                           {"credentialSchema", object{"id": "https://x.example/s.json", "type": "JsonSchema"}, ""},
		"a schema without an id":             {"credentialSchema", object{"type": "JsonSchema"}, MissingMember},
		"a schema whose id is no URL":        {"credentialSchema", object{"id": "s", "type": "JsonSchema"}, BadID},
		"a schema without a type":            {"credentialSchema", object{"id": "https://x.example/s.json"}, Untyped},
		"evidence":                           {"evidence", object{"type": "ExampleEvidence"}, ""},
		"evidence without a type":            {"evidence", object{"id": "https://x.example/e"}, Untyped},
		"evidence that is a text":            {"evidence", "seen", Untyped},
		"no evidence":                        {"evidence", list{}, EmptyValue},
		"terms of use without a type":        {"termsOfUse", object{"id": "https://x.example/t"}, Untyped},
		"a refresh service without a type":   {"refreshService", list{object{"type": "ExampleRefresh"}, object{"id": "https://x.example/r"}}, Untyped},
		"a proof without a type":             {"proof", object{"proofValue": "z"}, Untyped},
		"a resource with its digest":         {"relatedResource", resource(object{"digestSRI": sri}), ""},
		"a resource with a longer digest":    {"relatedResource", list{resource(object{"digestSRI": sri384})}, ""},
		"a resource with a multihash":        {"relatedResource", resource(object{"digestMultibase": multihash}), ""},
		"a resource with a base58 multihash": {"relatedResource", resource(object{"digestMultibase": multibase}), ""},
		"a resource with another's digest":   {"relatedResource", resource(object{"digestSRI": wrong}), WrongDigest},
		"a resource without a digest":        {"relatedResource", resource(object{}), BadResource},
		"a resource with half a digest":      {"relatedResource", resource(object{"digestSRI": "sha256-AAAA"}), BadResource},
		"a resource with a digest of md5":    {"relatedResource", resource(object{"digestSRI": "md5-AAAA"}), BadResource},
		"a resource that is not kept":        {"relatedResource", object{"id": "https://x.example/a.png", "digestSRI": wrong}, ""},
		"a resource that is there twice":     {"relatedResource", list{resource(object{"digestSRI": sri}), resource(object{"digestSRI": sri})}, BadResource},
		"a resource without an id":           {"relatedResource", object{"digestSRI": sri}, BadResource},
		"a resource that is a text":          {"relatedResource", "https://x.example", BadResource},
	})
}

func TestABadgeIsKept(t *testing.T) {
	run(t, Profile{Kind: OpenBadge}, func() object { return asObject(t, badge()) }, map[string]lintCase{
		"no context of badges":                    {"@context", list{credential.ContextV2}, BadContext},
		"no id":                                   {"id", nil, MissingMember},
		"no validFrom":                            {"validFrom", nil, MissingMember},
		"no type of badge":                        {"type", list{"VerifiableCredential"}, credential.WrongType},
		"the other type of badge":                 {"type", list{"VerifiableCredential", "OpenBadgeCredential"}, ""},
		"an issuer that is a URL":                 {"issuer", "did:web:ledger.example:institutions:1", BadIssuer},
		"an award date that is a day":             {"awardedDate", "2026-01-01", credential.BadTime},
		"two statuses":                            {"credentialStatus", list{status.NewEntry("https://x.example/1", "revocation", 1), status.NewEntry("https://x.example/2", "suspension", 1)}, BadStatus},
		"a status without an id":                  {"credentialStatus/id", nil, MissingMember},
		"two subjects":                            {"credentialSubject", list{object{"type": "AchievementSubject"}, object{"type": "AchievementSubject"}}, BadSubject},
		"a subject of another type":               {"credentialSubject/type", "Person", BadSubject},
		"no achievement":                          {"credentialSubject/achievement", nil, BadSubject},
		"no criteria":                             {"credentialSubject/achievement/criteria", nil, MissingMember},
		"no description":                          {"credentialSubject/achievement/description", nil, MissingMember},
		"no name of the achievement":              {"credentialSubject/achievement/name", nil, MissingMember},
		"a result that nothing describes":         {"credentialSubject/achievement/resultDescription", nil, BadResult},
		"an empty list":                           {"credentialSubject/result", list{}, EmptyValue},
		"a null":                                  {"credentialSubject/achievement/fieldOfStudy", json.RawMessage("null"), EmptyValue},
		"a member that the context does not know": {"credentialSubject/mother", "x", credential.UnmappedTerm},
		"a type that the context does not know":   {"credentialSubject/achievement/type", list{"Achievement", "Title"}, credential.UnmappedTerm},
	})
	// Nobody to be about.
	o := change(asObject(t, badge()), "credentialSubject/id", nil)
	if found := Lint(parse(t, change(o, "credentialSubject/identifier", nil)), Profile{Kind: OpenBadge}); len(found) != 1 || found[0].Reason != BadSubject {
		t.Errorf("about nobody: %v", found)
	}
}

func TestATranscriptIsKept(t *testing.T) {
	course := plain()
	course["proof"] = object{"type": "DataIntegrityProof"}
	transcript := func() object {
		return object{
			"@context": list{credential.ContextV2, "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"},
			"type":     list{"VerifiableCredential", "ClrCredential"}, "id": "urn:uuid:1", "name": "Transcript", "validFrom": "2026-01-01T00:00:00Z",
			"issuer":            object{"id": "did:web:ledger.example:institutions:1", "type": list{"Profile"}},
			"credentialSubject": object{"id": "urn:uuid:2", "type": list{"ClrSubject"}, "verifiableCredential": list{asObject(t, badge())}},
		}
	}
	run(t, Profile{Kind: Transcript}, transcript, map[string]lintCase{
		"no name":                      {"name", nil, MissingMember},
		"no courses":                   {"credentialSubject/verifiableCredential", nil, MissingMember},
		"another subject":              {"credentialSubject/type", "AchievementSubject", BadSubject},
		"no type of transcript":        {"type", list{"VerifiableCredential"}, credential.WrongType},
		"no context of transcripts":    {"@context", list{credential.ContextV2}, BadContext},
		"a member of credentials only": {"holder", "did:example:1", UnknownMember},
	})
}

func TestAPresentationIsKept(t *testing.T) {
	presentation := func() object {
		return object{"@context": list{credential.ContextV2}, "type": "VerifiablePresentation", "holder": "did:example:1", "verifiableCredential": list{
			object{"@context": credential.ContextV2, "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt,eyJ.e30.AA"},
		}}
	}
	unsecured := plain()
	run(t, Profile{Kind: Presentation}, presentation, map[string]lintCase{
		"no holder":                    {"holder", nil, ""},
		"a holder that is no URL":      {"holder", "me", BadID},
		"no credentials":               {"verifiableCredential", nil, ""},
		"a credential without a proof": {"verifiableCredential", list{unsecured}, MissingMember},
		"a token as a text":            {"verifiableCredential", list{"eyJ.e30.AA"}, Untyped},
		"a link in an envelope":        {"verifiableCredential", object{"@context": credential.ContextV2, "type": "EnvelopedVerifiableCredential", "id": "https://x.example"}, credential.BadPayload},
		"another type":                 {"type", "VerifiableCredential", credential.WrongType},
		"terms of use without a type":  {"termsOfUse", object{"id": "https://x.example"}, Untyped},
		"a subject":                    {"credentialSubject", object{"id": "did:example:1"}, UnknownMember},
	})
}

func TestClaimsMayStandForMembersAndNotAgainstThem(t *testing.T) {
	claimed := func() object {
		o := plain()
		o["id"], o["jti"], o["iss"], o["sub"], o["iat"] = "urn:uuid:1", "urn:uuid:1", "https://university.example/issuers/14", "did:example:abc", "2026-01-01T00:00:00Z"
		return o
	}
	run(t, Profile{Claims: true}, claimed, map[string]lintCase{
		"another iss":       {"iss", "https://evil.example", ConflictingName},
		"another jti":       {"jti", "urn:uuid:2", ConflictingName},
		"jti without an id": {"id", nil, ConflictingName},
		"another sub":       {"sub", "did:example:xyz", ConflictingName},
		"a vp claim":        {"vp", object{}, UnknownMember},
		"an expiry":         {"exp", time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), ""},
	})
}

func TestEveryReasonIsExplainedAndFindingsAreBounded(t *testing.T) {
	known := map[credential.Reason]bool{}
	for _, r := range Reasons() {
		if known[r.Code] || r.Meaning == "" {
			t.Errorf("%s is explained twice or not at all", r.Code)
		}
		known[r.Code] = true
	}
	many := plain()
	for i := range 100 {
		many[strings.Repeat("x", i+1)] = 1
	}
	found := Lint(parse(t, many), Profile{})
	if len(found) != maxFindings {
		t.Errorf("%d findings", len(found))
	}
	for _, f := range found {
		if !known[f.Reason] {
			t.Errorf("%s is not explained", f.Reason)
		}
	}
	if found := Lint(parse(t, list{1}), Profile{}); len(found) != 1 || found[0].Reason != credential.BadPayload {
		t.Errorf("a list: %v", found)
	}
}

// FuzzLint: no document makes it fail, and each finding has a reason that is explained.
func FuzzLint(f *testing.F) {
	for _, v := range []any{plain(), badge()} {
		b, err := json.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		for kind := range 4 {
			f.Add(b, kind, kind%2 == 0)
		}
	}
	known := map[credential.Reason]bool{}
	for _, r := range Reasons() {
		known[r.Code] = true
	}
	f.Fuzz(func(t *testing.T, b []byte, kind int, claims bool) {
		root, refusal := credential.ParseJSON(b)
		if refusal != nil || len(b) > 1<<14 {
			return
		}
		for _, finding := range Lint(root, Profile{Kind: Kind(uint(kind) % 4), Claims: claims}) {
			if !known[finding.Reason] || finding.Detail == "" {
				t.Fatalf("%+v is not explained", finding)
			}
		}
	})
}

func BenchmarkLint(b *testing.B) {
	payload, err := credential.Payload(badge())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		root, refusal := credential.ParseJSON(payload)
		if refusal != nil {
			b.Fatal(refusal)
		}
		if found := Lint(root, Profile{Kind: OpenBadge}); len(found) > 0 {
			b.Fatal(found)
		}
	}
}

func TestAFindingDeepWithinSaysWhere(t *testing.T) {
	doc := plain()
	doc["credentialSubject"].(object)["a~b/c"] = list{"x", list{object{"": object{"@value": "x", "@language": 7}}}}
	want := "/credentialSubject/a~0b~1c/1/0//@language"
	for _, f := range Lint(parse(t, doc), Profile{Kind: Credential}) {
		if f.Path == want {
			return
		}
	}
	t.Errorf("nothing is found at %s", want)
}
