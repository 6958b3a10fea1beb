package institution_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/internal/scenario"
)

var (
	noon    = time.Date(2025, 6, 2, 12, 0, 0, 0, time.UTC)
	later   = noon.Add(time.Hour)
	pub     = institution.PublicKey{Kty: "OKP", Crv: "Ed25519", X: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
	pub2    = institution.PublicKey{Kty: "OKP", Crv: "Ed25519", X: "NQS5708UB7JHhmCp37NlUcsZF-8GfPdwESzpD_oAkjE"}
	ec      = institution.PublicKey{Kty: "EC", Crv: "P-256", X: "OnSPSOrkj67LkwHlzmTJs8XAH51K2beJ8Duze9Mv-Tw", Y: "7xwYRdfBm7TDOfls36okUHSoxgwj8vxZGl5z-x52HLE"}
	key     = institution.SigningKeyAuthorized{Kid: "k1", Alg: "EdDSA", Purpose: institution.ForCredentials, PublicKeyJwk: pub, ValidFrom: noon}
	retired = institution.SigningKeyRetired{Kid: "k1", ValidUntil: later}
	leaked  = institution.SigningKeyCompromised{Kid: "k1", CompromisedAt: later}
)

const proposal = domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f30")

var (
	dean      = institution.Officer{Subject: "dean", Institution: school}
	registrar = institution.Officer{Subject: "registrar", Institution: school}
	inspector = institution.Officer{Subject: "inspector", Institution: ministry, Above: true}
	both      = institution.Decision{Proposal: proposal, Officers: []string{"dean", "registrar"}}
)

func authorize(change ...func(*institution.AuthorizeKey)) institution.AuthorizeKey {
	a := institution.AuthorizeKey{Kid: "k1", Alg: "EdDSA", Purpose: institution.ForCredentials, PublicKeyJwk: pub, ValidFrom: noon}
	for _, f := range change {
		f(&a)
	}
	return a
}

// propose is a command of the dean's at noon.
func propose(change func(*institution.ProposeKeyChange)) institution.ProposeKeyChange {
	p := institution.ProposeKeyChange{Proposal: proposal, By: dean, Now: noon}
	change(&p)
	return p
}

// proposed is the fact that the command leads to.
func proposed(t *testing.T, cmd institution.ProposeKeyChange, given ...institution.Event) institution.Event {
	t.Helper()
	facts, err := institution.Decider.Decide(institution.Decider.Fold(institution.State{}, given...), cmd)
	if err != nil || len(facts) != 1 {
		t.Fatal(facts, err)
	}
	return facts[0]
}

func TestProposingKeys(t *testing.T) {
	open := f{registered}
	asked := func(change ...func(*institution.AuthorizeKey)) institution.ProposeKeyChange {
		return propose(func(p *institution.ProposeKeyChange) { p.Authorize = authorize(change...) })
	}
	bad := func(change func(*institution.AuthorizeKey), code string) c {
		return c{Given: open, When: asked(change), Code: code}
	}
	late := func(by time.Duration) institution.Command {
		p := asked()
		p.Now = noon.Add(by)
		return p
	}
	retire := func(at time.Time) institution.Command {
		return propose(func(p *institution.ProposeKeyChange) { p.Retire = institution.RetireKey{Kid: "k1", ValidUntil: at} })
	}
	leak := func(at time.Time) institution.Command {
		return propose(func(p *institution.ProposeKeyChange) {
			p.Compromise, p.Now = institution.CompromiseKey{Kid: "k1", CompromisedAt: at}, later.Add(time.Minute)
		})
	}
	rotate := func(purpose institution.Purpose) institution.Command {
		return propose(func(p *institution.ProposeKeyChange) {
			p.Authorize = authorize(func(a *institution.AuthorizeKey) { a.Kid, a.PublicKeyJwk, a.Purpose = "k2", pub2, purpose })
			p.Retire = institution.RetireKey{Kid: "k1"}
		})
	}
	fact := func(change func(*institution.SigningKeyChangeProposed)) f {
		p := institution.SigningKeyChangeProposed{Proposal: proposal, Authority: school, ProposedBy: "dean", LapsesAt: noon.Add(institution.ProposalLife)}
		change(&p)
		return f{p}
	}
	wants := institution.ProposedKey{Kid: "k1", Alg: "EdDSA", Purpose: institution.ForCredentials, PublicKeyJwk: pub, ValidFrom: noon}
	wantsKey := fact(func(p *institution.SigningKeyChangeProposed) { p.Authorize = wants })
	scenario.Run(t, institution.Decider, map[string]c{
		"an officer proposes a key":                            {Given: open, When: asked(), Then: wantsKey},
		"no key is good for the time before it was registered": {Given: open, When: late(institution.KeyGrace + time.Second), Code: "invalid_field"},
		"a day late is in time": {Given: open, When: late(institution.KeyGrace), Then: fact(func(p *institution.SigningKeyChangeProposed) {
			p.Authorize, p.LapsesAt = wants, noon.Add(institution.KeyGrace+institution.ProposalLife)
		})},
		"an elliptic key that is kept elsewhere": {
			Given: open, When: asked(func(a *institution.AuthorizeKey) { a.Alg, a.PublicKeyJwk, a.Elsewhere = "ES256", ec, true }),
			Then: fact(func(p *institution.SigningKeyChangeProposed) {
				p.Authorize = institution.ProposedKey{Kid: "k1", Alg: "ES256", Purpose: institution.ForCredentials, PublicKeyJwk: ec, ValidFrom: noon, Elsewhere: true}
			}),
		},
		"an instant elsewhere in the world is kept in UTC": {
			Given: open, When: asked(func(a *institution.AuthorizeKey) { a.ValidFrom = noon.In(time.FixedZone("", 3600)) }), Then: wantsKey,
		},
		"a key for presentations": {
			Given: open, When: asked(func(a *institution.AuthorizeKey) { a.Purpose = institution.ForAuthentication }),
			Then: fact(func(p *institution.SigningKeyChangeProposed) {
				p.Authorize = wants
				p.Authorize.Purpose = institution.ForAuthentication
			}),
		},
		"the same key again is refused":          {Given: f{registered, key}, When: asked(), Code: "kid_taken"},
		"a kid is never given to another key":    {Given: f{registered, key}, When: asked(func(a *institution.AuthorizeKey) { a.PublicKeyJwk = pub2 }), Code: "kid_taken"},
		"a kid is not freed by retirement":       {Given: f{registered, key, retired}, When: asked(func(a *institution.AuthorizeKey) { a.PublicKeyJwk = pub2 }), Code: "kid_taken"},
		"a key has one name and one purpose":     {Given: f{registered, key}, When: asked(func(a *institution.AuthorizeKey) { a.Kid, a.Purpose = "k2", institution.ForStatus }), Code: "key_taken"},
		"a closed school gets no credential key": {Given: f{registered, shut}, When: asked(), Code: "institution_not_operating"},
		"a closed school gets a key for status": {Given: f{registered, shut}, When: asked(func(a *institution.AuthorizeKey) { a.Purpose = institution.ForStatus }), Then: fact(func(p *institution.SigningKeyChangeProposed) {
			p.Authorize = wants
			p.Authorize.Purpose = institution.ForStatus
		})},
		"a kid that is a path is refused":                          bad(func(a *institution.AuthorizeKey) { a.Kid = "../k" }, "invalid_field"),
		"a kid of two dots is refused":                             bad(func(a *institution.AuthorizeKey) { a.Kid = ".." }, "invalid_field"),
		"a kid that a key for lists is published under is refused": bad(func(a *institution.AuthorizeKey) { a.Kid = "status-k1" }, "invalid_field"),
		"a kid that a key's second form has is refused":            bad(func(a *institution.AuthorizeKey) { a.Kid = "k1-multikey" }, "invalid_field"),
		"a key beside its curve is refused": bad(func(a *institution.AuthorizeKey) {
			a.Alg, a.PublicKeyJwk = "ES256", institution.PublicKey{Kty: "EC", Crv: "P-256", X: ec.Y, Y: ec.X}
		}, "invalid_field"),
		"no algorithm is refused":                  bad(func(a *institution.AuthorizeKey) { a.Alg = "none" }, "invalid_field"),
		"an HMAC is refused":                       bad(func(a *institution.AuthorizeKey) { a.Alg = "HS256" }, "invalid_field"),
		"a key of another algorithm is refused":    bad(func(a *institution.AuthorizeKey) { a.Alg = "ES256" }, "invalid_field"),
		"a key of another curve is refused":        bad(func(a *institution.AuthorizeKey) { a.Alg, a.PublicKeyJwk = "ES384", ec }, "invalid_field"),
		"a key with padding is refused":            bad(func(a *institution.AuthorizeKey) { a.PublicKeyJwk.X += "=" }, "invalid_field"),
		"a key of non-canonical base64 is refused": bad(func(a *institution.AuthorizeKey) { a.PublicKeyJwk.X = a.PublicKeyJwk.X[:42] + "p" }, "invalid_field"),
		"an unknown purpose is refused":            bad(func(a *institution.AuthorizeKey) { a.Purpose = "access-token" }, "invalid_field"),
		"a key valid from no instant is refused":   bad(func(a *institution.AuthorizeKey) { a.ValidFrom = time.Time{} }, "invalid_field"),
		"a retirement is proposed": {Given: f{registered, key}, When: retire(later), Then: fact(func(p *institution.SigningKeyChangeProposed) {
			p.Retire = institution.ProposedRetirement{Kid: "k1", ValidUntil: later}
		})},
		"a retired key is not retired again": {Given: f{registered, key, retired}, When: retire(later), Code: "key_retired"},
		"an unknown key is not retired":      {Given: open, When: retire(later), Code: "key_unknown"},
		"a leak is reported": {Given: f{registered, key}, When: leak(later), Then: fact(func(p *institution.SigningKeyChangeProposed) {
			p.Compromise = institution.ProposedCompromise{Kid: "k1", CompromisedAt: later}
			p.LapsesAt = later.Add(time.Minute + institution.ProposalLife)
		})},
		"a leak is not talked down":            {Given: f{registered, key, leaked}, When: leak(later.Add(1)), Code: "key_compromised"},
		"a leak that is known is not reported": {Given: f{registered, key, leaked}, When: leak(later), Code: "key_compromised"},
		"a leak to come is refused":            {Given: f{registered, key}, When: leak(later.Add(time.Hour)), Code: "date_in_future"},
		"a leak at no instant is refused":      {Given: f{registered, key}, When: leak(time.Time{}), Code: "invalid_field"},
		"an unknown key does not leak":         {Given: open, When: leak(noon), Code: "key_unknown"},
		"a key takes the place of another": {Given: f{registered, key}, When: rotate(institution.ForCredentials), Then: fact(func(p *institution.SigningKeyChangeProposed) {
			p.Authorize, p.Retire = institution.ProposedKey{Kid: "k2", Alg: "EdDSA", Purpose: institution.ForCredentials, PublicKeyJwk: pub2, ValidFrom: noon}, institution.ProposedRetirement{Kid: "k1"}
		})},
		"a key takes no place of another purpose":      {Given: f{registered, key}, When: rotate(institution.ForStatus), Code: "invalid_field"},
		"a proposal asks for something":                {Given: open, When: propose(func(*institution.ProposeKeyChange) {}), Code: "invalid_field"},
		"a proposal asks for one thing":                {Given: f{registered, key}, When: propose(func(p *institution.ProposeKeyChange) { p.Retire.Kid, p.Compromise.Kid = "k1", "k1" }), Code: "invalid_field"},
		"a key of an unknown institution is not known": {When: asked(), Code: "not_found"},
	})
}

func TestDecidingAboutKeys(t *testing.T) {
	asks := propose(func(p *institution.ProposeKeyChange) { p.Authorize = authorize() })
	elsewhere := propose(func(p *institution.ProposeKeyChange) {
		p.Authorize = authorize(func(a *institution.AuthorizeKey) { a.Elsewhere = true })
	})
	fromAbove := elsewhere
	fromAbove.By = inspector
	wants := f{registered, proposed(t, asks, registered)}
	wantsElsewhere := f{registered, proposed(t, elsewhere, registered)}
	retiring := f{registered, key, proposed(t, propose(func(p *institution.ProposeKeyChange) { p.Retire.Kid = "k1" }), registered, key)}
	leaking := f{registered, key, proposed(t, propose(func(p *institution.ProposeKeyChange) {
		p.Compromise = institution.CompromiseKey{Kid: "k1", CompromisedAt: noon}
	}), registered, key)}
	rotating := f{registered, key, proposed(t, propose(func(p *institution.ProposeKeyChange) {
		p.Authorize = authorize(func(a *institution.AuthorizeKey) { a.Kid, a.PublicKeyJwk = "k2", pub2 })
		p.Retire.Kid = "k1"
	}), registered, key)}
	approve := func(by institution.Officer, after time.Duration) institution.Command {
		return institution.ApproveKeyChange{Proposal: proposal, By: by, Now: noon.Add(after)}
	}
	from := func(at time.Time, d institution.Decision) institution.SigningKeyAuthorized {
		k := key
		k.ValidFrom, k.Decision = at, d
		return k
	}
	withInspector := institution.Decision{Proposal: proposal, Officers: []string{"dean", "inspector"}}
	next := institution.SigningKeyAuthorized{Kid: "k2", Alg: "EdDSA", Purpose: institution.ForCredentials, PublicKeyJwk: pub2, ValidFrom: later, Decision: both}
	scenario.Run(t, institution.Decider, map[string]c{
		"another officer approves, and the key begins":               {Given: wants, When: approve(registrar, time.Hour), Then: f{from(later, both)}},
		"an authority approves":                                      {Given: wants, When: approve(inspector, 0), Then: f{from(noon, withInspector)}},
		"nobody approves their own proposal":                         {Given: wants, When: approve(dean, time.Hour), Code: "needs_second_approval"},
		"nor through another institution's token":                    {Given: wants, When: approve(institution.Officer{Subject: "dean", Institution: ministry, Above: true}, 0), Code: "needs_second_approval"},
		"a proposal lapses":                                          {Given: wants, When: approve(registrar, institution.ProposalLife), Code: "proposal_lapsed"},
		"its last instant is in time":                                {Given: wants, When: approve(registrar, institution.ProposalLife-time.Second), Then: f{from(noon.Add(institution.ProposalLife-time.Second), both)}},
		"an approval of nothing":                                     {Given: f{registered}, When: approve(registrar, 0), Code: "not_found"},
		"an approval of what was approved":                           {Given: append(wants, from(later, both)), When: approve(registrar, time.Hour), Code: "not_found"},
		"an approval of what was rejected":                           {Given: append(wants, institution.SigningKeyChangeRejected{Proposal: proposal, RejectedBy: "dean"}), When: approve(registrar, time.Hour), Code: "not_found"},
		"a school alone authorizes no key that is kept elsewhere":    {Given: wantsElsewhere, When: approve(registrar, time.Hour), Code: "not_the_authority"},
		"with an authority it does":                                  {Given: wantsElsewhere, When: approve(inspector, time.Hour), Then: f{from(later, withInspector)}},
		"and with one that proposed it":                              {Given: f{registered, proposed(t, fromAbove, registered)}, When: approve(dean, time.Hour), Then: f{from(later, institution.Decision{Proposal: proposal, Officers: []string{"inspector", "dean"}})}},
		"a key that came meanwhile is not authorized again":          {Given: append(wants, key), When: approve(registrar, time.Hour), Code: "kid_taken"},
		"a school that closed meanwhile gets no credential key":      {Given: append(wants, institution.OperationalStatusChanged{OperationalStatus: closed, BeginDate: "2025-06-02", RecordsCustodian: ministry}), When: approve(registrar, time.Hour), Code: "institution_not_operating"},
		"a retirement leaves time for what is under way":             {Given: retiring, When: approve(registrar, time.Hour), Then: f{institution.SigningKeyRetired{Kid: "k1", ValidUntil: later.Add(institution.Drain), Decision: both}}},
		"a leak becomes known":                                       {Given: leaking, When: approve(registrar, time.Hour), Then: f{institution.SigningKeyCompromised{Kid: "k1", CompromisedAt: noon, Decision: both}}},
		"a rotation begins one key and ends the other in one append": {Given: rotating, When: approve(registrar, time.Hour), Then: f{next, institution.SigningKeyRetired{Kid: "k1", ValidUntil: later.Add(institution.Drain), Decision: both}}},
		"another officer rejects a proposal":                         {Given: wants, When: institution.RejectKeyChange{Proposal: proposal, By: registrar}, Then: f{institution.SigningKeyChangeRejected{Proposal: proposal, RejectedBy: "registrar"}}},
		"the officer takes it back":                                  {Given: wants, When: institution.RejectKeyChange{Proposal: proposal, By: dean}, Then: f{institution.SigningKeyChangeRejected{Proposal: proposal, RejectedBy: "dean"}}},
		"a rejection of nothing":                                     {Given: f{registered}, When: institution.RejectKeyChange{Proposal: proposal, By: registrar}, Code: "not_found"},
	})
}

// TestAReportStopsAKeyAtOnce: until it is rejected or lapses, and for credentials only.
func TestAReportStopsAKeyAtOnce(t *testing.T) {
	report := propose(func(p *institution.ProposeKeyChange) {
		p.Compromise = institution.CompromiseKey{Kid: "k1", CompromisedAt: noon}
	})
	for _, first := range []institution.SigningKeyAuthorized{key, {Kid: "k1", Alg: "EdDSA", Purpose: institution.ForStatus, PublicKeyJwk: pub, ValidFrom: noon}} {
		s := institution.Decider.Fold(institution.State{}, registered, first)
		s = institution.Decider.Fold(s, proposed(t, report, registered, first))
		if k, _ := s.Key("k1"); k.Usable(later) != (first.Purpose == institution.ForStatus) || !k.Usable(noon.Add(institution.ProposalLife)) {
			t.Errorf("a %s key that is reported is usable: %v", first.Purpose, k.Usable(later))
		}
		s = institution.Decider.Fold(s, institution.SigningKeyChangeRejected{Proposal: proposal, RejectedBy: "dean"})
		if k, _ := s.Key("k1"); !k.Usable(later) {
			t.Errorf("a %s key is not usable after the report was rejected", first.Purpose)
		}
		// Two reports: whoever takes back their own does not answer the other's.
		other := report
		other.Proposal, other.By = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f31", registrar
		s = institution.Decider.Fold(institution.State{}, registered, first, proposed(t, other, registered, first), proposed(t, report, registered, first))
		s = institution.Decider.Fold(s, institution.SigningKeyChangeRejected{Proposal: proposal, RejectedBy: "dean"})
		if k, _ := s.Key("k1"); k.Usable(later) != (first.Purpose == institution.ForStatus) {
			t.Errorf("a %s key with another report open is usable: %v", first.Purpose, k.Usable(later))
		}
	}
}

// TestKeyIsUsableOnlyBetweenAuthorizedAndRetired is the law, over any order of proposals and
// approvals by three officers. No change comes from one of them alone.
func TestKeyIsUsableOnlyBetweenAuthorizedAndRetired(t *testing.T) {
	kids := rapid.SampledFrom([]string{"k1", "k2"})
	officers := rapid.SampledFrom([]institution.Officer{dean, registrar, inspector})
	rapid.Check(t, func(t *rapid.T) {
		s := institution.Decider.Fold(institution.State{}, registered)
		now := noon
		type life struct{ from, until, leak time.Time }
		lives := map[string]life{}
		by := map[domain.ID]string{}
		for n := range rapid.IntRange(1, 20).Draw(t, "commands") {
			now = now.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "hours")) * time.Hour)
			who, kid := officers.Draw(t, "officer"), kids.Draw(t, "kid")
			hour := now.Add(time.Duration(rapid.IntRange(-20, 20).Draw(t, "hour")) * time.Hour)
			var cmd institution.Command
			p := institution.ProposeKeyChange{Proposal: domain.DeriveID(proposal, string(rune('a'+n))), By: who, Now: now}
			switch kind := rapid.IntRange(0, 6).Draw(t, "kind"); {
			case kind == 0:
				public := map[string]institution.PublicKey{"k1": pub, "k2": pub2}[kid]
				p.Authorize = institution.AuthorizeKey{Kid: kid, Alg: "EdDSA", Purpose: institution.ForCredentials, PublicKeyJwk: public, ValidFrom: hour}
				cmd = p
			case kind == 1:
				p.Retire = institution.RetireKey{Kid: kid, ValidUntil: hour}
				cmd = p
			case kind == 2:
				p.Compromise = institution.CompromiseKey{Kid: kid, CompromisedAt: hour}
				cmd = p
			case len(s.Proposals) == 0:
				continue
			case kind == 3:
				cmd = institution.RejectKeyChange{Proposal: rapid.SampledFrom(s.Proposals).Draw(t, "which").Proposal, By: who}
			default:
				cmd = institution.ApproveKeyChange{Proposal: rapid.SampledFrom(s.Proposals).Draw(t, "which").Proposal, By: who, Now: now}
			}
			facts, err := institution.Decider.Decide(s, cmd)
			if err != nil {
				continue
			}
			s = institution.Decider.Fold(s, facts...)
			second := func(d institution.Decision) {
				if len(d.Officers) != 2 || d.Officers[0] == d.Officers[1] || d.Officers[0] != by[d.Proposal] || d.Officers[1] != who.Subject {
					t.Fatalf("decided by %v, proposed by %s", d, by[d.Proposal])
				}
			}
			for _, e := range facts {
				switch e := e.(type) {
				case institution.SigningKeyChangeProposed:
					by[e.Proposal] = e.ProposedBy
				case institution.SigningKeyAuthorized:
					second(e.Decision)
					lives[e.Kid] = life{from: e.ValidFrom}
					if e.ValidFrom.Before(now.Truncate(time.Second)) {
						t.Fatal("a key became valid before it was approved")
					}
				case institution.SigningKeyRetired:
					second(e.Decision)
					l := lives[e.Kid]
					l.until = e.ValidUntil
					lives[e.Kid] = l
					if !e.ValidUntil.After(now) {
						t.Fatal("a retirement undid what was signed")
					}
				case institution.SigningKeyCompromised:
					second(e.Decision)
					l := lives[e.Kid]
					if !l.leak.IsZero() && !e.CompromisedAt.Before(l.leak) {
						t.Fatal("a compromise moved later")
					}
					l.leak = e.CompromisedAt
					lives[e.Kid] = l
				}
			}
		}
		when := now.Add(time.Duration(rapid.IntRange(-50, 50).Draw(t, "when")) * time.Hour)
		usable := map[string]bool{}
		for _, k := range s.UsableKeys(institution.ForCredentials, when) {
			usable[k.Kid] = true
		}
		for kid, l := range lives {
			k, _ := s.Key(kid)
			want := !when.Before(l.from) && (l.until.IsZero() || when.Before(l.until.Add(-institution.Drain))) && l.leak.IsZero() && !when.Before(k.SuspectUntil)
			if usable[kid] != want {
				t.Fatalf("key %s at %s: usable %v, want %v (%+v)", kid, when, usable[kid], want, l)
			}
		}
		if len(s.UsableKeys(institution.ForStatus, when)) > 0 {
			t.Fatal("a credential key is usable for status lists")
		}
	})
}
