package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"sijil/verifier/baking"
	"sijil/verifier/credential"
	"sijil/verifier/dataintegrity"
)

// tokenCommands are scripts' commands from one file to another:
//
//	data IN OUT       take the data, a token, out of a result
//	edit IN OUT       change one byte of a token's payload
//	withhold IN OUT   drop all disclosures
//	wrapped IN OUT    put a token into an envelope
//	envelope IN OUT   put that into a presentation
//	embed IN OUT      put a proof by the key of scriptKey into a document
//	bakepng IN OUT    put a token or document into a picture
//	bakesvg IN OUT    the same
var tokenCommands = map[string]func(string) (string, error){
	"data": func(in string) (string, error) {
		var r struct{ Data string }
		err := json.Unmarshal([]byte(in), &r)
		return r.Data, err
	},
	"edit": func(in string) (string, error) {
		parts := strings.Split(in, ".")
		i := len(parts[1]) / 2
		c := "A"
		if parts[1][i] == 'A' {
			c = "B"
		}
		parts[1] = parts[1][:i] + c + parts[1][i+1:]
		return strings.Join(parts, "."), nil
	},
	"withhold": func(in string) (string, error) {
		jws, _, _ := strings.Cut(in, "~")
		return jws + "~", nil
	},
	"wrapped": func(in string) (string, error) { return wrapped(in), nil },
	"envelope": func(in string) (string, error) {
		return fmt.Sprintf(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiablePresentation"],"holder":"https://holder.example/me",
"verifiableCredential":[%s]}`, wrapped(in)), nil
	},
	"embed": func(in string) (string, error) {
		root, refusal := credential.ParseJSON([]byte(scriptKey))
		if refusal != nil {
			return "", refusal
		}
		key, err := parseKeyFile(root)
		if err != nil {
			return "", err
		}
		out, err := dataintegrity.Sign([]byte(in), key.private, dataintegrity.Options{VerificationMethod: key.kid, Purpose: credential.AssertionMethod})
		return string(out), err
	},
	"bakepng": func(in string) (string, error) {
		out, err := baking.PNG(baking.PlainPNG(), []byte(in))
		return string(out), err
	},
	"bakesvg": func(in string) (string, error) {
		out, err := baking.SVG(baking.PlainSVG(), []byte(in))
		return string(out), err
	},
}

// scriptKey is the key of verifyforms.txtar.
const scriptKey = `{"id":"did:web:school.example#2031","secretKeyJwk":
{"kty":"OKP","crv":"Ed25519","x":"uoTbSs_trhj94LWQDOONu1Quv0O0ZBl9aPgls_qbysY","d":"H_hTaVRRlK6dEXCCG5hy0f8RjEWAaiowd-KOjbCoo-E"}}`

func wrapped(token string) string {
	return fmt.Sprintf(`{"@context":"https://www.w3.org/ns/credentials/v2","type":"EnvelopedVerifiableCredential","id":"data:application/vc+jwt,%s"}`, token)
}

type scriptCommands = map[string]func(*testscript.TestScript, bool, []string)

// withTokens adds tokenCommands to a script's others.
func withTokens(others scriptCommands) scriptCommands {
	all := maps.Clone(others)
	for name, do := range tokenCommands {
		all[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			if neg || len(args) != 2 {
				ts.Fatalf("usage: %s IN OUT", name)
			}
			out, err := do(ts.ReadFile(args[0]))
			ts.Check(err)
			ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(out), 0o600))
		}
	}
	return all
}
