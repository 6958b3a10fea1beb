package award

import (
	"reflect"
	"slices"
	"testing"

	"sijil/domain"
)

// TestForms: a signed credential gets other forms, each settled before it is signed.
func TestForms(t *testing.T) {
	secret := private(t)
	facts := func(e ...Event) []Event { return e }
	join := func(e []Event, more ...Event) []Event { return append(slices.Clip(e), more...) }
	prepared := CredentialPrepared{Edition: 1, Credential: first, KeyID: "k1", PayloadSHA256: "aa", Payload: secret}
	token := CredentialSigned{Edition: 1, Credential: first, KeyID: "k1", PayloadSHA256: "aa", Digest: "dd", Token: secret}
	ready := facts(edition(1, ""), prepared)
	signed := join(ready, token)
	suspended := join(signed, CredentialSuspended{1, first, UnderInvestigation, school})
	revoked := join(signed, CredentialRevoked{Edition: 1, Credential: first, Reason: Fraud})
	corrected := join(signed, edition(2, NameChanged), CredentialSuperseded{1, 2})

	form := FormPrepared{Edition: 1, Credential: first, Format: SDPayload, KeyID: "k1", PayloadSHA256: "bb", Content: secret}
	change := func(f func(*FormPrepared)) PrepareForm { p := form; f(&p); return PrepareForm{p} }
	moved, again := form, form
	moved.KeyID, moved.PayloadSHA256 = "k2", "cc"
	again.KeyID, again.PayloadSHA256, again.Replaces = "k2", "cc", "k1"
	made := FormSigned{Edition: 1, Credential: first, Format: SDPayload, KeyID: "k1", PayloadSHA256: "bb", Digest: "ee", Token: secret}
	with := func(f func(*FormSigned)) SignForm { s := made; f(&s); return SignForm{s} }
	settled := join(signed, form)
	done := join(settled, made)
	other := form
	other.Format = SDWallet

	for name, c := range map[string]struct {
		given []Event
		when  Command
		then  []Event
		code  string
	}{
		"a form of a signed credential is settled":              {given: signed, when: PrepareForm{form}, then: facts(form)},
		"of each format one":                                    {given: done, when: PrepareForm{other}, then: facts(other)},
		"what was settled first is what will be signed":         {given: settled, when: change(func(p *FormPrepared) { p.PayloadSHA256 = "cc" })},
		"under another key it is settled anew":                  {given: settled, when: PrepareForm{moved}, then: facts(moved)},
		"a form that exists is given again":                     {given: done, when: PrepareForm{moved}},
		"a form whose key was compromised is settled anew":      {given: done, when: PrepareForm{again}, then: facts(again)},
		"but not under the same key":                            {given: done, when: change(func(p *FormPrepared) { p.Replaces = "k1" }), code: "another_key"},
		"nothing before the credential is signed":               {given: ready, when: PrepareForm{form}, code: "not_signed"},
		"nothing of a credential that is not this award's":      {given: signed, when: change(func(p *FormPrepared) { p.Credential = thing }), code: "not_found"},
		"nothing of another edition":                            {given: signed, when: change(func(p *FormPrepared) { p.Edition = 2 }), code: "invalid_field"},
		"nothing in an unknown format":                          {given: signed, when: change(func(p *FormPrepared) { p.Format = "mso_mdoc" }), code: "invalid_field"},
		"nothing without its payload":                           {given: signed, when: change(func(p *FormPrepared) { p.Content = domain.Private{} }), code: "invalid_field"},
		"nothing of a suspended credential":                     {given: suspended, when: PrepareForm{form}, code: "credential_suspended"},
		"nothing of a revoked one":                              {given: revoked, when: PrepareForm{form}, code: "credential_revoked"},
		"nothing of a superseded one":                           {given: corrected, when: PrepareForm{form}, code: "credential_superseded"},
		"a settled form is signed":                              {given: settled, when: SignForm{made}, then: facts(made)},
		"a second signature changes nothing":                    {given: done, when: with(func(s *FormSigned) { s.Digest = "ff" })},
		"nothing is signed that was not settled":                {given: signed, when: SignForm{made}, code: "not_prepared"},
		"nothing is signed with another key than settled":       {given: settled, when: with(func(s *FormSigned) { s.KeyID = "k2" }), code: "not_as_prepared"},
		"no other payload is signed than settled":               {given: settled, when: with(func(s *FormSigned) { s.PayloadSHA256 = "cc" }), code: "not_as_prepared"},
		"no signature without a token":                          {given: settled, when: with(func(s *FormSigned) { s.Token = domain.Private{} }), code: "invalid_field"},
		"a form of a credential that is revoked is not signed":  {given: join(settled, CredentialRevoked{Edition: 1, Credential: first, Reason: Fraud}), when: SignForm{made}, code: "credential_revoked"},
		"a form that was settled anew is signed":                {given: join(done, again), when: with(func(s *FormSigned) { s.KeyID, s.PayloadSHA256 = "k2", "cc" }), then: facts(FormSigned{Edition: 1, Credential: first, Format: SDPayload, KeyID: "k2", PayloadSHA256: "cc", Digest: "ee", Token: secret})},
		"the old key signs nothing of what was settled anew":    {given: join(done, again), when: SignForm{made}, code: "not_as_prepared"},
		"a form that exists is not signed under the former key": {given: join(done, again, FormSigned{Edition: 1, Credential: first, Format: SDPayload, KeyID: "k2", PayloadSHA256: "cc", Digest: "ee", Token: secret}), when: SignForm{made}, code: "not_prepared"},
	} {
		t.Run(name, func(t *testing.T) {
			s := Decider.Fold(State{}, c.given...)
			got, err := decide(s, c.when)
			if domain.CodeOf(err) != c.code || !reflect.DeepEqual(got, c.then) {
				t.Fatalf("%v, %v; want %v, %q", got, err, c.then, c.code)
			}
			before := len(s.Editions[0].Forms)
			Decider.Fold(s, FormPrepared{Edition: 1, Format: "x", KeyID: "x"})
			if len(s.Editions[0].Forms) != before || s.Editions[0].Form("x") != (Form{}) {
				t.Error("an old state changed")
			}
		})
	}
}
