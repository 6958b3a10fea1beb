package sdjwt

import (
	"cmp"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
			want, refusal := credential.ParseJSON(file(t, vectors, name+".json"))
			if refusal != nil {
				t.Fatal(refusal)
			}
			if !sameJSON(want, root) {
				t.Errorf("reveals %s, want %s", root.Raw(), want.Raw())
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

var update = flag.Bool("update", false, "make testdata/vectors/sdjwt/ours.json anew")

// ours are vectors for other implementers.
type ours struct {
	JWK   credential.JWK `json:"jwk"`
	Cases []ourCase      `json:"cases"`
}

type ourCase struct {
	Name  string `json:"name"`
	Token string `json:"token"`
	// Reveals is the payload of a token that is good, else Reason is why it is refused.
	Reveals json.RawMessage   `json:"reveals,omitempty"`
	Reason  credential.Reason `json:"reason,omitempty"`
}

func TestOurVectorsAreJudgedAsTheySay(t *testing.T) {
	path := filepath.Join(vectors, "ours.json")
	if *update {
		b, err := json.MarshalIndent(makeOurs(t), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var v ours
	if err := json.Unmarshal(file(t, path), &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Cases) < 40 {
		t.Fatalf("%d cases", len(v.Cases))
	}
	for _, c := range v.Cases {
		root, refusal := check([]byte(c.Token))
		switch {
		case c.Reason != "":
			if refusal == nil || refusal.Reason != c.Reason {
				t.Errorf("%s: %v, want %s", c.Name, refusal, c.Reason)
			}
		case refusal != nil:
			t.Errorf("%s: %s", c.Name, refusal)
		default:
			want, refusal := credential.ParseJSON(c.Reveals)
			if refusal != nil {
				t.Fatal(refusal)
			}
			if !sameJSON(want, root) {
				t.Errorf("%s reveals %s, want %s", c.Name, root.Raw(), c.Reveals)
			}
		}
	}
}

func makeOurs(t *testing.T) ours {
	jwk, err := credential.NewJWK(issuerKey.Public(), "did:web:ledger.example:institutions:7e57#2031")
	if err != nil {
		t.Fatal(err)
	}
	v := ours{JWK: jwk}
	good := func(name, token string) {
		root, refusal := check([]byte(token))
		if refusal != nil {
			t.Fatal(name, refusal)
		}
		v.Cases = append(v.Cases, ourCase{Name: name, Token: token, Reveals: root.Raw()})
	}
	for name, c := range map[string]struct {
		make func() (Concealed, *credential.Refusal)
		typ  credential.Type
		show string
	}{
		"a diploma": {func() (Concealed, *credential.Refusal) { return Diploma([]byte(diploma)) }, TypeVC, "credentialSubject.result[1]"},
		"a wallet's diploma": {func() (Concealed, *credential.Refusal) {
			return DiplomaClaims([]byte(diploma), Wallet{Type: "https://ledger.example/vct/diploma", Issued: now, Holder: holderJWK(t)})
		}, TypeDC, "result[1]"},
	} {
		concealed, refusal := c.make()
		if refusal != nil {
			t.Fatal(refusal)
		}
		full, err := concealed.Sign(signer(t, c.typ))
		if err != nil {
			t.Fatal(err)
		}
		token, _ := ParseToken([]byte(full), credential.MaxToken)
		withheld, _ := token.Present()
		one, _ := token.Present(c.show)
		good(name+" with everything shown", full)
		good(name+" with its grades and birth data withheld", withheld)
		good(name+" with one grade shown", one)
		if c.typ == TypeDC {
			shown, err := Bind(one, holderKey, "https://employer.example", "n-1", now)
			if err != nil {
				t.Fatal(err)
			}
			good(name+" with a key binding", shown)
		}
	}
	for name, c := range disordered(t) {
		v.Cases = append(v.Cases, ourCase{Name: name, Token: c.token, Reason: c.reason})
	}
	for name, token := range unbound(t) {
		v.Cases = append(v.Cases, ourCase{Name: "a key binding " + name, Token: token, Reason: credential.BadHolderProof})
	}
	slices.SortFunc(v.Cases, func(a, b ourCase) int {
		return cmp.Or(strings.Compare(string(a.Reason), string(b.Reason)), strings.Compare(a.Name, b.Name))
	})
	return v
}
