package credential

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func TestAHeaderIsReadInOrder(t *testing.T) {
	for name, c := range map[string]struct {
		header string
		want   Reason
	}{
		"in order":              {`{"alg":"EdDSA","typ":"vc+jwt","cty":"vc","kid":"k","x5t":"ignored"}`, ""},
		"no kid":                {`{"alg":"EdDSA","typ":"vc+jwt"}`, ""},
		"crit before the rest":  {`{"alg":"none","typ":"x","crit":[],"jwk":{}}`, CritNotSupported},
		"keys before alg":       {`{"alg":"none","typ":"x","jku":"x"}`, HeaderNotAllowed},
		"alg before typ":        {`{"alg":"HS256","typ":"x"}`, AlgNotAllowed},
		"typ in another case":   {`{"alg":"EdDSA","typ":"VC+JWT"}`, WrongTyp},
		"cty of another":        {`{"alg":"EdDSA","typ":"vc+jwt","cty":"vp"}`, WrongTyp},
		"kid too long":          {`{"alg":"EdDSA","typ":"vc+jwt","kid":"` + strings.Repeat("k", maxKid+1) + `"}`, BadHeader},
		"header too long":       {`{"alg":"EdDSA","typ":"vc+jwt","x":"` + strings.Repeat("k", maxHeader) + `"}`, TooLarge},
		"alg twice":             {`{"alg":"none","alg":"EdDSA","typ":"vc+jwt"}`, AmbiguousJSON},
		"nothing":               {``, BadFraming},
		"a number":              {`1`, BadHeader},
		"nested beyond measure": {strings.Repeat("[", 100), BadHeader},
	} {
		_, refusal := ParseToken([]byte(b64(c.header)+"."+b64("{}")+"."+b64("x")), MaxToken)
		var got Reason
		if refusal != nil {
			got = refusal.Reason
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestEveryKeySignsWithItsOneAlgorithm(t *testing.T) {
	ec := func(c elliptic.Curve) crypto.Signer {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for alg, key := range map[string]crypto.Signer{"EdDSA": ed, "ES256": ec(elliptic.P256()), "ES384": ec(elliptic.P384()), "ES512": ec(elliptic.P521())} {
		s, err := NewSigner(key, "kid-1")
		if err != nil {
			t.Fatal(err)
		}
		compact, err := s.Sign([]byte(`{"x":1}`))
		if err != nil {
			t.Fatal(err)
		}
		jwk, err := NewJWK(key.Public(), "kid-1")
		if err != nil {
			t.Fatal(err)
		}
		pub, got, err := jwk.Key()
		if err != nil || got != alg {
			t.Fatalf("%s comes back as %s: %v", alg, got, err)
		}
		token, refusal := ParseToken([]byte(compact), MaxToken)
		if refusal != nil || token.Alg != alg || token.Kid != "kid-1" || string(token.Payload) != `{"x":1}` {
			t.Fatalf("%s: %+v %v", alg, token, refusal)
		}
		if refusal := token.Verify(pub, alg); refusal != nil {
			t.Errorf("%s: %v", alg, refusal)
		}
		if refusal := token.Verify(pub, "RS256"); refusal == nil || refusal.Reason != AlgNotAllowed {
			t.Errorf("%s under another algorithm: %v", alg, refusal)
		}
		jwk.Alg = "none"
		if _, _, err := jwk.Key(); err == nil {
			t.Errorf("%s: a JWK that names another algorithm is taken", alg)
		}
	}
}

func TestRSAVerifiesFrom2048Bits(t *testing.T) {
	for bits, ok := range map[int]bool{1024: false, 2048: true} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if bits < 2048 && err != nil {
			continue // the standard library itself refuses
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewSigner(key, "k"); err == nil {
			t.Error("signs with RSA")
		}
		jwk, err := NewJWK(&key.PublicKey, "k")
		if (err == nil) != ok {
			t.Fatalf("%d bits: %v", bits, err)
		}
		if !ok {
			continue
		}
		pub, alg, err := jwk.Key()
		if err != nil || alg != "RS256" {
			t.Fatal(alg, err)
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, (&jose.SignerOptions{}).WithType(Typ).WithHeader("kid", "k"))
		if err != nil {
			t.Fatal(err)
		}
		jws, err := signer.Sign([]byte("{}"))
		if err != nil {
			t.Fatal(err)
		}
		compact, _ := jws.CompactSerialize()
		token, refusal := ParseToken([]byte(compact), MaxToken)
		if refusal != nil {
			t.Fatal(refusal)
		}
		if refusal := token.Verify(pub, alg); refusal != nil {
			t.Error(refusal)
		}
	}
}

func TestATimeHasOneForm(t *testing.T) {
	for text, ok := range map[string]bool{
		"2026-07-01T00:00:00Z": true, "2026-07-01T02:00:00+02:00": true, "2026-07-01T00:00:00.123456789Z": true, "2026-07-01T00:00:00-14:00": true,
		"2026-07-01": false, "2026-07-01T00:00:00": false, "2026-07-01t00:00:00z": false, "2026-07-01 00:00:00Z": false, "2026-02-30T00:00:00Z": false,
		"2026-07-01T24:00:00Z": false, "2026-07-01T00:00:60Z": false, "2026-07-01T00:00:00,5Z": false, "2026-07-01T00:00:00.Z": false,
		"2026-07-01T00:00:00+14:01": false, "2026-07-01T00:00:00+15:00": false, "2026-07-01T00:00:00+0200": false, "+2026-07-01T00:00:00Z": false, "": false,
		"2026-07-01T00:00:00+02:60": false, "2026-07-01T00:00:00.1": false, "2026-07-01T00:00:00ZZ": false,
	} {
		if _, err := ParseStamp(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	now := time.Date(2026, 7, 1, 12, 30, 5, 7, time.FixedZone("", 7200))
	if back, err := ParseStamp(Stamp(now)); err != nil || !back.Equal(now.Truncate(time.Second)) {
		t.Errorf("%s: %v", Stamp(now), err)
	}
}

// FuzzParseToken: what is taken has one spelling, and go-jose reads the same bytes in it.
func FuzzParseToken(f *testing.F) {
	seeds, err := filepath.Glob("../testdata/hostile/vc-jwt/*.jwt")
	if err != nil || len(seeds) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, seed := range seeds {
		b, err := os.ReadFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		if len(b) < 4<<10 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		token, refusal := ParseToken(b, MaxToken)
		if refusal != nil {
			return
		}
		parts := strings.Split(string(b), ".")
		if len(parts) != 3 || base64.RawURLEncoding.EncodeToString(token.Payload) != parts[1] {
			t.Fatal("the payload has a second spelling")
		}
		jws, err := jose.ParseSignedCompact(string(b), []jose.SignatureAlgorithm{jose.SignatureAlgorithm(token.Alg)})
		if err != nil {
			return // stricter than we are about members that we ignore
		}
		if string(jws.UnsafePayloadWithoutVerification()) != string(token.Payload) || jws.Signatures[0].Protected.KeyID != token.Kid {
			t.Fatal("go-jose reads something else")
		}
		root, refusal := ParseJSON(token.Payload)
		if refusal != nil {
			return
		}
		if c, refusal := ReadShape(root); refusal == nil && c.Issuer == "" {
			t.Fatal("a credential without an issuer")
		}
		ReadTimes(root)
	})
}

// FuzzParseJOSE: a form that is taken has one proof and a format, a presentation is proven
// by authentication and nothing else is, and what is read of its payload holds together.
func FuzzParseJOSE(f *testing.F) {
	token := func(header, payload string) []byte { return []byte(b64(header) + "." + b64(payload) + "." + b64("x")) }
	f.Add(token(`{"alg":"EdDSA","typ":"vp+jwt","kid":"k"}`, `{"@context":["`+ContextV2+`"],"type":"VerifiablePresentation","holder":"did:x:1","verifiableCredential":[{"@context":"`+ContextV2+`","type":"EnvelopedVerifiableCredential","id":"data:application/vc+jwt,e30.e30.AA"}]}`))
	f.Add(token(`{"alg":"RS256","typ":"JWT","jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}`, `{"@context":["`+ContextV2+`","`+ContextOB3+`"],"type":["VerifiableCredential","OpenBadgeCredential"],"issuer":"https://x.example","credentialSubject":{"id":"urn:x:1"}}`))
	f.Add(token(`{"alg":"ES256","typ":"JWT"}`, `{"iss":"https://x.example","jti":"urn:x:1","vc":{"@context":["`+ContextV1+`"],"type":"VerifiableCredential","credentialSubject":{"id":"urn:x:2"},"issuanceDate":"2020-01-01T00:00:00Z"}}`))
	f.Add(token(`{"alg":"ES256","typ":"JWT"}`, `{"iss":"did:x:1","nonce":"n","aud":["a"],"vp":{"@context":["`+ContextV1+`"],"type":"VerifiablePresentation","verifiableCredential":"e30.e30.AA"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, refusal := ParseJOSE(b, MaxToken)
		if refusal != nil {
			return
		}
		if len(s.Proofs) != 1 || s.Format == "" || s.Proofs[0].Alg == "" {
			t.Fatalf("%+v", s)
		}
		payload, refusal := s.Payload()
		if refusal != nil {
			return
		}
		shown := IsPresentation(s.Format, payload)
		if shown != (s.Proofs[0].Purpose == Authentication) {
			t.Fatalf("a %s is proven by %s", s.Format, s.Proofs[0].Purpose)
		}
		claimed, refusal := ReadClaimed(s.Format, payload)
		if shown {
			p, err := ReadPresentation(s.Format, payload)
			if err == nil && (refusal != nil || p.Holder != claimed) {
				t.Fatalf("holder is %q and claimed %q", p.Holder, claimed)
			}
			for _, item := range p.Items {
				if e, ok, refusal := ReadEnvelope(item); ok && refusal == nil && (e.Token == "" || e.MediaType == "") {
					t.Fatalf("an envelope of nothing: %+v", e)
				}
			}
			return
		}
		if c, err := ReadCredential(s.Format, payload); err == nil {
			if refusal != nil || c.Issuer == "" || c.Issuer != claimed || len(c.Subject.Names()) == 0 {
				t.Fatalf("issuer is %q and claimed %q", c.Issuer, claimed)
			}
			c.Times()
		}
	})
}

func TestEnvelopesAreReadAsTheyAreWritten(t *testing.T) {
	for f, presentation := range map[Format]bool{FormatVC: false, FormatSDVC: false, FormatVP: true, FormatSDVP: true} {
		b, err := Payload(Envelop(f, "a.b.c"))
		if err != nil {
			t.Fatal(err)
		}
		v, refusal := ParseJSON(b)
		if refusal != nil {
			t.Fatal(refusal)
		}
		e, ok, refusal := ReadEnvelope(v)
		if !ok || refusal != nil || e.MediaType != "application/"+string(f) || e.Token != "a.b.c" || e.Presentation != presentation {
			t.Errorf("%s is read as %+v, %v, %v", f, e, ok, refusal)
		}
	}
}
