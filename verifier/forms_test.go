package verifier

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/sdjwt"
)

func TestEveryKindOfTokenIsJudgedAlike(t *testing.T) {
	w := newWorld(t)
	trust := w.trust(t)
	for format, token := range w.joseTokens(t) {
		v := Verify(t.Context(), token, trust, w.now)
		if v.Overall != Valid || v.Format != format {
			t.Errorf("%s: %s %s %v (%s)", format, v.Format, v.Overall, v.Reasons, v.Detail)
		}
		if late := Verify(t.Context(), token, trust, w.now.AddDate(-1, 0, 0)); late.Overall == Valid {
			t.Errorf("%s is valid a year before", format)
		}
		w.bits.Set(7)
		revoked := Verify(t.Context(), token, w.trust(t), w.now)
		if ours := format != credential.FormatOpenBadge && format != credential.FormatLegacy; ours && (revoked.Overall != NotValid || revoked.Reason != Revoked) {
			t.Errorf("%s revoked: %s %v", format, revoked.Overall, revoked.Reasons)
		}
		w.ledger.bits[0] = 0
	}
}

func TestEverySingleByteChangeOfEveryKindOfTokenIsRefused(t *testing.T) {
	w := newWorld(t)
	trust := w.trust(t)
	tokens := w.joseTokens(t)
	kb := w.bound(t)
	for format, token := range tokens {
		step := 1
		if slowdown > 1 { // the race detector has seen enough then
			step = 13
		}
		for i := 0; i < len(token); i += step {
			changed := bytes.Clone(token)
			for _, c := range []byte{token[i] ^ 1, '~'} {
				if changed[i] = c; c == token[i] {
					continue
				}
				if v := Verify(t.Context(), changed, trust, w.now); v.Overall == Valid {
					t.Fatalf("%s: byte %d changed to %q is still valid", format, i, c)
				}
			}
		}
	}
	// The holder's part of an SD-JWT counts as much as the issuer's.
	demand := Options{Challenge: "n-1", Domain: "https://employer.example"}
	if v := VerifyWith(t.Context(), kb, trust, w.now, demand); v.Overall != Valid {
		t.Fatalf("with key binding: %s %v (%s)", v.Overall, v.Reasons, v.Detail)
	}
	for i := range kb {
		changed := bytes.Clone(kb)
		changed[i] ^= 1
		if v := VerifyWith(t.Context(), changed, trust, w.now, demand); v.Overall == Valid {
			t.Fatalf("key binding: byte %d changed is still valid", i)
		}
	}
}

// bound is a dc+sd-jwt that the holder shows to an employer.
func (w world) bound(t testing.TB) []byte {
	jwk, err := credential.NewJWK(w.holder.key.Public(), "")
	if err != nil {
		t.Fatal(err)
	}
	c, refusal := sdjwt.DiplomaClaims(mustPayload(t, w.achievement(7)), sdjwt.Wallet{Type: "https://ledger.example/diploma", Issued: w.now, Holder: &jwk})
	if refusal != nil {
		t.Fatal(refusal)
	}
	signer, err := credential.NewTypedSigner(ed25519.NewKeyFromSeed(append(make([]byte, 31), 1)), w.ledger.issuer.Keys[0].JWK.Kid, sdjwt.TypeDC)
	if err != nil {
		t.Fatal(err)
	}
	token, err := c.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	shown, err := sdjwt.Bind(token, w.holder.key, "https://employer.example", "n-1", w.now)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(shown)
}

func TestProfilesAreNotMixed(t *testing.T) {
	w := newWorld(t)
	trust := w.trust(t)
	sign := func(typ string, payload object) []byte {
		return w.foreigner.sign(t, "ES256", object{"typ": typ}, payload)
	}
	with := func(o object, name string, v any) object {
		o[name] = v
		return o
	}
	for name, c := range map[string]struct {
		token  []byte
		reason credential.Reason
	}{
		"a vc claim within vc+jwt":                 {sign("vc+jwt", with(w.badge(w.now), "vc", object{})), credential.BadPayload},
		"a vp claim within vc+jwt":                 {sign("vc+jwt", with(w.badge(w.now), "vp", object{})), credential.BadPayload},
		"a vc claim and a vp claim":                {sign("JWT", object{"iss": w.foreigner.issuer.ID, "vc": object{}, "vp": object{}}), credential.WrongTyp},
		"the data model 1.1 as vc+jwt":             {sign("vc+jwt", with(w.badge(w.now), "@context", []string{credential.ContextV1})), credential.BadPayload},
		"the data model 2.0 in a vc claim":         {sign("JWT", object{"iss": w.foreigner.issuer.ID, "vc": w.badge(w.now)}), credential.BadPayload},
		"a plain JWT":                              {sign("JWT", object{"iss": w.foreigner.issuer.ID, "sub": "x"}), credential.WrongTyp},
		"a credential as vp+jwt":                   {sign("vp+jwt", w.badge(w.now)), credential.WrongTyp},
		"another type with a tilde":                {append(sign("vc+jwt", w.badge(w.now)), '~'), credential.WrongTyp},
		"a legacy issuer that is not iss":          {sign("JWT", with(w.legacy(w.now), "iss", "https://other.example")), KeyNotForIssuer},
		"a legacy credential with another id":      {sign("JWT", with(w.legacy(w.now), "vc", with(w.legacy(w.now)["vc"].(object), "id", "urn:uuid:9"))), credential.BadPayload},
		"a legacy credential with another issuer":  {sign("JWT", with(w.legacy(w.now), "vc", with(w.legacy(w.now)["vc"].(object), "issuer", "https://other.example"))), credential.IssuerMismatch},
		"a legacy credential with another subject": {sign("JWT", with(w.legacy(w.now), "sub", "urn:uuid:8")), ""},
		"a legacy credential that has expired":     {sign("JWT", with(w.legacy(w.now), "exp", w.now.Unix())), Expired},
		"a badge that is not valid yet":            {sign("JWT", with(w.badge(w.now), "nbf", w.now.Add(time.Hour).Unix())), NotYetValid},
		"a badge whose iss is another":             {sign("JWT", with(w.badge(w.now), "iss", "https://other.example")), credential.IssuerMismatch},
		"a badge with the alg of another key":      {w.foreigner.sign(t, "ES256", object{"typ": "JWT", "kid": "kid-RS256"}, w.badge(w.now)), credential.AlgNotAllowed},
		"a badge for decryption":                   {w.foreigner.sign(t, "ES256", object{"typ": "JWT", "cty": "JWT"}, w.badge(w.now)), credential.WrongTyp},
	} {
		v := Verify(t.Context(), c.token, trust, w.now)
		if c.reason == "" {
			if v.Overall != Valid {
				t.Errorf("%s: %s %v (%s)", name, v.Overall, v.Reasons, v.Detail)
			}
		} else if v.Overall != NotValid || v.Reason != c.reason {
			t.Errorf("%s: %s %v (%s), want %s", name, v.Overall, v.Reasons, v.Detail, c.reason)
		}
	}
	if v := Verify(t.Context(), sign("JWT", w.legacy(w.now)), trust, w.now); !slices.Contains(v.Warnings, "legacy_format") || v.Format != credential.FormatLegacy {
		t.Errorf("a legacy token is not labelled: %s %v", v.Format, v.Warnings)
	}
}

func TestAKeyThatComesWithTheTokenAuthenticatesNobody(t *testing.T) {
	w := newWorld(t)
	key := w.foreigner.keys["RS256"].(*rsa.PrivateKey)
	jwk := func(k any) jose.JSONWebKey { return jose.JSONWebKey{Key: k} }
	header := func(h object) []byte { return w.foreigner.sign(t, "RS256", h, w.badge(w.now)) }
	multikey, err := did.Multikey(w.holder.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	fragment := jws(t, w.holder.key, jose.EdDSA, object{"typ": "vc+jwt", "kid": w.foreigner.issuer.ID + "#" + multikey}, w.badge(w.now))
	for name, c := range map[string]struct {
		token  []byte
		want   Overall
		reason credential.Reason
	}{
		"in the header":                      {header(object{"typ": "JWT", "kid": nil, "jwk": jwk(key.Public())}), CannotConfirm, NotAuthenticated},
		"in the header, beside a kid":        {header(object{"typ": "JWT", "jwk": jwk(key.Public())}), Valid, ""},
		"in the header, and it does not fit": {header(object{"typ": "JWT", "kid": nil, "jwk": jwk(w.holder.key.Public())}), NotValid, credential.AlgNotAllowed},
		"in the header, the private one":     {header(object{"typ": "JWT", "kid": nil, "jwk": jwk(key)}), NotValid, credential.HeaderNotAllowed},
		"in the header of a vc+jwt":          {header(object{"typ": "vc+jwt", "kid": nil, "jwk": jwk(key.Public())}), NotValid, credential.HeaderNotAllowed},
		"in the fragment of the issuer's":    {fragment, CannotConfirm, NotAuthenticated},
		"in a changed token":                 {append(fragment[:len(fragment)-3:len(fragment)-3], "AAA"...), NotValid, credential.BadEncoding},
	} {
		v := Verify(t.Context(), c.token, w.trust(t), w.now)
		if c.reason == credential.BadEncoding && v.Reason == credential.BadSignature {
			continue // the last letter happens to be canonical
		}
		if v.Overall != c.want || v.Reason != c.reason {
			t.Errorf("%s: %s %v (%s), want %s %s", name, v.Overall, v.Reasons, v.Detail, c.want, c.reason)
		}
		if c.reason == NotAuthenticated && (v.Lines.Integrity.Answer != True || v.Credential == nil || v.Credential.IssuerName != "") {
			t.Errorf("%s: integrity is %s", name, v.Lines.Integrity.Answer)
		}
	}
}

func TestADIDThatIsAKeyShowsControlAndNotIdentity(t *testing.T) {
	w := newWorld(t)
	own := func(id string) object { return with(w.badge(w.now), "issuer", id, "iss", id) }
	jwkJSON, _ := json.Marshal(jose.JSONWebKey{Key: w.foreigner.keys["ES256"].(*ecdsa.PrivateKey).Public()})
	didJWK := "did:jwk:" + base64.RawURLEncoding.EncodeToString(jwkJSON)
	for name, c := range map[string]struct {
		token []byte
		id    string
	}{
		"did:key":                {jws(t, w.holder.key, jose.EdDSA, object{"typ": "vc+jwt", "kid": w.kid}, own(w.holder.id)), w.holder.id},
		"did:jwk":                {w.foreigner.sign(t, "ES256", object{"typ": "vc+jwt", "kid": didJWK + "#0"}, own(didJWK)), didJWK},
		"did:key, in a vc claim": {jws(t, w.holder.key, jose.EdDSA, object{"typ": "JWT"}, with(w.legacy(w.now), "iss", w.holder.id)), w.holder.id},
	} {
		v := Verify(t.Context(), c.token, w.trust(t), w.now)
		if v.Overall != CannotConfirm || v.Reason != UnknownIssuer || v.Lines.Integrity.Answer != True {
			t.Errorf("%s: %s %v", name, v.Overall, v.Reasons)
		}
		if late := Verify(t.Context(), c.token, w.trust(t), w.now.AddDate(-1, 0, 0)); late.Overall != NotValid || !slices.Contains(late.Reasons, NotYetValid) {
			t.Errorf("%s a year before: %s %v", name, late.Overall, late.Reasons)
		}
		if v := VerifyWith(t.Context(), c.token, w.trust(t), w.now, Options{ProofOnly: true}); v.Overall != Valid {
			t.Errorf("%s, asked for the proof only: %s %v", name, v.Overall, v.Reasons)
		}
		if v := Verify(t.Context(), c.token, w.trust(t, did.Issuer{ID: c.id, Name: "Pinned"}), w.now); v.Overall != Valid || v.Credential.IssuerName != "Pinned" {
			t.Errorf("%s, pinned: %s %v", name, v.Overall, v.Reasons)
		}
	}
	foreign := jws(t, w.holder.key, jose.EdDSA, object{"typ": "vc+jwt", "kid": w.kid}, own(w.ledger.issuer.ID))
	if v := VerifyWith(t.Context(), foreign, w.trust(t), w.now, Options{ProofOnly: true}); v.Overall != NotValid || v.Reason != KeyNotForIssuer {
		t.Errorf("a did:key that speaks for a school: %s %v", v.Overall, v.Reasons)
	}
}

// with sets members of an object.
func with(o object, pairs ...any) object {
	for i := 0; i < len(pairs); i += 2 {
		o[pairs[i].(string)] = pairs[i+1]
	}
	return o
}

func TestAnEnvelopeIsJudgedByItsToken(t *testing.T) {
	w := newWorld(t)
	presentation := string(w.present(t, w.now, nil, envelope(w.diploma(t))))
	wrapped := func(pairs ...any) object { return with(envelope(w.diploma(t)), pairs...) }
	for name, c := range map[string]struct {
		envelope object
		reason   credential.Reason
	}{
		"in order":                      {wrapped(), ""},
		"a context that is no list":     {wrapped("@context", credential.ContextV2), ""},
		"a type in a list":              {wrapped("type", []string{"EnvelopedVerifiableCredential"}), ""},
		"a presentation":                {wrapped("type", "EnvelopedVerifiablePresentation", "id", "data:application/vp+jwt,"+presentation), ""},
		"a presentation as credential":  {wrapped("id", "data:application/vp+jwt,"+presentation), credential.WrongType},
		"another media type":            {wrapped("id", "data:application/vp+jwt,"+string(w.diploma(t))), credential.WrongTyp},
		"a media type with a parameter": {wrapped("id", "data:application/vc+jwt;charset=utf-8,"+string(w.diploma(t))), credential.BadPayload},
		"a link":                        {wrapped("id", "https://evil.example/vc"), credential.BadPayload},
		"members that nobody signed":    {wrapped("name", "Doctor of Medicine"), credential.BadPayload},
		"a second type":                 {wrapped("type", []string{"EnvelopedVerifiableCredential", "Diploma"}), credential.BadPayload},
		"another context":               {wrapped("@context", []string{credential.ContextV2, "https://evil.example"}), credential.BadPayload},
		"no context":                    {wrapped("@context", []string{}), credential.BadPayload},
		"COSE":                          {wrapped("id", "data:application/vc+cose;base64,0oRD"), credential.Unsupported},
		"COSE in its own type":          {wrapped("id", "data:application/vc+cose,0oRD"), credential.Unsupported},
	} {
		v := Verify(t.Context(), mustPayload(t, c.envelope), w.trust(t), w.now)
		if (v.Overall == Valid) != (c.reason == "") || v.Reason != c.reason {
			t.Errorf("%s: %s %v (%s), want %q", name, v.Overall, v.Reasons, v.Detail, c.reason)
		}
	}
}

func TestKnownMechanismsThatAreNotCheckedAreNamedAndNeverValid(t *testing.T) {
	w := newWorld(t)
	doc := func(proof object) []byte {
		return mustPayload(t, with(w.badge(w.now), "proof", proof))
	}
	sealed := func(h object) []byte { return w.foreigner.sign(t, "ES256", h, w.badge(w.now)) }
	protected := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","sigT":"2026-01-01T00:00:00Z"}`))
	for name, c := range map[string]struct {
		input []byte
		says  string
	}{
		"Blockcerts":          {doc(object{"type": "MerkleProof2019"}), "MerkleProof2019"},
		"Blockcerts 2":        {[]byte(`{"@context":["https://w3id.org/openbadges/v2"],"signature":{"type":["MerkleProof2017","Extension"]}}`), "MerkleProof2017"},
		"OpenAttestation 2":   {[]byte(`{"version":"https://schema.openattestation.com/2.0/schema.json","data":{},"signature":{"type":"SHA3MerkleProof"}}`), "OpenAttestation"},
		"OpenAttestation 3":   {doc(object{"type": "OpenAttestationMerkleProofSignature2018"}), "OpenAttestation"},
		"ecdsa-sd-2023":       {doc(object{"type": "DataIntegrityProof", "cryptosuite": "ecdsa-sd-2023"}), "ecdsa-sd-2023"},
		"bbs-2023":            {doc(object{"type": "DataIntegrityProof", "cryptosuite": "bbs-2023"}), "bbs-2023"},
		"an older proof":      {doc(object{"type": "JsonWebSignature2020"}), "JsonWebSignature2020"},
		"JAdES":               {sealed(object{"typ": "JOSE", "sigT": "2026-01-01T00:00:00Z", "x5c": []string{"AA"}}), "JAdES"},
		"JAdES with sigD":     {sealed(object{"typ": "vc+jwt", "sigD": object{"mId": "x"}}), "JAdES"},
		"JAdES in JSON":       {[]byte(`{"payload":"e30","signatures":[{"protected":"` + protected + `","signature":"AA"}]}`), "JAdES"},
		"JAdES, flattened":    {[]byte(`{"payload":"e30","protected":"` + protected + `","signature":"AA"}`), "JAdES"},
		"COSE":                {[]byte("\xd2\x84\x43\xa1\x01\x26"), "COSE"},
		"COSE in base64url":   {[]byte("0oRDoQEmoFg"), "COSE"},
		"CWT":                 {[]byte("\xd8\x3d\xd2\x84\x43"), "COSE"},
		"CWT in base64url":    {[]byte("2D3ShEOhASag"), "COSE"},
		"mdoc":                {[]byte("\xa3gversionc1.0"), "mdoc"},
		"AnonCreds":           {[]byte(`{"schema_id":"x","cred_def_id":"y","values":{},"signature":{}}`), "AnonCreds"},
		"Open Badges 2":       {[]byte(`{"@context":"https://w3id.org/openbadges/v2","badge":"https://x.example","verification":{"type":"hosted"}}`), "Open Badges 2"},
		"COSE in an envelope": {mustPayload(t, with(envelope(nil), "id", "data:application/vc+cose;base64,0oRD")), "COSE"},
	} {
		v := Verify(t.Context(), c.input, w.trust(t), w.now)
		if v.Overall != CannotConfirm || v.Reason != credential.Unsupported || !strings.Contains(v.Detail, c.says) {
			t.Errorf("%s: %s %v (%s)", name, v.Overall, v.Reasons, v.Detail)
		}
		if v := VerifyText(t.Context(), c.input, w.trust(t), w.now); v.Reason != credential.Unsupported {
			t.Errorf("%s, pasted: %s %v (%s)", name, v.Overall, v.Reasons, v.Detail)
		}
	}
	if v := Verify(t.Context(), mustPayload(t, w.badge(w.now)), w.trust(t), w.now); v.Overall != NotValid || v.Reason != NoProof {
		t.Errorf("a document without a proof: %s %v", v.Overall, v.Reasons)
	}
}

// TestNothingIsValidWithoutIntegrityKeyAndTime is the root rule, whatever the lines say.
func TestNothingIsValidWithoutIntegrityKeyAndTime(t *testing.T) {
	answers := []Answer{"", True, False, Unchecked}
	reasons := []credential.Reason{"", NoStatus, NotApplicable, StatusStale, NotAnchored, AccreditationUnknown}
	for n := range 4 * 4 * 4 * 4 * 6 {
		at := func(i int) Answer { return answers[n>>(2*i)&3] }
		r := reasons[n/256]
		v := Verdict{Lines: Lines{Integrity: Line{Answer: at(0), Reason: r}, IssuerKey: Line{Answer: at(1), Reason: r}, Time: Line{Answer: at(2), Reason: r}, Status: Line{Answer: at(3), Reason: r}}}
		v.settle()
		if v.Overall == Valid && (at(0) != True || at(1) != True || at(2) != True || at(3) == False || at(3) != True && r != NoStatus && r != NotApplicable) {
			t.Fatalf("valid with %q %q %q %q for %q", at(0), at(1), at(2), at(3), r)
		}
		if v.Overall == "" || v.Overall != Valid && v.Reason == "" && r != "" {
			t.Fatalf("no answer: %+v", v)
		}
	}
}

func TestTheLedgersRecordIsOfTheExactPayload(t *testing.T) {
	w := newWorld(t)
	token := w.joseTokens(t)[credential.FormatSDJWT]
	jwt, _, _ := strings.Cut(string(token), "~")
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(jwt, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	w.ledger.record(w.achievement(7), payload, w.now)
	if v := Verify(t.Context(), token, w.trust(t), w.now); v.Lines.Anchoring.Answer != True {
		t.Errorf("anchoring of an SD-JWT is %s %s", v.Lines.Anchoring.Answer, v.Lines.Anchoring.Reason)
	}
	if sum := sha256.Sum256(payload); fmt.Sprintf("%x", sum) != w.records[0].PayloadSHA256 {
		t.Error("the record is of something else")
	}
}

func TestWhatAnIssuerWouldNotSignIsAWarning(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		member  string
		value   any
		warning string
	}{
		"a member of nobody's":        {"rank", 1, "unknown_member"},
		"evidence without a type":     {"evidence", object{"id": "urn:x:1"}, "untyped_member"},
		"a schema without a type":     {"credentialSchema", []object{{"id": "urn:x:1", "type": "JsonSchema"}, {"id": "urn:x:2"}}, "untyped_member"},
		"a context of nobody's":       {"@context", []string{credential.ContextV2, credential.ContextOB3, "https://x.example/v1"}, "unknown_context"},
		"terms within the credential": {"@context", []any{credential.ContextV2, credential.ContextOB3, object{"a": "urn:x:a"}}, "inline_context"},
		"nothing":                     {"awardedDate", credential.Stamp(w.now), ""},
	} {
		token := w.foreigner.sign(t, "ES256", object{"typ": "vc+jwt"}, with(w.badge(w.now), c.member, c.value))
		v := Verify(t.Context(), token, w.trust(t), w.now)
		if v.Overall != Valid || slices.Contains(v.Warnings, c.warning) != (c.warning != "") || !strings.Contains(verdicts(), "| `"+c.warning) {
			t.Errorf("%s: %s %v with the warnings %v", name, v.Overall, v.Reasons, v.Warnings)
		}
	}
}
