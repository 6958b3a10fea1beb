package jsonld

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"sijil/verifier/credential"
)

// with is a small credential with more members, in JSON.
func with(context, more string) string {
	return `{"@context":["https://www.w3.org/ns/credentials/v2"` + context + `],"type":["VerifiableCredential"],"issuer":"did:example:i",` +
		`"credentialSubject":{"id":"did:example:s"}` + more + `}`
}

func TestWhatWouldNotBeSignedIsRefused(t *testing.T) {
	const ex = `,{"@vocab":"https://ex.org/own#"}`
	for name, tc := range map[string]struct {
		doc  string
		want credential.Reason
	}{
		"an unknown member":                          {with("", `,"grade":"A"`), credential.UnmappedTerm},
		"an unknown member of the subject":           {strings.Replace(with("", ""), `"did:example:s"`, `"did:example:s","grade":"A"`, 1), credential.UnmappedTerm},
		"an unknown type":                            {strings.Replace(with("", ""), `["VerifiableCredential"`, `["VerifiableCredential","Grade"`, 1), credential.UnmappedTerm},
		"an empty name":                              {with(ex, `,"":"A"`), credential.UnmappedTerm},
		"a null":                                     {with("", `,"credentialStatus":null`), credential.UnmappedTerm},
		"a null in an array":                         {with(ex, `,"a":[null]`), credential.UnmappedTerm},
		"a relative issuer":                          {strings.Replace(with("", ""), `"did:example:i"`, `"here"`, 1), credential.UnmappedTerm},
		"an empty issuer":                            {strings.Replace(with("", ""), `"did:example:i"`, `""`, 1), credential.UnmappedTerm},
		"a relative id":                              {with("", `,"id":"here"`), credential.BadPayload},
		"an id that is no text":                      {with("", `,"id":["urn:a"]`), credential.BadPayload},
		"an IRI with a space":                        {strings.Replace(with("", ""), `"did:example:i"`, `"did:example: i"`, 1), credential.UnmappedTerm},
		"an IRI that would end its own brackets":     {strings.Replace(with("", ""), `"did:example:i"`, `"did:x>\u0020<urn:y"`, 1), credential.UnmappedTerm},
		"an unknown context":                         {with(`,"https://ex.org/c"`, ""), credential.UnknownContext},
		"a context that differs by a slash":          {with(`,"https://www.w3.org/ns/credentials/v2/"`, ""), credential.UnknownContext},
		"no context":                                 {`{"type":"VerifiableCredential"}`, credential.BadPayload},
		"a number as context":                        {with(`,1`, ""), credential.BadPayload},
		"taking back the standard's terms":           {with(`,null`, ""), credential.BadPayload},
		"nothing stated":                             {`{"@context":["https://www.w3.org/ns/credentials/v2"]}`, credential.BadPayload},
		"a member called by its IRI":                 {with("", `,"https://www.w3.org/2018/credentials#credentialStatus":{"id":"urn:a"}`), credential.Unsupported},
		"a member called by a keyword":               {with("", `,"@id":"urn:a"`), credential.Unsupported},
		"@graph":                                     {with("", `,"@graph":[]`), credential.Unsupported},
		"@included":                                  {with("", `,"@included":[]`), credential.Unsupported},
		"another name for the status":                {with(`,{"s":"https://www.w3.org/2018/credentials#credentialStatus"}`, `,"s":{"id":"urn:a"}`), credential.Unsupported},
		"another name for the status, by a prefix":   {with(`,{"p":"https://www.w3.org/2018/credentials#","s":"p:credentialStatus"}`, `,"s":{"id":"urn:a"}`), credential.Unsupported},
		"another name for the status, by vocabulary": {with(`,{"@vocab":"https://www.w3.org/2018/credentials#","s":"credentialStatus"}`, ""), credential.Unsupported},
		"the status outside its place, by vocabulary": {strings.Replace(with(`,{"@vocab":"https://www.w3.org/2018/credentials#"}`, ""),
			`"did:example:s"`, `"did:example:s","validUntil":"x"`, 1), credential.Unsupported},
		"another name for id":                         {with(`,{"i":"@id"}`, `,"i":"urn:a"`), credential.Unsupported},
		"another name for type":                       {with(`,{"i":"@type"}`, `,"i":"urn:a"`), credential.Unsupported},
		"a standard's name for something else":        {with(`,{"achievement":"https://ex.org/a"}`, `,"achievement":"x"`), credential.Unsupported},
		"a protected term redefined":                  {with(`,{"name":"https://ex.org/a"}`, ""), credential.Unsupported},
		"a term that means nothing":                   {with(`,{"ours":null}`, `,"ours":"x"`), credential.UnmappedTerm},
		"a term with a relative meaning":              {with(`,{"ours":"x"}`, ""), credential.Unsupported},
		"a term defined by itself":                    {with(`,{"a":"b:x","b":"a:x"}`, ""), credential.BadPayload},
		"a term that shadows a scheme":                {with(`,{"did":"https://ex.org/"}`, ""), credential.Unsupported},
		"a type by its IRI":                           {strings.Replace(with("", ""), `"did:example:s"`, `"did:example:s","type":"https://www.w3.org/2018/credentials#JsonSchema"`, 1), credential.Unsupported},
		"a type by the name of a member":              {strings.Replace(with("", ""), `"did:example:s"`, `"did:example:s","type":"name"`, 1), credential.Unsupported},
		"a member by the name of a type":              {with("", `,"JsonSchema":{"id":"urn:a"}`), credential.Unsupported},
		"@base":                                       {with(`,{"@base":"https://ex.org/"}`, ""), credential.Unsupported},
		"@import":                                     {with(`,{"@import":"https://ex.org/"}`, ""), credential.Unsupported},
		"@propagate":                                  {with(`,{"@propagate":false}`, ""), credential.Unsupported},
		"@reverse":                                    {with(`,{"r":{"@reverse":"https://ex.org/r"}}`, ""), credential.Unsupported},
		"@nest":                                       {with(`,{"r":{"@id":"https://ex.org/r","@nest":"x"}}`, ""), credential.Unsupported},
		"an index container":                          {with(`,{"r":{"@id":"https://ex.org/r","@container":"@index"}}`, ""), credential.Unsupported},
		"another version":                             {with(`,{"@version":1.0}`, ""), credential.Unsupported},
		"an unknown keyword in a context":             {with(`,{"@secret":1}`, ""), credential.Unsupported},
		"a relative vocabulary":                       {with(`,{"@vocab":"own#"}`, ""), credential.Unsupported},
		"a direction for all":                         {with(`,{"@direction":"rtl"}`, ""), credential.Unsupported},
		"a typed value object":                        {with(ex, `,"a":{"@value":"1","@type":"https://ex.org/t"}`), credential.Unsupported},
		"a value object where a date belongs":         {with("", `,"validFrom":{"@value":"2026-01-01T00:00:00Z"}`), credential.Unsupported},
		"a value object that is a number":             {with(ex, `,"a":{"@value":1}`), credential.Unsupported},
		"a value object with an index":                {with(ex, `,"a":{"@value":"1","@index":"x"}`), credential.Unsupported},
		"a language that is none":                     {with(ex, `,"a":{"@value":"1","@language":"e n"}`), credential.Unsupported},
		"a direction that is none":                    {with(ex, `,"a":{"@value":"1","@direction":"up"}`), credential.Unsupported},
		"a set object":                                {with(ex, `,"a":{"@set":["1"]}`), credential.Unsupported},
		"a list object":                               {with(ex, `,"a":{"@list":["1"]}`), credential.Unsupported},
		"an array in an array":                        {with(ex, `,"a":[["1"]]`), credential.Unsupported},
		"a blank node label":                          {strings.Replace(with("", ""), `"did:example:i"`, `"_:b"`, 1), credential.UnmappedTerm},
		"an abbreviated IRI":                          {with(`,{"x":"https://ex.org/"}`, "") /* the issuer */, ""},
		"an abbreviated issuer":                       {strings.Replace(with(`,{"x":"https://ex.org/"}`, ""), `"did:example:i"`, `"x:i"`, 1), credential.Unsupported},
		"a number with too many digits":               {with(ex, `,"a":1234567890123456`), credential.BadPayload},
		"a number that is lost":                       {with(ex, `,"a":1e-400`), credential.BadPayload},
		"a number that has no end":                    {with(ex, `,"a":1e400`), credential.BadPayload},
		"a type that is no text":                      {with(ex, `,"a":{"type":1}`), credential.BadPayload},
		"a text where a proof's graph belongs":        {with("", `,"proof":{"@value":"x"}`), credential.Unsupported},
		"a nested credential with an unknown context": {`{"@context":"https://www.w3.org/ns/credentials/v2","type":"VerifiablePresentation","verifiableCredential":{"@context":"https://ex.org/c","id":"urn:a"}}`, credential.UnknownContext},
		"a nested credential without a context":       {`{"@context":"https://www.w3.org/ns/credentials/v2","type":"VerifiablePresentation","verifiableCredential":{"id":"urn:a","type":"VerifiableCredential"}}`, credential.UnmappedTerm},
	} {
		t.Run(name, func(t *testing.T) {
			_, refusal := canonical(t, []byte(tc.doc))
			if tc.want == "" && refusal != nil || tc.want != "" && (refusal == nil || refusal.Reason != tc.want) {
				t.Errorf("got %v, want %s", refusal, tc.want)
			}
		})
	}
}

// No member that another one could stand for: were two names of pinned contexts to mean the
// same, a holder could write one for the other.
func TestPinnedContextsHaveOneNameForEachMeaning(t *testing.T) {
	meant := map[string]map[string]bool{}
	var walk func(c credential.Value)
	walk = func(c credential.Value) {
		for name, v := range c.Members() {
			if strings.HasPrefix(name, "@") {
				continue
			}
			id, ok := v.Text()
			if !ok {
				id, _ = v.Get("@id").Text()
			}
			if meant[id] == nil {
				meant[id] = map[string]bool{}
			}
			meant[id][name] = true
			walk(v.Get("@context"))
		}
	}
	for _, c := range pinned().contexts {
		walk(c)
	}
	for id, names := range meant {
		properties := 0
		for name := range names {
			if name[0] < 'A' || name[0] > 'Z' {
				properties++
			}
		}
		// A type and a property cannot stand for each other.
		if properties > 1 || len(names)-properties > 1 {
			t.Errorf("%s has %d names: %v", id, len(names), names)
		}
	}
}

// Documents made to be expensive end within the bounds, mostly in a refusal.
func TestHostileDocumentsAreCheap(t *testing.T) {
	many := func(n int, item string) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
	nodes := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `{"type":["Achievement","Profile","AchievementSubject"],"name":"%d"},`, i)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	ob := func(more string) string {
		return `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],"type":["VerifiableCredential"],` + more + `}`
	}
	var deep string
	for range 15 {
		deep = `{"type":"Achievement","related":[` + deep + `]}`
	}
	var chain, terms strings.Builder
	for i := range 6000 {
		fmt.Fprintf(&terms, `"t%d":"https://ex.org/%d",`, i, i)
		fmt.Fprintf(&chain, `"c%d":"c%d:x",`, i, i+1)
	}
	for name, doc := range map[string]string{
		"many typed nodes":                 ob(`"evidence":[` + nodes(3000) + `]`),
		"many empty nodes":                 with(`,{"@vocab":"https://ex.org/own#"}`, `,"a":[`+many(19000, "{}")+`]`),
		"many members":                     with(`,{"@vocab":"https://ex.org/own#"}`, `,"a":[`+many(19000, `"x"`)+`]`),
		"many contexts":                    with(strings.Repeat(`,"https://www.w3.org/ns/credentials/v2"`, 3000), ""),
		"many inline contexts":             with(strings.Repeat(`,{"a":"urn:a:b"}`, 9000), ""),
		"a context on every node":          with(`,{"@vocab":"https://ex.org/own#"}`, `,"a":[`+many(3000, `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:a"}`)+`]`),
		"many terms":                       with(`,{`+strings.TrimSuffix(terms.String(), ",")+`}`, ""),
		"terms in a chain":                 with(`,{`+strings.TrimSuffix(chain.String(), ",")+`}`, ""),
		"one long vocabulary many times":   with(`,{"@vocab":"https://ex.org/`+strings.Repeat("x", 100_000)+`#"}`, `,"a":[`+many(4000, `{"b":"c"}`)+`]`),
		"one long id many times":           with(`,{"@vocab":"https://ex.org/own#"}`, `,"a":{"id":"urn:`+strings.Repeat("x", 100_000)+`","b":[`+many(9000, "1")+`]}`),
		"deep and scoped":                  ob(`"evidence":` + deep),
		"nodes that nothing distinguishes": with(`,{"@vocab":"https://ex.org/own#"}`, `,"a":[`+many(2000, `{"b":"c"}`)+`]`),
		"pairs that nothing distinguishes": with(`,{"@vocab":"https://ex.org/own#"}`, `,"a":[`+many(1000, `{"b":{"c":"d"}}`)+`]`),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		_, refusal := canonical(t, []byte(doc))
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		spent := (after.TotalAlloc - before.TotalAlloc) >> 10
		t.Logf("%-34s %6d kB in, %6d kB allocated, %v, %v", name, len(doc)>>10, spent, took.Round(10*time.Microsecond), refusal)
		if spent > 16<<10 {
			t.Errorf("%s: %d kB allocated", name, spent)
		}
	}
}
