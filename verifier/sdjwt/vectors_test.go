package sdjwt

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sijil/verifier/credential"
)

const vectors = "../testdata/vectors/sdjwt"

func file(t testing.TB, path ...string) []byte {
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// published are the examples of RFC 9901 and of the W3C test suite for vc-jose-cose.
var published = map[string]struct {
	key    string
	typ    credential.Type
	holder bool
}{
	"s5-key-binding":        {"issuer", typeExample, true},
	"a1-simple-structured":  {"issuer", typeExample, false},
	"a2-complex-structured": {"issuer", typeExample, false},
	"a3-sd-jwt-vc":          {"issuer", TypeVC, false},
	"a4-data-model":         {"issuer", typeExample, true},
	"w3c-nested":            {"w3c", TypeVC, false},
}

// typeExample is what the RFC's examples call themselves. It is no credential.
var typeExample = credential.Type{Typ: "example+sd-jwt"}

func TestPublishedExamplesRevealWhatTheySay(t *testing.T) {
	for name, c := range published {
		t.Run(name, func(t *testing.T) {
			var jwk credential.JWK
			if err := json.Unmarshal(file(t, vectors, c.key+".jwk.json"), &jwk); err != nil {
				t.Fatal(err)
			}
			key, alg, err := jwk.Key()
			if err != nil {
				t.Fatal(err)
			}
			token, refusal := parse(file(t, vectors, name+".sdjwt"), credential.MaxToken, c.typ)
			if refusal != nil {
				t.Fatal(refusal)
			}
			if refusal := token.Verify(key, alg); refusal != nil {
				t.Fatal(refusal)
			}
			root, refusal := token.Reveal()
			if refusal != nil {
				t.Fatal(refusal)
			}
			var got, want any
			if err := json.Unmarshal(root.Raw(), &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(file(t, vectors, name+".json"), &want); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("revealed (-want +got):\n%s", d)
			}
			if (token.holder != nil) != c.holder {
				t.Fatalf("key binding: %v, want %v", token.holder, c.holder)
			}
			if !c.holder {
				return
			}
			if refusal := token.holder.Verify(); refusal != nil {
				t.Error(refusal)
			}
			if b := token.holder.Binding; b.Challenge != "1234567890" || b.Audience[0] != "https://verifier.example.org" || b.Created.Unix() != 1748537244 {
				t.Errorf("key binding is for %+v", b)
			}
		})
	}
}
