package interop

import (
	"crypto"
	"encoding/json"
	"strings"
	"testing"

	"sijil/verifier"
	"sijil/verifier/credential"
	"sijil/verifier/sdjwt"
)

// profiles are the two ways in which a diploma is an SD-JWT.
var profiles = map[string]struct {
	typ    credential.Type
	alg    string
	prefix string // of the subject's members
	make   func(t *testing.T, holder credential.JWK) sdjwt.Concealed
}{
	"vc+sd-jwt": {sdjwt.TypeVC, "EdDSA", "credentialSubject.", func(t *testing.T, holder credential.JWK) sdjwt.Concealed {
		// The data model says nothing of cnf, so that it is put beside it.
		key, err := json.Marshal(holder)
		if err != nil {
			t.Fatal(err)
		}
		payload := strings.Replace(string(diploma(t)), "{", `{"cnf":{"jwk":`+string(key)+`},`, 1)
		c, refusal := sdjwt.Diploma([]byte(payload))
		if refusal != nil {
			t.Fatal(refusal)
		}
		return c
	}},
	"dc+sd-jwt": {sdjwt.TypeDC, "ES256", "", func(t *testing.T, holder credential.JWK) sdjwt.Concealed {
		c, refusal := sdjwt.DiplomaClaims(diploma(t), sdjwt.Wallet{Type: "https://ledger.example/vct/diploma", Issued: now, Holder: &holder})
		if refusal != nil {
			t.Fatal(refusal)
		}
		return c
	}},
}

// holder is a graduate's key.
func holder(t *testing.T) (crypto.Signer, credential.JWK) {
	key := newKey(t, "ES256")
	public, err := credential.NewJWK(key.Public(), "")
	if err != nil {
		t.Fatal(err)
	}
	return key, public
}

func TestSDJWTVerifiesWhatWeIssueAndPresent(t *testing.T) {
	for name, p := range profiles {
		t.Run(name, func(t *testing.T) {
			s := newSchool(t, p.alg)
			key, public := holder(t)
			signer, err := credential.NewTypedSigner(s.key, s.kid, p.typ)
			if err != nil {
				t.Fatal(err)
			}
			full, err := p.make(t, public).Sign(signer)
			if err != nil {
				t.Fatal(err)
			}
			token, refusal := sdjwt.ParseToken([]byte(full), credential.MaxToken)
			if refusal != nil {
				t.Fatal(refusal)
			}
			shown, refusal := token.Present(p.prefix + "result[1]")
			if refusal != nil {
				t.Fatal(refusal)
			}
			bound, err := sdjwt.Bind(shown, key, audience, nonce, now)
			if err != nil {
				t.Fatal(err)
			}
			parts := strings.Split(bound, "~")
			fewer := strings.Join(append(parts[:1:1], parts[2:]...), "~")
			check := func(token, nonce string) task {
				return task{"task": "verifySD", "token": token, "typ": p.typ.Typ, "jwk": jwk(t, s.key.Public(), p.alg), "nonce": nonce, "now": now.Unix()}
			}
			values, errs := node(t, check(full, ""), check(shown, ""), check(bound, nonce),
				check(bound, "another"), check(shown, nonce), check(fewer, nonce),
				check(changed(bound, ".", 1), nonce), check(changed(bound, "~", 1), nonce), check(changed(bound, ".", 4), nonce))
			for i, shows := range [][]string{
				{"أمينة بن صالح", "Très bien", "16.5", "2009-02-03"},
				{"أمينة بن صالح", "16.5", "!Très bien", "!2009-02-03", "!_sd"},
				{"أمينة بن صالح", "16.5", "!Très bien", "!2009-02-03", "!_sd"},
			} {
				if errs[i] != "" {
					t.Fatalf("@sd-jwt refuses token %d of ours: %s", i, errs[i])
				}
				compare(t, values[i], shows...)
			}
			for i, what := range []string{
				"bound for another nonce", "without a binding", "with a disclosure fewer than it was bound with",
				"with another payload", "with another disclosure", "with another binding",
			} {
				if errs[3+i] == "" {
					t.Errorf("@sd-jwt takes ours %s", what)
				}
			}
			// What they present of ours is as good for us.
			theirs := one(t, task{
				"task": "presentSD", "token": full, "typ": p.typ.Typ, "show": frame(p.prefix, task{"result": task{"0": true}}),
				"holder": jwk(t, key, "ES256"), "binding": task{"iat": now.Unix(), "aud": audience, "nonce": nonce},
			})
			v := valid(t, s, theirs, verifier.Options{Challenge: nonce, Domain: audience})
			compare(t, describe(v), "أمينة بن صالح", "Très bien", "!16.5", "!2009-02-03")
		})
	}
}

// frame puts what @sd-jwt wants to know of a subject where the subject is.
func frame(prefix string, of task) task {
	if prefix == "" {
		return of
	}
	return task{strings.TrimSuffix(prefix, "."): of}
}

func TestWeVerifyWhatSDJWTIssuesAndPresents(t *testing.T) {
	for name, p := range profiles {
		t.Run(name, func(t *testing.T) {
			s := newSchool(t, p.alg)
			key, public := holder(t)
			payload := revealed(t, p.make(t, public))
			full := one(t, task{
				"task": "issueSD", "payload": payload, "jwk": jwk(t, s.key, p.alg),
				"header": task{"typ": p.typ.Typ, "alg": p.alg, "kid": s.kid},
				"frame":  frame(p.prefix, task{"_sd": []string{"identifier", "result"}, "_sd_decoy": 2, "result": task{"_sd": []int{0, 1}}}),
			})
			compare(t, describe(valid(t, s, full, verifier.Options{})), "أمينة بن صالح", "Très bien", "16.5", "2009-02-03")
			ask := verifier.Options{Challenge: nonce, Domain: audience}
			refused(t, s, "theirs without the binding that is asked for", full, ask)

			bound := one(t, task{
				"task": "presentSD", "token": full, "typ": p.typ.Typ, "show": frame(p.prefix, task{"result": task{"1": true}}),
				"holder": jwk(t, key, "ES256"), "binding": task{"iat": now.Unix(), "aud": audience, "nonce": nonce},
			})
			compare(t, describe(valid(t, s, bound, ask)), "أمينة بن صالح", "16.5", "!Très bien", "!2009-02-03")
			refused(t, s, "theirs for another nonce", bound, verifier.Options{Challenge: "another", Domain: audience})
			refused(t, s, "theirs for another verifier", bound, verifier.Options{Challenge: nonce, Domain: "https://elsewhere.example"})
			parts := strings.Split(bound, "~")
			refused(t, s, "theirs with a disclosure fewer", strings.Join(append(parts[:1:1], parts[2:]...), "~"), verifier.Options{})
			for what, token := range map[string]string{
				"header": changed(bound, ".", 0), "payload": changed(bound, ".", 1), "disclosure": changed(bound, "~", 1), "binding": changed(bound, ".", 4),
			} {
				refused(t, s, "theirs with another "+what, token, verifier.Options{})
			}

			// And we present theirs.
			token, refusal := sdjwt.ParseToken([]byte(full), credential.MaxToken)
			if refusal != nil {
				t.Fatal(refusal)
			}
			withheld, refusal := token.Present()
			if refusal != nil {
				t.Fatal(refusal)
			}
			compare(t, describe(valid(t, s, withheld, verifier.Options{})), "أمينة بن صالح", "!16.5", "!Très bien")
		})
	}
}

// revealed is the payload as an issuer has it before it conceals anything.
func revealed(t *testing.T, c sdjwt.Concealed) json.RawMessage {
	signer, err := credential.NewTypedSigner(newKey(t, "EdDSA"), "", sdjwt.TypeVC)
	if err != nil {
		t.Fatal(err)
	}
	token, err := c.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	parsed, refusal := sdjwt.ParseToken([]byte(token), credential.MaxToken)
	if refusal != nil {
		t.Fatal(refusal)
	}
	root, refusal := parsed.Reveal()
	if refusal != nil {
		t.Fatal(refusal)
	}
	return root.Raw()
}
