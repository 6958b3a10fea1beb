package credential

import (
	"encoding/base64"
	"fmt"
	"testing"
)

// TestARememberedHeaderGetsTheAnswerOfAFreshOne reads headers of all kinds under all lists of
// types, again and again in changing order, beside a reader that remembers nothing.
func TestARememberedHeaderGetsTheAnswerOfAFreshOne(t *testing.T) {
	var texts []string
	for _, typ := range []string{"vc+jwt", "vp+jwt", "JWT", "at+jwt", "dc+sd-jwt"} {
		for _, rest := range []string{
			``, `,"cty":"vc"`, `,"cty":"vp"`, `,"cty":7`, `,"kid":"did:web:a#b"`, `,"kid":1`, `,"crit":["x"]`, `,"jku":"https://x"`, `,"sigT":"x"`, `,"TYP":"x"`,
			`,"jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
		} {
			for _, alg := range []string{"EdDSA", "none"} {
				texts = append(texts, fmt.Sprintf(`{"typ":%q,"alg":%q%s}`, typ, alg, rest))
			}
		}
	}
	lists := [][]Type{
		{{Typ, Cty}},
		joseTypes,
		{{TypVP, "vp"}},
		{{Typ, "other"}, {Typ, Cty}}, // the first of that typ counts
		{{TypSDJWT, ""}, {TypJWT, "vc"}},
	}
	defer func(before *headers) { lately = before }(lately)
	shared := newHeaders()
	read := func(h *headers, text string, types []Type) string {
		lately = h
		token := base64.RawURLEncoding.EncodeToString([]byte(text)) + ".e30.AAAA"
		parsed, refusal := ParseJWS([]byte(token), MaxToken, types...)
		return fmt.Sprintf("%+v %v", parsed, refusal)
	}
	good := 0
	for round := range 3 {
		for i := range texts {
			text := texts[(i*7+round)%len(texts)]
			for j := range lists {
				types := lists[(i+j*(round+1))%len(lists)]
				want := read(newHeaders(), text, types)
				if got := read(shared, text, types); got != want {
					t.Fatalf("%s as %v: %s, freshly %s", text, types, got, want)
				}
				if shared.find([]byte(base64.RawURLEncoding.EncodeToString([]byte(text))), types) != nil {
					good++
				}
			}
		}
	}
	if good == 0 {
		t.Error("no header was remembered")
	}
}
