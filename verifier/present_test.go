package verifier

import (
	"slices"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sijil/verifier/credential"
	"sijil/verifier/did"
)

func TestAPresentationIsAsGoodAsItsWorstPart(t *testing.T) {
	w := newWorld(t)
	good := envelope(w.diploma(t))
	forged := w.diploma(t)
	forged[len(forged)-9] = map[bool]byte{true: 'B', false: 'A'}[forged[len(forged)-9] == 'A']
	stranger := jws(t, w.holder.key, jose.EdDSA, object{"typ": "vc+jwt", "kid": w.kid}, with(w.badge(w.now), "issuer", w.holder.id, "iss", w.holder.id))
	badge := envelope(w.foreigner.sign(t, "ES512", object{"typ": "vc+jwt"}, w.badge(w.now)))
	for name, c := range map[string]struct {
		items  []any
		want   Overall
		reason credential.Reason
		each   []Overall
	}{
		"two good ones":               {[]any{good, badge}, Valid, "", []Overall{Valid, Valid}},
		"one forged":                  {[]any{good, envelope(forged)}, NotValid, credential.BadSignature, []Overall{Valid, NotValid}},
		"one by nobody we know":       {[]any{good, envelope(stranger)}, CannotConfirm, UnknownIssuer, []Overall{Valid, CannotConfirm}},
		"the worst comes last":        {[]any{envelope(stranger), envelope(forged)}, NotValid, credential.BadSignature, []Overall{CannotConfirm, NotValid}},
		"one without a proof":         {[]any{w.badge(w.now)}, NotValid, NoProof, []Overall{NotValid}},
		"one as a plain text":         {[]any{string(w.diploma(t))}, NotValid, credential.BadPayload, []Overall{NotValid}},
		"one that is a presentation":  {[]any{object{"@context": credential.ContextV2, "type": "EnvelopedVerifiablePresentation", "id": "data:application/vp+jwt," + string(w.present(t, w.now, nil, good))}}, NotValid, credential.WrongType, []Overall{NotValid}},
		"one of a kind not read here": {[]any{object{"@context": credential.ContextV2, "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+cose,AA"}}, CannotConfirm, credential.Unsupported, []Overall{CannotConfirm}},
		"none":                        {nil, CannotConfirm, NoCredential, nil},
	} {
		v := Verify(t.Context(), w.present(t, w.now, nil, c.items...), w.trust(t), w.now)
		var each []Overall
		for _, item := range v.Items {
			each = append(each, item.Overall)
		}
		if v.Overall != c.want || v.Reason != c.reason || !slices.Equal(each, c.each) || v.Holder != w.holder.id || v.Format != credential.FormatVP {
			t.Errorf("%s: %s %v %v (%s), want %s %s %v", name, v.Overall, v.Reasons, each, v.Detail, c.want, c.reason, c.each)
		}
		if l := v.Lines; l.Integrity.Answer != True || l.IssuerKey.Answer != True || l.Time.Answer != True || l.Anchoring.Reason != NotApplicable {
			t.Errorf("%s: own lines are %+v", name, l)
		}
	}
	if v := VerifyWith(t.Context(), w.present(t, w.now, nil), w.trust(t), w.now, Options{ProofOnly: true}); v.Overall != Valid {
		t.Errorf("an empty one, asked for the proof only: %s %v", v.Overall, v.Reasons)
	}
}

func TestAHolderProvesWhatTheVerifierAsksFor(t *testing.T) {
	w := newWorld(t)
	good := envelope(w.diploma(t))
	asked := Options{Challenge: "n-1", Domain: "https://employer.example"}
	for name, c := range map[string]struct {
		members object
		ask     Options
		reason  credential.Reason
	}{
		"what was asked for":                   {nil, asked, ""},
		"one of several audiences":             {object{"aud": []string{"x", "https://employer.example"}}, asked, ""},
		"another challenge":                    {object{"nonce": "n-2"}, asked, credential.BadHolderProof},
		"no challenge":                         {object{"nonce": nil}, asked, credential.BadHolderProof},
		"another audience":                     {object{"aud": "https://evil.example"}, asked, credential.BadHolderProof},
		"no audience":                          {object{"aud": nil}, asked, credential.BadHolderProof},
		"too old":                              {object{"iat": w.now.Add(-time.Hour).Unix()}, asked, credential.BadHolderProof},
		"old, and that is allowed":             {object{"iat": w.now.Add(-time.Hour).Unix()}, Options{Challenge: "n-1", MaxAge: 2 * time.Hour}, ""},
		"from the future":                      {object{"iat": w.now.Add(time.Hour).Unix()}, asked, credential.BadHolderProof},
		"no date, a challenge":                 {object{"iat": nil}, asked, ""},
		"no date, no challenge":                {object{"iat": nil}, Options{HolderProof: true}, credential.BadHolderProof},
		"a date, no challenge":                 {nil, Options{HolderProof: true}, ""},
		"expired":                              {object{"exp": w.now.Unix()}, asked, Expired},
		"a challenge that nobody asked for":    {object{"nonce": "n-2", "aud": "x"}, Options{}, ""},
		"a challenge that is a number":         {object{"nonce": 1}, asked, credential.BadPayload},
		"iss is the holder":                    {object{"iss": w.holder.id}, asked, ""},
		"iss is another":                       {object{"iss": "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"}, asked, credential.IssuerMismatch},
		"the holder is another":                {object{"holder": "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"}, asked, KeyNotForIssuer},
		"the holder is an object":              {object{"holder": object{"id": w.holder.id}}, asked, ""},
		"no holder":                            {object{"holder": nil}, asked, ""},
		"no holder, iss is another":            {object{"holder": nil, "iss": "https://x.example"}, asked, KeyNotForIssuer},
		"a vp claim":                           {object{"vp": object{}}, asked, credential.BadPayload},
		"the data model 1.1":                   {object{"@context": credential.ContextV1}, asked, credential.BadPayload},
		"a credential and presentation in one": {object{"type": []string{"VerifiablePresentation", "VerifiableCredential"}}, asked, credential.WrongType},
	} {
		v := VerifyWith(t.Context(), w.present(t, w.now, c.members, good), w.trust(t), w.now, c.ask)
		if (v.Overall == Valid) != (c.reason == "") || c.reason != "" && !slices.Contains(v.Reasons, c.reason) {
			t.Errorf("%s: %s %v (%s), want %q", name, v.Overall, v.Reasons, v.Detail, c.reason)
		}
	}
	if v := VerifyWith(t.Context(), w.diploma(t), w.trust(t), w.now, asked); v.Overall != NotValid || v.Reason != HolderProofRequired {
		t.Errorf("a diploma without its holder: %s %v", v.Overall, v.Reasons)
	}
	if v := Verify(t.Context(), w.present(t, w.now, nil, good), w.trust(t), w.now); !slices.Contains(v.Warnings, "not_challenged") {
		t.Errorf("nobody is told that nothing was asked: %v", v.Warnings)
	}
	if v := VerifyWith(t.Context(), w.present(t, w.now, nil, good), w.trust(t), w.now, asked); !slices.Contains(v.Items[0].Warnings, "holder_is_not_subject") {
		t.Errorf("nobody is told that the diploma is not about the holder: %v", v.Items[0].Warnings)
	}
}

func TestAuthenticationAndAssertionAreToldApart(t *testing.T) {
	w := newWorld(t)
	const id = "did:web:holder.example"
	key := func(purpose did.Purpose) did.Issuer {
		k, err := did.NewKey(w.holder.key.Public(), id+"#1", purpose, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		return did.Issuer{ID: id, Keys: []did.Key{k}}
	}
	both := key(did.ForCredentials)
	both.Keys = append(both.Keys, key(did.ForAuthentication).Keys...)
	h := w.holder
	h.id, h.kid = id, id+"#1"
	presentation := h.present(t, w.now, nil, envelope(w.diploma(t)))
	issued := jws(t, h.key, jose.EdDSA, object{"typ": "vc+jwt", "kid": h.kid}, with(w.badge(w.now), "issuer", id, "iss", id))
	stolen := key(did.ForAuthentication)
	stolen.Keys[0].CompromisedAt = did.Instant{Time: w.now}
	ended := key(did.ForAuthentication)
	ended.Keys[0].ValidTo = did.Instant{Time: w.now}
	for name, c := range map[string]struct {
		issuer did.Issuer
		token  []byte
		want   Overall
		reason credential.Reason
	}{
		"an authentication key presents":           {key(did.ForAuthentication), presentation, Valid, ""},
		"an issuing key presents":                  {key(did.ForCredentials), presentation, NotValid, KeyWrongPurpose},
		"a status key presents":                    {key(did.ForStatus), presentation, NotValid, KeyWrongPurpose},
		"an authentication key issues":             {key(did.ForAuthentication), issued, NotValid, KeyWrongPurpose},
		"an issuing key issues":                    {key(did.ForCredentials), issued, Valid, ""},
		"a key for both presents":                  {both, presentation, Valid, ""},
		"a key for both issues":                    {both, issued, Valid, ""},
		"a holder that nobody knows":               {did.Issuer{ID: "https://x.example"}, presentation, CannotConfirm, UnknownIssuer},
		"a stolen authentication key":              {stolen, presentation, NotValid, KeyCompromised},
		"an authentication key that is out of use": {ended, presentation, NotValid, KeyNotValidThen},
	} {
		v := Verify(t.Context(), c.token, w.trust(t, c.issuer), w.now)
		if v.Overall != c.want || v.Reason != c.reason {
			t.Errorf("%s: %s %v (%s), want %s %s", name, v.Overall, v.Reasons, v.Detail, c.want, c.reason)
		}
	}
}

func TestALegacyPresentationCarriesTokens(t *testing.T) {
	w := newWorld(t)
	inner := string(w.foreigner.sign(t, "ES256", object{"typ": "JWT"}, w.legacy(w.now)))
	token := jws(t, w.holder.key, jose.EdDSA, object{"typ": "JWT", "kid": w.kid}, object{
		"iss": w.holder.id, "nonce": "n-1", "aud": "https://employer.example", "iat": w.now.Unix(),
		"vp": object{"@context": []string{credential.ContextV1}, "type": []string{"VerifiablePresentation"}, "verifiableCredential": []string{inner}},
	})
	v := VerifyWith(t.Context(), token, w.trust(t), w.now, Options{Challenge: "n-1", Domain: "https://employer.example"})
	if v.Overall != Valid || len(v.Items) != 1 || v.Items[0].Format != credential.FormatLegacy || !slices.Contains(v.Warnings, "legacy_format") {
		t.Errorf("%s %v (%s) %+v", v.Overall, v.Reasons, v.Detail, v.Items)
	}
	if v := VerifyWith(t.Context(), token, w.trust(t), w.now, Options{Challenge: "n-2"}); v.Overall != NotValid || v.Reason != credential.BadHolderProof {
		t.Errorf("another challenge: %s %v", v.Overall, v.Reasons)
	}
}

// transcript is a CLR 2.0 credential around signed ones.
func (w world) transcript(t testing.TB, items ...any) []byte {
	return w.foreigner.sign(t, "ES256", object{"typ": "vc+jwt"}, with(w.badge(w.now),
		"@context", []string{credential.ContextV2, "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"},
		"type", []string{"VerifiableCredential", "ClrCredential"},
		"credentialSubject", object{"id": "urn:uuid:2", "type": []string{"ClrSubject"}, "verifiableCredential": items}))
}

func TestATranscriptIsJudgedCourseByCourse(t *testing.T) {
	w := newWorld(t)
	course := string(w.foreigner.sign(t, "RS256", object{"typ": "JWT"}, w.badge(w.now)))
	forged := course[:len(course)-24] + map[bool]string{true: "B", false: "A"}[course[len(course)-24] == 'A'] + course[len(course)-23:]
	v := Verify(t.Context(), w.transcript(t, course, envelope(w.diploma(t)), course), w.trust(t), w.now)
	if v.Overall != Valid || len(v.Items) != 3 || v.Items[0].Format != credential.FormatOpenBadge || v.Items[1].Credential.Holder != "أمينة بن صالح" {
		t.Errorf("%s %v (%s) %+v", v.Overall, v.Reasons, v.Detail, v.Items)
	}
	v = Verify(t.Context(), w.transcript(t, course, forged), w.trust(t), w.now)
	if v.Overall != NotValid || v.Reason != credential.BadSignature || v.Lines.Integrity.Answer != True || v.Items[0].Overall != Valid || v.Items[1].Overall != NotValid {
		t.Errorf("one course forged: %s %v %+v", v.Overall, v.Reasons, v.Items)
	}
	w.bits.Set(7)
	v = Verify(t.Context(), w.transcript(t, course, envelope(w.diploma(t))), w.trust(t), w.now)
	if v.Overall != NotValid || v.Reason != Revoked || v.Lines.Status.Answer == False {
		t.Errorf("one diploma revoked: %s %v", v.Overall, v.Reasons)
	}
}

// TestATranscriptIsNoAwardOfItsOwn: a register that names achievements says nothing of the
// transcript, and goes on saying what it says of each award in it.
func TestATranscriptIsNoAwardOfItsOwn(t *testing.T) {
	w := newWorld(t)
	from := did.Instant{Time: w.now.AddDate(-10, 0, 0)}
	for achievement, want := range map[string]Overall{"urn:uuid:none": NotValid, w.achievement(7).CredentialSubject.Achievement.ID: Valid} {
		b := w.bundle(t)
		accredited := []did.Accreditation{{From: from, Achievements: []string{achievement}}}
		b.Issuers[0].Accreditations = accredited
		foreigner := w.foreigner.issuer
		foreigner.Accreditations = accredited
		b.Issuers = append(b.Issuers, foreigner)
		s, err := NewStore("bundle", b)
		if err != nil {
			t.Fatal(err)
		}
		v := Verify(t.Context(), w.transcript(t, envelope(w.diploma(t))), s, w.now)
		if v.Overall != want || v.Lines.Accreditation.Answer != Unchecked || v.Items[0].Overall != want || (v.Items[0].Lines.Accreditation.Answer == True) != (want == Valid) {
			t.Errorf("accredited for %s: %s %v, its diploma %+v", achievement, v.Overall, v.Reasons, v.Items[0].Lines.Accreditation)
		}
	}
}

func TestHowMuchOneInputMayHoldIsBounded(t *testing.T) {
	w := newWorld(t)
	badge := string(w.foreigner.sign(t, "ES256", object{"typ": "vc+jwt"}, w.badge(w.now)))
	items := make([]any, maxItems+1)
	for i := range items {
		items[i] = badge
	}
	if v := Verify(t.Context(), w.transcript(t, items[:maxItems]...), w.trust(t), w.now); v.Overall != Valid || len(v.Items) != maxItems {
		t.Errorf("%d courses: %s %v", len(v.Items), v.Overall, v.Reasons)
	}
	if v := Verify(t.Context(), w.transcript(t, items...), w.trust(t), w.now); v.Overall != NotValid || v.Reason != TooManyItems || len(v.Items) != maxItems {
		t.Errorf("one more: %s %v, %d items", v.Overall, v.Reasons, len(v.Items))
	}
	deep := badge
	for range maxNested {
		deep = string(w.transcript(t, deep))
	}
	if v := Verify(t.Context(), []byte(deep), w.trust(t), w.now); v.Overall != Valid {
		t.Errorf("%d deep: %s %v", maxNested, v.Overall, v.Reasons)
	}
	if v := Verify(t.Context(), w.transcript(t, deep), w.trust(t), w.now); v.Overall != NotValid || v.Reason != TooManyItems {
		t.Errorf("one deeper: %s %v", v.Overall, v.Reasons)
	}
}
