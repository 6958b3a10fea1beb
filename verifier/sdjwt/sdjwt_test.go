package sdjwt

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sijil/verifier/credential"
)

var (
	issuerKey = ed25519.NewKeyFromSeed(append(make([]byte, 31), 1))
	holderKey = ed25519.NewKeyFromSeed(append(make([]byte, 31), 2))
	now       = time.Date(2031, 7, 1, 12, 0, 0, 0, time.UTC)
)

func signer(t testing.TB, typ credential.Type) *credential.Signer {
	s, err := credential.NewTypedSigner(issuerKey, "did:web:ledger.example:institutions:7e57#2031", typ)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sign signs what an honest issuer would, or what none would.
func sign(t testing.TB, payload string, disclosures ...string) string {
	jws, err := signer(t, TypeDC).Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range disclosures {
		jws += "~" + base64.RawURLEncoding.EncodeToString([]byte(d))
	}
	return jws + "~"
}

// check is everything that a token alone can be checked for.
func check(token []byte) (credential.Value, *credential.Refusal) {
	s, refusal := Parse(token, credential.MaxToken)
	if refusal != nil {
		return credential.Value{}, refusal
	}
	if refusal := s.Proofs[0].Verify(issuerKey.Public(), "EdDSA"); refusal != nil {
		return credential.Value{}, refusal
	}
	root, refusal := s.Payload()
	if refusal == nil && s.Holder != nil {
		refusal = s.Holder.Verify()
	}
	return root, refusal
}

func holderJWK(t testing.TB) *credential.JWK {
	jwk, err := credential.NewJWK(holderKey.Public(), "")
	if err != nil {
		t.Fatal(err)
	}
	return &jwk
}

// bound is a token with three disclosures, one within another, and a key binding.
func bound(t testing.TB) string {
	cnf, _ := json.Marshal(holderJWK(t))
	c, refusal := Conceal([]byte(`{"iss":"https://school.example","vct":"diploma","cnf":{"jwk":`+string(cnf)+`},"name":"Lejla Hadžić","result":[{"value":"5"},{"value":"4"}]}`),
		[]string{"name", "result", "result[0]"}, 0)
	if refusal != nil {
		t.Fatal(refusal)
	}
	token, err := c.Sign(signer(t, TypeDC))
	if err != nil {
		t.Fatal(err)
	}
	if token, err = Bind(token, holderKey, "https://employer.example", "n-1", now); err != nil {
		t.Fatal(err)
	}
	return token
}

func TestEverySingleByteChangeIsRefused(t *testing.T) {
	for name, token := range map[string]string{
		"with a key binding": bound(t),
		"without":            bound(t)[:strings.LastIndex(bound(t), "~")+1],
	} {
		if _, refusal := check([]byte(token)); refusal != nil {
			t.Fatalf("%s, unchanged: %s", name, refusal)
		}
		for i := range token {
			changes := []byte{token[i] ^ 1, token[i] + 1, 'A', '.', '~', '=', '\n', token[i] ^ 0x20}
			if slowdown > 1 { // the race detector has seen enough then
				changes = changes[:2]
			}
			for _, c := range changes {
				changed := []byte(token)
				changed[i] = c
				if _, refusal := check(changed); c != token[i] && refusal == nil {
					t.Fatalf("%s: byte %d changed to %q is taken", name, i, c)
				}
			}
			if _, refusal := check([]byte(token[:i] + token[i+1:])); refusal == nil {
				t.Fatalf("%s: without byte %d it is taken", name, i)
			}
		}
	}
}

// forged is a token with the reason for which it is refused.
type forged struct {
	token  string
	reason credential.Reason
}

func TestTokensThatAreNotInOrder(t *testing.T) {
	for name, c := range disordered(t) {
		if _, refusal := check([]byte(c.token)); refusal == nil || refusal.Reason != c.reason {
			t.Errorf("%s: %v, want %s", name, refusal, c.reason)
		}
	}
}

func disordered(t *testing.T) map[string]forged {
	digest := func(d string) string {
		return digestOf(algorithms["sha-256"], base64.RawURLEncoding.EncodeToString([]byte(d)))
	}
	member, element := `["salt-of-the-member....","a",1]`, `["salt-of-the-element...",1]`
	one, other := digest(member), digest(element)
	deep := strings.Repeat("[", credential.MaxDepth-2) + strings.Repeat("]", credential.MaxDepth-2)
	within := `["salt-of-a-deep-one....","b",` + deep + `]`
	around := `["salt-of-another-one...","a",{"x":{"_sd":["` + digest(within) + `"]}}]`
	return map[string]forged{
		"a plain JWS":                                       {strings.TrimSuffix(sign(t, `{}`), "~"), credential.BadFraming},
		"an empty disclosure":                               {sign(t, `{}`) + "~", credential.BadFraming},
		"the last tilde is missing":                         {strings.TrimSuffix(sign(t, `{"_sd":["`+one+`"]}`, member), "~"), credential.BadFraming},
		"more disclosures than any token has":               {sign(t, `{}`) + strings.Repeat("WyJzIiwxXQ~", MaxDisclosures+1), credential.TooLarge},
		"a disclosure with padding":                         {sign(t, `{}`) + "WyJzIiwxXQ==~", credential.BadDisclosure},
		"a disclosure with bits left over":                  {sign(t, `{}`) + "WyJzIiwxXR~", credential.BadDisclosure},
		"a disclosure that is no JSON":                      {sign(t, `{}`, `["s",`), credential.BadDisclosure},
		"a disclosure that is an object":                    {sign(t, `{}`, `{"s":1}`), credential.BadDisclosure},
		"a disclosure of four":                              {sign(t, `{}`, `["s","a",1,2]`), credential.BadDisclosure},
		"a disclosure of one":                               {sign(t, `{}`, `["s"]`), credential.BadDisclosure},
		"a salt that is a number":                           {sign(t, `{}`, `[1,"a",2]`), credential.BadDisclosure},
		"a name that is a number":                           {sign(t, `{}`, `["s",1,2]`), credential.BadDisclosure},
		"a disclosure named _sd":                            {sign(t, `{}`, `["s","_sd",[]]`), credential.BadDisclosure},
		"a disclosure named ...":                            {sign(t, `{}`, `["s","...","x"]`), credential.BadDisclosure},
		"a disclosure named _sd_alg":                        {sign(t, `{}`, `["s","_sd_alg","sha-512"]`), credential.BadDisclosure},
		"a disclosure with a name twice":                    {sign(t, `{}`, `["s","a",{"b":1,"B":2}]`), credential.AmbiguousJSON},
		"a disclosure that nobody signed":                   {sign(t, `{}`, member), credential.BadDisclosure},
		"a disclosure that comes twice":                     {sign(t, `{"_sd":["`+one+`"]}`, member, member), credential.BadDisclosure},
		"a digest that comes twice":                         {sign(t, `{"_sd":["`+one+`","`+one+`"]}`, member), credential.BadDisclosure},
		"a digest that comes twice, and is withheld":        {sign(t, `{"_sd":["`+one+`"],"x":{"_sd":["`+one+`"]}}`), credential.BadDisclosure},
		"a member's disclosure in an array":                 {sign(t, `{"x":[{"...":"`+one+`"}]}`, member), credential.BadDisclosure},
		"an element's disclosure for a member":              {sign(t, `{"_sd":["`+other+`"]}`, element), credential.BadDisclosure},
		"a disclosure over a member":                        {sign(t, `{"a":0,"_sd":["`+one+`"]}`, member), credential.BadDisclosure},
		"a disclosure over a member in another case":        {sign(t, `{"A":0,"_sd":["`+one+`"]}`, member), credential.BadDisclosure},
		"two disclosures of a name":                         {sign(t, `{"_sd":["`+one+`","`+digest(`["s","a",2]`)+`"]}`, member, `["s","a",2]`), credential.BadDisclosure},
		"_sd that is a text":                                {sign(t, `{"_sd":"`+one+`"}`), credential.BadDisclosure},
		"a digest that is a number":                         {sign(t, `{"_sd":[1]}`), credential.BadDisclosure},
		"a hidden element with company":                     {sign(t, `{"x":[{"...":"`+other+`","a":1}]}`), credential.BadDisclosure},
		"a hidden element outside an array":                 {sign(t, `{"x":{"...":"`+other+`"}}`), credential.BadDisclosure},
		"_sd_alg below the top":                             {sign(t, `{"x":{"_sd_alg":"sha-256"}}`), credential.BadDisclosure},
		"_sd_alg that is weak":                              {sign(t, `{"_sd_alg":"md5"}`), credential.AlgNotAllowed},
		"_sd_alg in capitals":                               {sign(t, `{"_sd_alg":"SHA-256"}`), credential.AlgNotAllowed},
		"_sd_alg that is null":                              {sign(t, `{"_sd_alg":null}`), credential.AlgNotAllowed},
		"a digest by another algorithm":                     {sign(t, `{"_sd_alg":"sha-512","_sd":["`+one+`"]}`, member), credential.BadDisclosure},
		"a status that can be withheld":                     {sign(t, `{"_sd":["`+digest(`["s","status",{}]`)+`"]}`, `["s","status",{}]`), credential.BadDisclosure},
		"an issuer in another case that can be withheld":    {sign(t, `{"_sd":["`+digest(`["s","ISS","x"]`)+`"]}`, `["s","ISS","x"]`), credential.BadDisclosure},
		"a status list that can be withheld":                {sign(t, `{"status":{"_sd":["`+one+`"]}}`), credential.BadDisclosure},
		"an entry of credentialStatus that can be withheld": {sign(t, `{"credentialStatus":[{"...":"`+other+`"}]}`), credential.BadDisclosure},
		"disclosures that nest deeper than any payload":     {sign(t, `{"_sd":["`+digest(around)+`"]}`, around, within), credential.TooDeep},
		"a payload that is no object":                       {sign(t, `[]`), credential.BadPayload},
	}
}

func TestNothingOfSelectiveDisclosureIsLeft(t *testing.T) {
	for _, payload := range []string{`{"x":{"_sd":[]}}`, `{"x":{},"_sd":[]}`, `{"x":{},"_sd_alg":"sha-384"}`, `{"x":{"_sd":["withheld"]}}`, `{"x":{}}`} {
		root, refusal := check([]byte(sign(t, payload)))
		if refusal != nil || string(root.Raw()) != `{"x":{}}` {
			t.Errorf("%s reveals %s (%v)", payload, root.Raw(), refusal)
		}
	}
}

func TestKeyBindingsThatDoNotBind(t *testing.T) {
	for name, token := range unbound(t) {
		if _, refusal := check([]byte(token)); refusal == nil || refusal.Reason != credential.BadHolderProof {
			t.Errorf("%s: %v, want %s", name, refusal, credential.BadHolderProof)
		}
	}
}

func unbound(t *testing.T) map[string]string {
	token := bound(t)
	presented := token[:strings.LastIndex(token, "~")+1]
	return map[string]string{
		"made for another presentation": func() string {
			parts := strings.Split(token, "~")
			return strings.Join(slices.Delete(parts, 1, 2), "~")
		}(),
		"by another key": func() string {
			other, err := Bind(presented, issuerKey, "https://employer.example", "n-1", now)
			if err != nil {
				t.Fatal(err)
			}
			return other
		}(),
		"the credential is bound to no key": func() string {
			loose, err := Bind(sign(t, `{"iss":"x"}`), holderKey, "https://employer.example", "n-1", now)
			if err != nil {
				t.Fatal(err)
			}
			return loose
		}(),
		"of another type":           presented + strings.TrimSuffix(sign(t, `{"iat":1,"aud":"a","nonce":"n","sd_hash":"x"}`), "~"),
		"without a nonce":           presented + binds(t, `{"iat":1,"aud":"a","sd_hash":"x"}`),
		"for two audiences":         presented + binds(t, `{"iat":1,"aud":["a","b"],"nonce":"n","sd_hash":"x"}`),
		"signed at no time":         presented + binds(t, `{"iat":"now","aud":"a","nonce":"n","sd_hash":"x"}`),
		"with a claim twice":        presented + binds(t, `{"iat":1,"aud":"a","nonce":"n","nonce":"m","sd_hash":"x"}`),
		"with the hash of nothing":  presented + binds(t, `{"iat":1,"aud":"a","nonce":"n","sd_hash":""}`),
		"with a payload of no JSON": presented + binds(t, `iat`),
	}
}

func binds(t *testing.T, payload string) string {
	s, err := credential.NewTypedSigner(holderKey, "", typeBinding)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := s.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return jws
}

func TestWhatAnIssuerDoesNotConceal(t *testing.T) {
	payload := `{"iss":"https://school.example","a":{"b":[1,2]},"status":{"x":1},"c.d":1}`
	for name, c := range map[string]struct {
		payload string
		paths   []string
	}{
		"a member that is not there":             {payload, []string{"b"}},
		"an element that is not there":           {payload, []string{"a.b[2]"}},
		"a member of an array":                   {payload, []string{"a.b.c"}},
		"an element of an object":                {payload, []string{"a[0]"}},
		"something below a text":                 {payload, []string{"a.b[0].c"}},
		"the issuer":                             {payload, []string{"iss"}},
		"what is in the status":                  {payload, []string{"status.x"}},
		"the same twice":                         {payload, []string{"a", "a"}},
		"nothing":                                {payload, []string{""}},
		"a path that ends in a dot":              {payload, []string{"a."}},
		"a path that starts with an index":       {payload, []string{"[0]"}},
		"an index with a leading zero":           {payload, []string{"a.b[01]"}},
		"an index that does not end":             {payload, []string{"a.b[0"}},
		"text after an index":                    {payload, []string{"a.b[0]c"}},
		"a payload with digests of its own":      {`{"a":1,"_sd":[]}`, []string{"a"}},
		"a payload with a hidden element within": {`{"a":[{"...":"x"}]}`, nil},
	} {
		if _, refusal := Conceal([]byte(c.payload), c.paths, 0); refusal == nil || refusal.Reason != credential.BadDisclosure {
			t.Errorf("%s: %v, want %s", name, refusal, credential.BadDisclosure)
		}
	}
}

// anyPayload draws a JSON object and collects the paths of everything in it.
func anyPayload(t *rapid.T) (payload any, paths []string) {
	var draw func(path string, depth int) any
	draw = func(path string, depth int) any {
		if path != "" {
			paths = append(paths, path)
		}
		kind := 0
		if depth < 4 {
			kind = rapid.IntRange(0, 3).Draw(t, "kind")
		}
		switch {
		case path == "" || kind == 1:
			o := map[string]any{}
			for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "été", "سجل", "x\"y"}), 0, 4, rapid.ID).Draw(t, "names") {
				o[name] = draw(join(path, name), depth+1)
			}
			return o
		case kind == 2:
			list := []any{}
			for i := range rapid.IntRange(0, 3).Draw(t, "length") {
				list = append(list, draw(fmt.Sprintf("%s[%d]", path, i), depth+1))
			}
			return list
		case kind == 3:
			return rapid.SampledFrom([]any{nil, true, false, 1.5, 0.0}).Draw(t, "literal")
		default:
			return rapid.SampledFrom([]string{"", "< & >", "\n\t\u0001", "أمينة", "😀"}).Draw(t, "text")
		}
	}
	return draw("", 0), paths
}

func TestWhatIsConcealedIsRevealedByItsDisclosuresOnly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		payload, all := anyPayload(rt)
		text, _ := json.Marshal(payload)
		var paths []string
		for _, p := range all {
			if rapid.Bool().Draw(rt, "conceal") {
				paths = append(paths, p)
			}
		}
		decoys := rapid.IntRange(0, 2).Draw(rt, "decoys")
		c, refusal := Conceal(text, paths, decoys)
		if refusal != nil {
			rt.Fatal(refusal)
		}
		full, err := c.Sign(signer(t, TypeVC))
		if err != nil {
			rt.Fatal(err)
		}
		root, refusal := check([]byte(full))
		if refusal != nil {
			rt.Fatal(refusal)
		}
		var got any
		if err := json.Unmarshal(root.Raw(), &got); err != nil {
			rt.Fatal(err)
		}
		if d := cmp.Diff(payload, got); d != "" {
			rt.Fatalf("revealed (-want +got):\n%s", d)
		}
		if decoys > 0 { // they move the elements of arrays
			return
		}
		token, _ := ParseToken([]byte(full), credential.MaxToken)
		has, refusal := token.Paths()
		if refusal != nil {
			rt.Fatal(refusal)
		}
		slices.Sort(has)
		slices.Sort(paths)
		if !slices.Equal(has, paths) {
			rt.Fatalf("disclosures at %q, concealed were %q", has, paths)
		}
		var show []string
		want := map[string]bool{}
		for _, p := range paths {
			if !rapid.Bool().Draw(rt, "show") {
				continue
			}
			show = append(show, p)
			for _, q := range paths { // whatever it stands in is shown too
				if q == p || strings.HasPrefix(p, q+".") || strings.HasPrefix(p, q+"[") {
					want[q] = true
				}
			}
		}
		presentation, refusal := token.Present(show...)
		if refusal != nil {
			rt.Fatal(refusal)
		}
		if _, refusal := check([]byte(presentation)); refusal != nil {
			rt.Fatal(refusal)
		}
		shown, _ := ParseToken([]byte(presentation), credential.MaxToken)
		if len(shown.disclosures) != len(want) {
			rt.Fatalf("%q shows %d disclosures, want %v", show, len(shown.disclosures), want)
		}
	})
}

func TestDigestsTellNeitherOrderNorContent(t *testing.T) {
	payload := []byte(`{"a":1,"b":2,"c":3,"d":4,"e":[1,2]}`)
	paths := []string{"a", "b", "c", "d", "e[0]"}
	one, _ := Conceal(payload, paths, 3)
	two, _ := Conceal(payload, paths, 3)
	if bytes.Equal(one.Payload, two.Payload) {
		t.Error("the same payload gives the same digests: salts are not fresh")
	}
	root, refusal := credential.ParseJSON(one.Payload)
	if refusal != nil {
		t.Fatal(refusal)
	}
	var digests []string
	for _, d := range root.Get("_sd").Items() {
		text, _ := d.Text()
		digests = append(digests, text)
	}
	if len(digests) != 4+3 || !slices.IsSorted(digests) || len(root.Get("e").Items()) != 2+3 {
		t.Errorf("%d digests, %d elements: want 4 and 2, each with 3 decoys, sorted", len(digests), len(root.Get("e").Items()))
	}
	for _, text := range one.Disclosures {
		d, refusal := readDisclosure(text)
		if refusal != nil {
			t.Fatal(refusal)
		}
		raw, _ := base64.RawURLEncoding.DecodeString(d.text)
		var parts []any
		if err := json.Unmarshal(raw, &parts); err != nil {
			t.Fatal(err)
		}
		if salt, err := base64.RawURLEncoding.DecodeString(parts[0].(string)); err != nil || len(salt) < 16 {
			t.Errorf("salt %q has fewer than 128 bits", parts[0])
		}
	}
}
