package attestation

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"sijil/domain"
)

const (
	school   = domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f11")
	one      = domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f20")
	other    = domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f21")
	proposal = domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f30")
)

func private(t interface{ Fatal(...any) }) domain.Private {
	p, err := domain.Conceal(one, domain.ClassRecord, "x")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDecide(t *testing.T) {
	secret := private(t)
	prepared := AttestationPrepared{
		Credential: one, Institution: school, RequestedBy: "clerk", Format: "vc+jwt", KeyID: "k1", VerificationMethod: "did:web:a#k1",
		StatusList: 1, StatusIndex: 7, PayloadSHA256: "aa", Payload: secret,
	}
	token := AttestationSigned{Credential: one, Format: "vc+jwt", KeyID: "k1", Digest: "dd", PayloadSHA256: "aa", Token: secret}
	proposed := AttestationRevocationProposed{proposal, one, NoLongerTrue, school, "clerk"}
	revoked := AttestationRevoked{proposal, one, NoLongerTrue, school, []string{"clerk", "head"}}
	facts := func(f ...Event) []Event { return f }
	ready, signed := facts(prepared), facts(prepared, token)
	asked, over := facts(prepared, token, proposed), facts(prepared, token, proposed, revoked)
	propose := ProposeRevocation{proposal, NoLongerTrue, school, "clerk"}
	without := func(change func(*AttestationPrepared)) Prepare {
		p := prepared
		change(&p)
		return Prepare{p}
	}
	unlike := func(change func(*AttestationSigned)) Sign {
		s := token
		change(&s)
		return Sign{s}
	}
	for name, c := range map[string]struct {
		given []Event
		when  Command
		then  []Event
		code  string
	}{
		"what will be signed is recorded first": {when: Prepare{prepared}, then: facts(prepared)},
		"it is prepared once":                   {given: ready, when: Prepare{prepared}, code: "not_awaiting_credential"},
		"nobody asked":                          {when: without(func(p *AttestationPrepared) { p.RequestedBy = "" }), code: "invalid_field"},
		"in nobody's name":                      {when: without(func(p *AttestationPrepared) { p.Institution = "" }), code: "invalid_field"},
		"under no key":                          {when: without(func(p *AttestationPrepared) { p.KeyID = "" }), code: "invalid_field"},
		"with no place in a list":               {when: without(func(p *AttestationPrepared) { p.StatusList = 0 }), code: "invalid_field"},
		"with nothing to sign":                  {when: without(func(p *AttestationPrepared) { p.Payload = domain.Private{} }), code: "invalid_field"},
		"what was prepared is signed":           {given: ready, when: Sign{token}, then: facts(token)},
		"signing again changes nothing":         {given: signed, when: Sign{token}},
		"it is signed once":                     {given: signed, when: unlike(func(s *AttestationSigned) { s.Digest = "ee" }), code: "not_prepared"},
		"nothing was prepared":                  {when: Sign{token}, code: "not_found"},
		"another payload was signed":            {given: ready, when: unlike(func(s *AttestationSigned) { s.PayloadSHA256 = "bb" }), code: "not_as_prepared"},
		"another key signed":                    {given: ready, when: unlike(func(s *AttestationSigned) { s.KeyID = "k2" }), code: "not_as_prepared"},
		"another credential was signed":         {given: ready, when: unlike(func(s *AttestationSigned) { s.Credential = other }), code: "not_as_prepared"},
		"a signature without its token":         {given: ready, when: unlike(func(s *AttestationSigned) { s.Token = domain.Private{} }), code: "invalid_field"},
		"one officer proposes to revoke":        {given: signed, when: propose, then: facts(proposed)},
		"for a reason that is none":             {given: signed, when: ProposeRevocation{proposal, "dislike", school, "clerk"}, code: "invalid_field"},
		"what is not signed is not revoked":     {given: ready, when: propose, code: "not_signed"},
		"what is not there is not revoked":      {when: propose, code: "not_found"},
		"another officer revokes":               {given: asked, when: ApproveRevocation{proposal, "head"}, then: facts(revoked)},
		"nobody approves their own proposal":    {given: asked, when: ApproveRevocation{proposal, "clerk"}, code: "needs_second_approval"},
		"nobody proposed this":                  {given: asked, when: ApproveRevocation{other, "head"}, code: "not_found"},
		"nothing was proposed":                  {given: signed, when: ApproveRevocation{"", "head"}, code: "not_found"},
		"revoked is final":                      {given: over, when: propose, code: "credential_revoked"},
		"it is revoked once":                    {given: over, when: ApproveRevocation{proposal, "dean"}, code: "credential_revoked"},
		"what is revoked is not signed again":   {given: over, when: unlike(func(s *AttestationSigned) { s.Digest = "ee" }), code: "not_prepared"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := decide(Decider.Fold(State{}, c.given...), c.when)
			if domain.CodeOf(err) != c.code || (err != nil) != (c.code != "") {
				t.Fatalf("refused with %v, want %q", err, c.code)
			}
			if len(got) != len(c.then) || len(got) > 0 && !reflect.DeepEqual(got, c.then) {
				t.Errorf("facts %+v, want %+v", got, c.then)
			}
		})
	}
}

// TestLaws: whatever is asked in whatever order, at most one preparation, one signature and
// one revocation come of it, in that order, and two officers revoke.
func TestLaws(t *testing.T) {
	secret := private(t)
	rapid.Check(t, func(t *rapid.T) {
		who := rapid.SampledFrom([]string{"clerk", "head", "dean"})
		pick := rapid.SampledFrom([]domain.ID{one, other, proposal})
		var s State
		count := map[reflect.Type]int{}
		for range rapid.IntRange(1, 25).Draw(t, "n") {
			var c Command
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				c = Prepare{AttestationPrepared{
					Credential: one, Institution: school, RequestedBy: who.Draw(t, "by"), Format: "f", KeyID: "k", VerificationMethod: "v",
					StatusList: 1, PayloadSHA256: "aa", Payload: secret,
				}}
			case 1:
				c = Sign{AttestationSigned{Credential: pick.Draw(t, "id"), KeyID: "k", Digest: who.Draw(t, "digest"), PayloadSHA256: "aa", Token: secret}}
			case 2:
				c = ProposeRevocation{pick.Draw(t, "id"), Fraud, school, who.Draw(t, "by")}
			case 3:
				c = ApproveRevocation{pick.Draw(t, "id"), who.Draw(t, "by")}
			}
			facts, err := decide(s, c)
			if err != nil && len(facts) > 0 {
				t.Fatal("a refusal with facts")
			}
			for _, f := range facts {
				count[reflect.TypeOf(f)]++
				if r, ok := f.(AttestationRevoked); ok && (len(r.Officers) != 2 || r.Officers[0] == r.Officers[1]) {
					t.Fatalf("revoked by %v", r.Officers)
				}
			}
			s = Decider.Fold(s, facts...)
		}
		prepared, signed, revoked := count[reflect.TypeFor[AttestationPrepared]()], count[reflect.TypeFor[AttestationSigned]()], count[reflect.TypeFor[AttestationRevoked]()]
		if prepared > 1 || signed > prepared || revoked > signed {
			t.Fatalf("prepared %d, signed %d, revoked %d times", prepared, signed, revoked)
		}
	})
}
