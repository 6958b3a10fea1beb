package award

import (
	"reflect"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"sijil/domain"
)

const (
	school   = domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f11")
	region   = domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f12")
	student  = domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f01")
	first    = domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f20")
	second   = domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f21")
	proposal = domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f30")
	thing    = domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9fff")

	day   = domain.Date("2026-07-01")
	today = domain.Date("2026-07-10")
	long  = domain.Date("2009-07-01")
)

func private(t interface{ Fatal(...any) }) domain.Private {
	p, err := domain.Conceal(student, domain.ClassRegister, "x")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// good is evidence that lacks nothing.
func good() Evidence {
	return Evidence{
		Enrollment: thing, EntryDate: "2005-10-01", Assessment: thing, EventDate: "2009-06-30", Plan: thing, PlanVersion: 3, PlanInForce: true,
		Accreditation: thing, Approvers: []string{"dean", "registrar"}, Confirmed: true,
		AchievementType: "BachelorDegree", Title: domain.Text{"fr": "Licence en informatique"},
	}
}

// lacking is good evidence with something changed.
func lacking(change func(*Evidence)) Evidence {
	e := good()
	change(&e)
	return e
}

func asked(e Evidence) AwardDiploma {
	return AwardDiploma{Institution: school, AwardDate: day, Today: today, Evidence: e}
}

func on(d domain.Date) AwardDiploma { a := asked(good()); a.AwardDate = d; return a }

func edition(n int, why CorrectionReason) DiplomaAwarded {
	e := good()
	return DiplomaAwarded{
		Edition: n, Institution: school, AwardDate: day, AchievementType: e.AchievementType, Title: e.Title,
		Enrollment: thing, Plan: thing, PlanVersion: 3, Accreditation: thing, Assessment: thing, Approvers: e.Approvers, Correction: why,
	}
}

func TestDecide(t *testing.T) {
	secret := private(t)
	facts := func(f ...Event) []Event { return f }
	join := func(f []Event, more ...Event) []Event { return append(append([]Event(nil), f...), more...) }
	prepared := CredentialPrepared{Edition: 1, Credential: first, Format: "vc+jwt", KeyID: "k1", StatusList: 1, StatusIndex: 7, PayloadSHA256: "aa", Payload: secret}
	token := CredentialSigned{Edition: 1, Credential: first, Format: "vc+jwt", KeyID: "k1", Digest: "dd", PayloadSHA256: "aa", Token: secret}
	awarded := facts(edition(1, ""))
	ready := join(awarded, prepared)
	signed := join(ready, token)
	suspended := join(signed, CredentialSuspended{1, first, UnderInvestigation, school})
	proposed := RevocationProposed{proposal, 1, first, Fraud, school, "dean", "2026-07-09"}
	revoked := CredentialRevoked{proposal, 1, first, Fraud, school, "2026-07-09", []string{"dean", "registrar"}}
	over := join(signed, proposed, revoked)
	corrected := join(signed, edition(2, NameChanged), CredentialSuperseded{1, 2})
	exception := DateExceptionGranted{long, region, "inspector", "uri://sijil/AwardDateExceptionReasonDescriptor#RegisterMigration"}
	grant := GrantDateException{long, region, "inspector", exception.Reason, today}
	propose := ProposeRevocation{proposal, first, Fraud, school, "2026-07-09", today, "dean"}
	review := func(change func(*Evidence)) ReviewAward { return ReviewAward{1, today, lacking(change)} }
	with := func(change func(*ProposeRevocation)) ProposeRevocation { p := propose; change(&p); return p }
	reissue := func(credential domain.ID, kid string) ReissueDiploma {
		return ReissueDiploma{asked(good()), credential, kid}
	}
	otherKey, otherPayload, elsewhere := token, token, asked(good())
	otherKey.KeyID, otherPayload.PayloadSHA256, elsewhere.Institution = "k2", "ab", region

	for name, c := range map[string]struct {
		given []Event
		when  Command
		then  []Event
		code  string
	}{
		"a graduate is awarded the diploma":               {when: asked(good()), then: facts(edition(1, ""))},
		"nobody is awarded a diploma tomorrow":            {when: on("2026-07-11"), code: "date_in_future"},
		"an award date is a day":                          {when: on("2026-02-30"), code: "invalid_field"},
		"without an enrollment":                           {when: asked(lacking(func(e *Evidence) { e.Enrollment = "" })), code: "not_enrolled"},
		"enrolled only after the award date":              {when: asked(lacking(func(e *Evidence) { e.EntryDate = "2026-07-02" })), code: "not_enrolled"},
		"without an accreditation on that date":           {when: asked(lacking(func(e *Evidence) { e.Accreditation = "" })), code: "not_accredited"},
		"without an assessment":                           {when: asked(lacking(func(e *Evidence) { e.Assessment = "" })), code: "graduation_not_assessed"},
		"without the plan in force":                       {when: asked(lacking(func(e *Evidence) { e.PlanInForce = false })), code: "plan_not_in_force"},
		"without the credits or the grades":               {when: asked(lacking(func(e *Evidence) { e.Gaps = []string{"credits_missing"} })), code: "requirements_not_met"},
		"before the program was completed":                {when: asked(lacking(func(e *Evidence) { e.EventDate = "2026-07-02" })), code: "award_before_completion"},
		"with one approver":                               {when: asked(lacking(func(e *Evidence) { e.Approvers = []string{"dean"}; e.Confirmed = false })), code: "second_approver_missing"},
		"with one approver twice":                         {when: asked(lacking(func(e *Evidence) { e.Approvers = []string{"dean", "dean"} })), code: "second_approver_missing"},
		"on a day long past":                              {when: on(long), code: "needs_second_approval"},
		"on the last day that needs no exception":         {when: on(today.AddDays(-MaxAge)), then: facts(func() DiplomaAwarded { e := edition(1, ""); e.AwardDate = today.AddDays(-MaxAge); return e }())},
		"an authority allows a day long past":             {when: grant, then: facts(exception)},
		"allowing it twice is harmless":                   {given: facts(exception), when: grant},
		"nobody allows tomorrow":                          {when: GrantDateException{"2026-07-11", region, "inspector", exception.Reason, today}, code: "date_in_future"},
		"an exception has a reason":                       {when: GrantDateException{long, region, "inspector", "because", today}, code: "invalid_field"},
		"an exception comes before the award":             {given: awarded, when: grant, code: "already_awarded"},
		"on a day long past that an authority allowed":    {given: facts(exception), when: on(long), then: facts(func() DiplomaAwarded { e := edition(1, ""); e.AwardDate = long; return e }())},
		"on another day than the one allowed":             {given: facts(exception), when: on("2009-07-02"), code: "needs_second_approval"},
		"on a day the school allowed itself":              {given: facts(DateExceptionGranted{long, school, "dean", exception.Reason}), when: on(long), code: "needs_second_approval"},
		"twice":                                           {given: awarded, when: asked(good()), code: "already_awarded"},
		"after a revocation":                              {given: over, when: asked(good()), code: "credential_revoked"},
		"again after the first was annulled":              {given: join(awarded, AwardAnnulled{1, "not_accredited"}), when: asked(good()), then: facts(edition(2, ""))},
		"a correction awards the next and ends the last":  {given: signed, when: CorrectDiploma{asked(good()), NameChanged}, then: facts(edition(2, NameChanged), CredentialSuperseded{1, 2})},
		"a correction of what was never signed":           {given: awarded, when: CorrectDiploma{asked(good()), ClericalError}, then: facts(edition(2, ClericalError), CredentialSuperseded{1, 2})},
		"a correction for no reason":                      {given: signed, when: CorrectDiploma{asked(good()), "whim"}, code: "invalid_field"},
		"a correction by another institution":             {given: signed, when: CorrectDiploma{elsewhere, NameChanged}, code: "not_the_awarding_institution"},
		"a correction of nothing":                         {when: CorrectDiploma{asked(good()), NameChanged}, code: "not_found"},
		"a correction after a revocation":                 {given: over, when: CorrectDiploma{asked(good()), NameChanged}, code: "credential_revoked"},
		"a correction needs what an award needs":          {given: signed, when: CorrectDiploma{asked(lacking(func(e *Evidence) { e.Accreditation = "" })), NameChanged}, code: "not_accredited"},
		"a compromised key's diploma is issued again":     {given: signed, when: reissue(first, "k1"), then: facts(edition(2, KeyCompromised), CredentialSuperseded{1, 2})},
		"also one that was not signed yet":                {given: ready, when: reissue(first, "k1"), then: facts(edition(2, KeyCompromised), CredentialSuperseded{1, 2})},
		"but not twice":                                   {given: join(signed, edition(2, KeyCompromised), CredentialSuperseded{1, 2}), when: reissue(first, "k1"), code: "credential_superseded"},
		"nor one of another key":                          {given: signed, when: reissue(first, "k2"), code: "another_key"},
		"nor a suspended one, which would be free again":  {given: suspended, when: reissue(first, "k1"), code: "credential_suspended"},
		"nor a revoked one":                               {given: over, when: reissue(first, "k1"), code: "credential_revoked"},
		"nor one that is not there":                       {given: signed, when: reissue(second, "k1"), code: "not_found"},
		"nor one of another institution":                  {given: signed, when: ReissueDiploma{elsewhere, first, "k1"}, code: "not_the_awarding_institution"},
		"issuing again needs what an award needs":         {given: signed, when: ReissueDiploma{asked(lacking(func(e *Evidence) { e.Accreditation = "" })), first, "k1"}, code: "not_accredited"},
		"a correction has a reason of its own":            {given: signed, when: CorrectDiploma{asked(good()), KeyCompromised}, code: "invalid_field"},
		"the review finds what the award found":           {given: awarded, when: review(func(*Evidence) {})},
		"the review finds an enrollment gone":             {given: awarded, when: review(func(e *Evidence) { e.Enrollment = "" }), then: facts(AwardAnnulled{1, "not_enrolled"})},
		"the review finds the graduation rescinded":       {given: awarded, when: review(func(e *Evidence) { e.Assessment = "" }), then: facts(AwardAnnulled{1, "graduation_not_assessed"})},
		"a review of what is prepared changes nothing":    {given: ready, when: review(func(e *Evidence) { e.Enrollment = "" })},
		"a review of what is not there":                   {when: review(func(*Evidence) {}), code: "not_found"},
		"what will be signed is settled":                  {given: awarded, when: PrepareCredential{prepared}, then: facts(prepared)},
		"settling it again is harmless":                   {given: ready, when: PrepareCredential{prepared}},
		"nothing is prepared for an annulled award":       {given: join(awarded, AwardAnnulled{1, "not_accredited"}), when: PrepareCredential{prepared}, code: "not_awaiting_credential"},
		"nothing is prepared for a superseded edition":    {given: join(awarded, edition(2, NameChanged), CredentialSuperseded{1, 2}), when: PrepareCredential{prepared}, code: "not_awaiting_credential"},
		"a preparation without a payload":                 {given: awarded, when: PrepareCredential{CredentialPrepared{Edition: 1, Credential: first, KeyID: "k1", PayloadSHA256: "aa"}}, code: "invalid_field"},
		"the prepared credential is signed":               {given: ready, when: SignCredential{token}, then: facts(token)},
		"signing it again is harmless":                    {given: signed, when: SignCredential{token}},
		"nothing is signed that was not prepared":         {given: awarded, when: SignCredential{token}, code: "not_prepared"},
		"another key than the prepared one":               {given: ready, when: SignCredential{otherKey}, code: "not_as_prepared"},
		"another payload than the prepared one":           {given: ready, when: SignCredential{otherPayload}, code: "not_as_prepared"},
		"a signature without a token":                     {given: ready, when: SignCredential{CredentialSigned{Edition: 1, Credential: first, KeyID: "k1", PayloadSHA256: "aa"}}, code: "invalid_field"},
		"a superseded edition is not signed":              {given: join(ready, edition(2, NameChanged), CredentialSuperseded{1, 2}), when: SignCredential{token}, code: "not_prepared"},
		"a credential is suspended":                       {given: signed, when: SuspendCredential{first, UnderInvestigation, school}, then: facts(CredentialSuspended{1, first, UnderInvestigation, school})},
		"suspending it twice is harmless":                 {given: suspended, when: SuspendCredential{first, Fraud, school}},
		"a suspension has a reason":                       {given: signed, when: SuspendCredential{first, "mood", school}, code: "invalid_field"},
		"what is not signed is not suspended":             {given: ready, when: SuspendCredential{first, Fraud, school}, code: "not_signed"},
		"a suspended credential is reinstated":            {given: suspended, when: ReinstateCredential{first, school}, then: facts(CredentialReinstated{1, first, school})},
		"what is not suspended is not reinstated":         {given: signed, when: ReinstateCredential{first, school}, code: "not_suspended"},
		"a revoked credential is not reinstated":          {given: over, when: ReinstateCredential{first, school}, code: "credential_revoked"},
		"an officer proposes to revoke":                   {given: signed, when: propose, then: facts(proposed)},
		"a revocation of nothing":                         {when: propose, code: "not_found"},
		"an open investigation is no reason to revoke":    {given: signed, when: with(func(p *ProposeRevocation) { p.Reason = UnderInvestigation }), code: "invalid_field"},
		"a revocation from tomorrow on":                   {given: signed, when: with(func(p *ProposeRevocation) { p.EffectiveAt = "2026-07-11" }), code: "invalid_field"},
		"a revocation from before the award":              {given: signed, when: with(func(p *ProposeRevocation) { p.EffectiveAt = "2026-06-30" }), code: "invalid_field"},
		"another officer approves, and it is revoked":     {given: join(signed, proposed), when: ApproveRevocation{proposal, "registrar"}, then: facts(revoked)},
		"a suspended credential is revoked":               {given: join(suspended, proposed), when: ApproveRevocation{proposal, "registrar"}, then: facts(revoked)},
		"nobody approves their own proposal":              {given: join(signed, proposed), when: ApproveRevocation{proposal, "dean"}, code: "needs_second_approval"},
		"an approval of nothing":                          {given: signed, when: ApproveRevocation{proposal, "registrar"}, code: "not_found"},
		"an approval of a proposal that another replaced": {given: join(signed, proposed, RevocationProposed{thing, 1, first, IssuedInError, school, "dean", today}), when: ApproveRevocation{proposal, "registrar"}, code: "not_found"},
		"a revocation is final":                           {given: over, when: propose, code: "credential_revoked"},
		"an approval of what is revoked":                  {given: over, when: ApproveRevocation{thing, "registrar"}, code: "credential_revoked"},
		"a superseded credential is not revoked":          {given: corrected, when: propose, code: "credential_superseded"},
		"a proposal dies with the edition it was about":   {given: join(signed, proposed, edition(2, NameChanged), CredentialSuperseded{1, 2}), when: ApproveRevocation{proposal, "registrar"}, code: "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := decide(Decider.Fold(State{}, c.given...), c.when)
			if domain.CodeOf(err) != c.code || !reflect.DeepEqual(got, c.then) {
				t.Fatalf("%v, %v; want %v, %q", got, err, c.then, c.code)
			}
		})
	}
}

// anyCommand draws commands that often make sense, with evidence that sometimes lacks something.
func anyCommand(secret domain.Private) *rapid.Generator[Command] {
	return rapid.Custom(func(t *rapid.T) Command {
		e := good()
		switch rapid.IntRange(0, 12).Draw(t, "lack") {
		case 0:
			e.Enrollment = ""
		case 1:
			e.Approvers = e.Approvers[:1]
		case 2:
			e.Accreditation = ""
		}
		award := asked(e)
		award.AwardDate = rapid.SampledFrom([]domain.Date{day, day, today, long, "2026-07-11"}).Draw(t, "day")
		award.Institution = rapid.SampledFrom([]domain.ID{school, school, school, region}).Draw(t, "institution")
		n := rapid.IntRange(1, 3).Draw(t, "edition")
		credential := domain.DeriveID(first, strconv.Itoa(n))
		officer := rapid.SampledFrom([]string{"dean", "registrar"}).Draw(t, "officer")
		switch rapid.IntRange(0, 9).Draw(t, "command") {
		case 0:
			return GrantDateException{long, rapid.SampledFrom([]domain.ID{school, region}).Draw(t, "authority"), "inspector", "uri://sijil/AwardDateExceptionReasonDescriptor#RegisterMigration", today}
		case 1:
			return award
		case 2:
			return CorrectDiploma{award, NameChanged}
		case 3:
			return ReviewAward{n, today, e}
		case 4:
			return PrepareCredential{CredentialPrepared{Edition: n, Credential: credential, KeyID: "k", PayloadSHA256: "aa", Payload: secret}}
		case 5:
			return SignCredential{CredentialSigned{Edition: n, Credential: credential, KeyID: "k", PayloadSHA256: "aa", Digest: "dd", Token: secret}}
		case 6:
			return SuspendCredential{credential, Fraud, school}
		case 7:
			return ReinstateCredential{credential, school}
		case 8:
			return ProposeRevocation{proposal, credential, Fraud, school, today, today, officer}
		default:
			return ApproveRevocation{proposal, officer}
		}
	})
}

// TestLaws holds what must be true of every award, whatever is asked in whatever order.
func TestLaws(t *testing.T) {
	secret := private(t)
	rapid.Check(t, func(t *rapid.T) {
		credential := domain.DeriveID(first, "1")
		history := []Event{
			edition(1, ""),
			CredentialPrepared{Edition: 1, Credential: credential, KeyID: "k", PayloadSHA256: "aa", Payload: secret},
			CredentialSigned{Edition: 1, Credential: credential, KeyID: "k", PayloadSHA256: "aa", Digest: "dd", Token: secret},
		}
		begin := rapid.IntRange(0, 3).Draw(t, "history")
		s := Decider.Fold(State{}, history[:begin]...)
		prepared := map[int]bool{1: begin > 1}
		for _, c := range rapid.SliceOfN(anyCommand(secret), 1, 60).Draw(t, "commands") {
			facts, err := decide(s, c)
			if err != nil {
				continue
			}
			wasOver, editions, phases := s.Ended(), len(s.Editions), phasesOf(s)
			next := Decider.Fold(s, facts...)
			// Another future of the same state leaves this one alone.
			future := phasesOf(next)
			Decider.Fold(s, annulledAfter(s)...)
			if !reflect.DeepEqual(future, phasesOf(next)) {
				t.Fatal("two futures of one state share their editions")
			}
			if len(s.Editions) != editions || !reflect.DeepEqual(phases, phasesOf(s)) {
				t.Fatal("an old state changed")
			}
			if wasOver && len(facts) > 0 {
				t.Fatalf("after a revocation came %v", facts)
			}
			live := 0
			for _, e := range next.Editions {
				if e.Live() {
					live++
				}
				if e.Suspended && e.Phase != Signed {
					t.Fatal("suspended, but not a signed credential")
				}
			}
			if live > 1 {
				t.Fatalf("%d live editions", live)
			}
			for _, f := range facts {
				switch f := f.(type) {
				case DiplomaAwarded:
					if f.AwardDate > today || distinct(f.Approvers) < 2 || f.AwardDate == long && len(s.Exceptions) == 0 {
						t.Fatalf("awarded on %s with approvers %v", f.AwardDate, f.Approvers)
					}
					if f.Edition != editions+1 {
						t.Fatalf("edition %d after %d", f.Edition, editions)
					}
				case CredentialPrepared:
					prepared[f.Edition] = true
				case CredentialSigned:
					if !prepared[f.Edition] {
						t.Fatal("signed what was not prepared")
					}
				case CredentialRevoked:
					if distinct(f.Officers) != 2 {
						t.Fatalf("revoked by %v", f.Officers)
					}
				}
			}
			s = next
		}
	})
}

// annulledAfter is another future: an edition that comes to nothing.
func annulledAfter(s State) []Event {
	return []Event{edition(len(s.Editions)+1, ""), AwardAnnulled{Edition: len(s.Editions) + 1}}
}

func phasesOf(s State) []Phase {
	var all []Phase
	for _, e := range s.Editions {
		all = append(all, e.Phase)
	}
	return all
}
