package verifier

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sijil/verifier/bundle"
	"sijil/verifier/credential"
	"sijil/verifier/dataintegrity"
	"sijil/verifier/did"
	"sijil/verifier/status"
)

const joseVectors = "testdata/vectors/jose/"

func readVectors(t testing.TB, name string, into any) {
	b, err := os.ReadFile(joseVectors + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

func TestPublishedSignaturesHold(t *testing.T) {
	var vectors []struct {
		Name, Alg, Token string
		JWK              credential.JWK
	}
	readVectors(t, "signatures.json", &vectors)
	for _, v := range vectors {
		key, alg, err := v.JWK.Key()
		if err != nil || alg != v.Alg {
			t.Fatalf("%s: %s %v", v.Name, alg, err)
		}
		dot := strings.LastIndexByte(v.Token, '.')
		sig, ok := credential.DecodeBase64([]byte(v.Token[dot+1:]))
		if !ok {
			t.Fatal(v.Name)
		}
		if refusal := credential.CheckSignature(key, alg, []byte(v.Token[:dot]), sig); refusal != nil {
			t.Errorf("%s: %v", v.Name, refusal)
		}
		if refusal := credential.CheckSignature(key, alg, []byte(v.Token[:dot-1]), sig); refusal == nil || refusal.Reason != credential.BadSignature {
			t.Errorf("%s, cut: %v", v.Name, refusal)
		}
		for _, other := range []string{"none", "HS256", "ES384", "PS256"} {
			if refusal := credential.CheckSignature(key, other, []byte(v.Token[:dot]), sig); refusal == nil || refusal.Reason != credential.AlgNotAllowed {
				t.Errorf("%s as %s: %v", v.Name, other, refusal)
			}
		}
		if verdict := Verify(t.Context(), []byte(v.Token), corpusStore(t), corpusNow); verdict.Reason != credential.WrongTyp {
			t.Errorf("%s as a credential: %s %s", v.Name, verdict.Overall, verdict.Reason)
		}
	}
}

// vector is a token and the verdict that it must get.
type vector struct {
	Name      string            `json:"name"`
	Token     string            `json:"token"`
	Challenge string            `json:"challenge,omitempty"`
	Domain    string            `json:"domain,omitempty"`
	Format    credential.Format `json:"format,omitempty"`
	Overall   Overall           `json:"overall"`
	Reason    credential.Reason `json:"reason,omitempty"`
}

func (c vector) judge(t *testing.T, trust Trust, at time.Time) {
	t.Helper()
	v := VerifyWith(t.Context(), []byte(c.Token), trust, at, Options{Challenge: c.Challenge, Domain: c.Domain})
	if v.Overall != c.Overall || v.Reason != c.Reason || c.Format != "" && v.Format != c.Format {
		t.Errorf("%s: %s %s %v (%s), want %s %s %s", c.Name, v.Format, v.Overall, v.Reasons, v.Detail, c.Format, c.Overall, c.Reason)
	}
}

func TestPublishedCredentialsGetTheirVerdict(t *testing.T) {
	var vectors struct {
		At     time.Time
		Issuer string
		Keys   []credential.JWK
		Cases  []vector
	}
	readVectors(t, "w3c.json", &vectors)
	issuer := did.Issuer{ID: vectors.Issuer}
	for _, jwk := range vectors.Keys {
		for _, p := range []did.Purpose{did.ForCredentials, did.ForAuthentication} {
			issuer.Keys = append(issuer.Keys, did.Key{JWK: jwk, Purpose: p})
		}
	}
	trust, err := NewStore("vectors", bundle.Bundle{Issuers: []did.Issuer{issuer}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range vectors.Cases {
		c.judge(t, trust, vectors.At)
	}
}

// ours are the vectors that other implementers may use.
type ours struct {
	At      time.Time         `json:"at"`
	Issuers []did.Issuer      `json:"issuers"`
	Lists   map[string]string `json:"lists"`
	Cases   []vector          `json:"cases"`
}

// TestOurVectorsGetTheirVerdict: the tokens stay as they were written; with -update, new
// ones are made by new keys, and judged alike.
func TestOurVectorsGetTheirVerdict(t *testing.T) {
	if *update {
		b, err := json.MarshalIndent(makeVectors(t), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(joseVectors+"ours.json", append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var vectors ours
	readVectors(t, "ours.json", &vectors)
	b := bundle.Bundle{Issuers: vectors.Issuers, Lists: map[string][]byte{}}
	for url, list := range vectors.Lists {
		b.Lists[url] = []byte(list)
	}
	trust, err := NewStore("vectors", b)
	if err != nil {
		t.Fatal(err)
	}
	if len(vectors.Cases) < 15 {
		t.Fatalf("%d cases", len(vectors.Cases))
	}
	for _, c := range vectors.Cases {
		c.judge(t, trust, vectors.At)
	}
}

func makeVectors(t *testing.T) ours {
	w := newWorld(t)
	w.bits.Set(8)
	w.ledger.issuer.SuspensionSuffix = "-suspension"
	suspended := status.NewBits(0)
	suspended.Set(9)
	beside := w.list + w.ledger.issuer.SuspensionSuffix
	out := ours{At: w.now, Issuers: []did.Issuer{w.ledger.issuer, w.foreigner.issuer}, Lists: map[string]string{
		w.list: string(w.listToken(t, w.now.AddDate(0, 0, 1))), beside: string(w.listOf(t, beside, status.Suspension, suspended, w.now.AddDate(0, 0, 1))),
	}}
	add := func(name string, token []byte, format credential.Format, overall Overall, reason credential.Reason) *vector {
		out.Cases = append(out.Cases, vector{Name: name, Token: string(token), Format: format, Overall: overall, Reason: reason})
		return &out.Cases[len(out.Cases)-1]
	}
	asked := func(v *vector) { v.Challenge, v.Domain = "n-1", "https://employer.example" }
	tokens := w.joseTokens(t)
	for _, f := range []credential.Format{credential.FormatVC, credential.FormatVP, credential.FormatSDVC, credential.FormatSDJWT, credential.FormatOpenBadge, credential.FormatLegacy} {
		add("valid "+string(f), tokens[f], f, Valid, "")
		changed := slices.Clone(tokens[f])
		i := slices.Index(changed, '.') + 12
		changed[i] = map[bool]byte{true: 'B', false: 'A'}[changed[i] == 'A']
		if v := Verify(t.Context(), changed, w.trust(t), w.now); v.Overall == NotValid { // what breaks first depends on the letter
			add("changed "+string(f), changed, "", NotValid, v.Reason).Format = v.Format
		}
	}
	for _, alg := range []string{"ES256", "ES384", "ES512"} {
		add("valid vc+jwt by "+alg, w.foreigner.sign(t, alg, object{"typ": "vc+jwt"}, w.badge(w.now)), credential.FormatVC, Valid, "")
	}
	add("revoked", w.issue(t, 8), credential.FormatVC, NotValid, Revoked)
	add("suspended, which the issuer's other list says", w.issue(t, 9), credential.FormatVC, NotValid, Suspended)
	doc := w.embedded(t, 7)
	add("valid eddsa-rdfc-2022", doc, credential.FormatEdDSA2022, Valid, "")
	add("changed eddsa-rdfc-2022", bytes.Replace(doc, []byte("Licence"), []byte("Doctorat"), 1), credential.FormatEdDSA2022, NotValid, credential.BadSignature)
	asked(add("presentation by eddsa-rdfc-2022, as asked for", w.presentJSON(t, dataintegrity.Options{Challenge: "n-1", Domain: []string{"https://employer.example"}, Created: w.now}, json.RawMessage(doc)), credential.FormatEdDSA2022, Valid, ""))
	add("transcript of two", w.transcript(t, envelope(w.diploma(t)), string(tokens[credential.FormatOpenBadge])), credential.FormatVC, Valid, "")
	add("transcript with a revoked diploma", w.transcript(t, envelope(w.issue(t, 8))), credential.FormatVC, NotValid, Revoked)
	add("enveloped credential", mustPayload(t, envelope(w.diploma(t))), credential.FormatVC, Valid, "")
	asked(add("presentation, as asked for", tokens[credential.FormatVP], credential.FormatVP, Valid, ""))
	asked(add("presentation for another challenge", w.present(t, w.now, object{"nonce": "n-2"}, envelope(w.diploma(t))), credential.FormatVP, NotValid, credential.BadHolderProof))
	asked(add("presentation for another audience", w.present(t, w.now, object{"aud": "https://evil.example"}, envelope(w.diploma(t))), credential.FormatVP, NotValid, credential.BadHolderProof))
	asked(add("key binding, as asked for", w.bound(t), credential.FormatSDJWT, Valid, ""))
	asked(add("no key binding", tokens[credential.FormatSDJWT], credential.FormatSDJWT, NotValid, HolderProofRequired))
	add("issuer that is a did:key", jws(t, w.holder.key, jose.EdDSA, object{"typ": "vc+jwt", "kid": w.kid}, with(w.badge(w.now), "issuer", w.holder.id, "iss", w.holder.id)), credential.FormatVC, CannotConfirm, UnknownIssuer)
	add("did:key that speaks for a school", jws(t, w.holder.key, jose.EdDSA, object{"typ": "vc+jwt", "kid": w.kid}, with(w.badge(w.now), "issuer", w.ledger.issuer.ID, "iss", w.ledger.issuer.ID)), credential.FormatVC, NotValid, KeyNotForIssuer)
	own := jose.JSONWebKey{Key: w.foreigner.keys["ES256"].(*ecdsa.PrivateKey).Public()}
	add("Open Badge with its own key", w.foreigner.sign(t, "ES256", object{"typ": "JWT", "kid": nil, "jwk": own}, w.badge(w.now)), credential.FormatOpenBadge, CannotConfirm, NotAuthenticated)
	add("vc claim within vc+jwt", w.foreigner.sign(t, "ES256", object{"typ": "vc+jwt"}, with(w.badge(w.now), "vc", object{})), credential.FormatVC, NotValid, credential.BadPayload)
	return out
}
