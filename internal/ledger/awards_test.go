package ledger_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"sijil/domain"
	"sijil/domain/academicrecord"
	"sijil/domain/accreditation"
	"sijil/domain/award"
	"sijil/domain/enrollment"
	"sijil/domain/student"
	"sijil/internal/eventlog"
	"sijil/internal/ledger"
)

// graduate is a pupil with a name who graduated on 2026-03-20 with two officers' yes.
func (c *classroom) graduate(name string) domain.ID {
	c.t.Helper()
	who := c.graded(name)
	person, err := domain.Conceal(who, domain.ClassRecord, student.NameChange{Names: []student.Name{
		{Language: "fr-Latn", Full: "Amina Ben Salah"}, {Language: "ar-Arab", Full: "أمينة بن صالح"},
	}})
	if err != nil {
		c.t.Fatal(err)
	}
	put(c, student.Decider, who, student.Event(student.LegalNameChanged{Names: person}))
	in := c.asks(who)
	yes := approves(c.assessed(in), in.GraduationRef)
	_, err = c.l.ApproveGraduation(c.t.Context(), c.act(c.school, "head"), yes)
	refused(c.t, err, "")
	_, err = c.l.ConfirmGraduation(c.t.Context(), c.act(c.ministry, "inspector"), yes)
	refused(c.t, err, "")
	return who
}

func (c *classroom) diploma(who domain.ID) ledger.AwardInput {
	return ledger.AwardInput{Student: who, Program: c.licence, AwardDate: "2026-03-20"}
}

func (c *classroom) awarded(who domain.ID) ledger.Awarded {
	c.t.Helper()
	a, err := c.l.AwardDiploma(c.t.Context(), c.act(c.school, "registrar"), c.diploma(who))
	refused(c.t, err, "")
	return a
}

// signed brings an award to a signed credential, as the issuer does, without the signing.
func (c *classroom) signed(a ledger.Awarded, credential domain.ID) {
	c.t.Helper()
	secret, err := domain.Conceal(a.Student, domain.ClassRegister, "token of "+string(credential))
	if err != nil {
		c.t.Fatal(err)
	}
	act := c.act(c.school, "issuer")
	_, err = c.l.PrepareCredential(c.t.Context(), act, a.Ref, award.CredentialPrepared{Edition: a.Edition, Credential: credential, Format: "vc+jwt", KeyID: "k", PayloadSHA256: "aa", Payload: secret})
	refused(c.t, err, "")
	_, err = c.l.RecordSignature(c.t.Context(), c.act(c.school, "issuer"), a.Ref, award.CredentialSigned{Edition: a.Edition, Credential: credential, Format: "vc+jwt", KeyID: "k", PayloadSHA256: "aa", Digest: "dd", Token: secret})
	refused(c.t, err, "")
}

func TestAward(t *testing.T) {
	c := newClassroom(t)
	amina := c.graduate("Amina")
	act := c.act(c.school, "registrar")
	a, err := c.l.AwardDiploma(t.Context(), act, c.diploma(amina))
	refused(t, err, "")
	again, err := c.l.AwardDiploma(t.Context(), act, c.diploma(amina))
	refused(t, err, "")
	if !again.Replayed || again.Ref != a.Ref || again.Edition != 1 || again.Position != a.Position {
		t.Errorf("the retry is answered %+v, first %+v", again, a)
	}
	_, err = c.l.AwardDiploma(t.Context(), c.act(c.school, "registrar"), c.diploma(amina))
	refused(t, err, "already_awarded")

	stored := c.events("award.DiplomaAwarded.v1")
	if len(stored) != 1 {
		t.Fatalf("%d awards", len(stored))
	}
	fact, err := ledger.Decode(stored[0])
	refused(t, err, "")
	d := fact.(award.DiplomaAwarded)
	if d.Institution != c.school || d.Plan != c.plan || d.PlanVersion != 1 || d.Accreditation != c.accredited || strings.Join(d.Approvers, " ") != "head inspector" || d.AchievementType != "BachelorDegree" {
		t.Errorf("awarded %+v", d)
	}
	meta, err := eventlog.DecodeMeta(stored[0].Meta)
	refused(t, err, "")
	var read []string
	for _, in := range meta.Inputs {
		read = append(read, domain.CategoryOf(in.Stream))
	}
	for _, want := range []string{"enrollment", "graduation", "program", "graduationPlan", "accreditation", "academicRecord"} {
		if !strings.Contains(strings.Join(read, " "), want) {
			t.Errorf("the award names no %s among its inputs: %v", want, read)
		}
	}
	claims, err := c.l.Claims(t.Context(), c.tenant, d)
	refused(t, err, "")
	if len(claims.Names) != 2 || claims.Names[1].Full != "أمينة بن صالح" {
		t.Errorf("claims %+v", claims)
	}
	if strings.Contains(string(stored[0].Data), "Amina") || strings.Contains(string(stored[0].Meta), "Amina") {
		t.Error("the name lies in the open")
	}
}

// TestAwardRefusals: a distinct no for each thing that is missing, and nothing written.
func TestAwardRefusals(t *testing.T) {
	c := newClassroom(t)
	whole := c.graduate("whole")
	ungraded := c.pupil("ungraded")
	lone := c.graded("lone")
	asked := c.asks(lone)
	_, err := c.l.ApproveGraduation(t.Context(), c.act(c.school, "head"), approves(c.assessed(asked), asked.GraduationRef))
	refused(t, err, "")
	missing := c.pupil("missing")
	c.assessed(c.asks(missing))
	voided := c.graduate("voided")
	put(c, enrollment.Decider, voided, enrollment.Event(enrollment.EnrollmentVoided{Enrollment: c.id("voided's enrollment"), Reason: "uri://x.org/ReasonDescriptor#Error"}))
	amended := c.graduate("amended")
	// A mark is gone: the record that was assessed is not the record that stands.
	grades := c.events("academicRecord.GradeRecorded.v1")
	fact, err := ledger.Decode(grades[len(grades)-1])
	refused(t, err, "")
	_, err = c.l.VoidGrade(t.Context(), c.act(c.school, "teacher"), ledger.VoidInput{
		EntryRef: ledger.EntryRef{Student: amended, SchoolYear: 2026, Of: fact.(academicrecord.GradeRecorded).Grade},
		Change:   ledger.Change{ReasonCode: "uri://x.org/GradeVoidReasonDescriptor#Error", When: academicrecord.When{EventDate: "2026-03-20"}},
	})
	refused(t, err, "")
	merged := c.graduate("merged")
	put(c, student.Decider, merged, student.Event(student.StudentMerged{Into: whole, Reason: "uri://x.org/ReasonDescriptor#Same"}))
	unassessed := c.graduate("rescinded")
	_, err = c.l.RescindGraduation(t.Context(), c.act(c.ministry, "inspector"), ledger.RescindInput{GraduationRef: ledger.GraduationRef{Student: unassessed, Program: c.licence}, EventDate: "2026-03-20", ReasonCode: fraud, Reason: "x"})
	refused(t, err, "")

	before := c.end()
	for name, x := range map[string]struct {
		at   domain.ID
		in   ledger.AwardInput
		code string
	}{
		"nobody":                             {c.school, c.diploma(c.id("nobody")), "not_found"},
		"another school's student":           {c.other, c.diploma(whole), "not_found"},
		"the ministry is not their school":   {c.ministry, c.diploma(whole), "not_enrolled"},
		"a program that does not exist":      {c.school, ledger.AwardInput{Student: whole, Program: c.id("none"), AwardDate: "2026-03-20"}, "program_unknown"},
		"an enrollment that was voided":      {c.school, c.diploma(voided), "not_enrolled"},
		"no assessment":                      {c.school, c.diploma(ungraded), "graduation_not_assessed"},
		"an assessment that was rescinded":   {c.school, c.diploma(unassessed), "graduation_not_assessed"},
		"credits and grades missing":         {c.school, c.diploma(missing), "requirements_not_met"},
		"grades voided after the graduation": {c.school, c.diploma(amended), "requirements_not_met"},
		"one approver":                       {c.school, c.diploma(lone), "second_approver_missing"},
		"a student who was merged":           {c.school, c.diploma(merged), "student_merged"},
		"a day to come":                      {c.school, ledger.AwardInput{Student: whole, Program: c.licence, AwardDate: "2026-03-21"}, "date_in_future"},
		"a day before the completion":        {c.school, ledger.AwardInput{Student: whole, Program: c.licence, AwardDate: "2026-03-19"}, "award_before_completion"},
		"an accreditation that is not there": {c.school, ledger.AwardInput{Student: whole, Program: c.licence, AwardDate: "2026-03-20", Accreditation: c.id("none")}, "not_accredited"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.l.AwardDiploma(t.Context(), c.act(x.at, "registrar"), x.in)
			refused(t, err, x.code)
		})
	}
	put(c, accreditation.Decider, c.accredited, accreditation.Event(accreditation.AccreditationSuspended{From: "2026-03-01"}))
	before++
	_, err = c.l.AwardDiploma(t.Context(), c.act(c.school, "registrar"), c.diploma(whole))
	refused(t, err, "not_accredited")
	if c.end() != before {
		t.Errorf("refusals wrote %d events", c.end()-before)
	}
}

// TestAwardDateLongPast: only an authority above the school lets a diploma be dated back.
func TestAwardDateLongPast(t *testing.T) {
	c := newClassroom(t)
	amina := c.graduate("Amina")
	c.today.Store(day("2026-12-01"))
	_, err := c.l.AwardDiploma(t.Context(), c.act(c.school, "registrar"), c.diploma(amina))
	refused(t, err, "needs_second_approval")
	in := ledger.DateExceptionInput{Student: amina, Program: c.licence, AwardDate: "2026-03-20", Reason: "uri://example.org/AwardDateExceptionReasonDescriptor#LateRegister"}
	_, err = c.l.GrantDateException(t.Context(), c.act(c.school, "head"), in)
	refused(t, err, "not_the_authority")
	_, err = c.l.GrantDateException(t.Context(), c.act(c.other, "head"), in)
	refused(t, err, "not_found")
	_, err = c.l.GrantDateException(t.Context(), c.act(c.ministry, "inspector"), in)
	refused(t, err, "")
	c.awarded(amina)
}

// TestCorrection: the next edition takes the place of the last in one append.
func TestCorrection(t *testing.T) {
	c := newClassroom(t)
	a := c.awarded(c.graduate("Amina"))
	c.signed(a, c.id("first"))
	_, err := c.l.CorrectDiploma(t.Context(), c.act(c.other, "registrar"), a.Ref, ledger.CorrectionInput{Reason: award.NameChanged})
	refused(t, err, "not_found")
	act := c.act(c.school, "registrar")
	b, err := c.l.CorrectDiploma(t.Context(), act, a.Ref, ledger.CorrectionInput{Reason: award.NameChanged})
	refused(t, err, "")
	if b.Edition != 2 || b.Ref != a.Ref || b.AwardDate != a.AwardDate {
		t.Errorf("corrected as %+v", b)
	}
	again, err := c.l.CorrectDiploma(t.Context(), act, a.Ref, ledger.CorrectionInput{Reason: award.NameChanged})
	refused(t, err, "")
	if !again.Replayed || again.Edition != 2 {
		t.Errorf("the retry is answered %+v", again)
	}
	s, err := c.l.Award(t.Context(), act, a.Ref)
	refused(t, err, "")
	if s.State.Live() != 2 || s.State.Editions[0].Phase != award.Superseded {
		t.Errorf("editions %+v", s.State.Editions)
	}
}

// TestRevocation takes two officers who govern the institution, and leaves room for a new
// award.
func TestRevocation(t *testing.T) {
	c := newClassroom(t)
	amina := c.graduate("Amina")
	a := c.awarded(amina)
	first := c.id("first")
	_, err := c.l.ProposeRevocation(t.Context(), c.act(c.school, "head"), a.Ref, first, award.Fraud, "")
	refused(t, err, "not_found")
	c.signed(a, first)
	_, err = c.l.ProposeRevocation(t.Context(), c.act(c.other, "head"), a.Ref, first, award.Fraud, "")
	refused(t, err, "not_found")
	_, err = c.l.SuspendCredential(t.Context(), c.act(c.ministry, "inspector"), a.Ref, first, award.UnderInvestigation)
	refused(t, err, "")
	_, err = c.l.ReinstateCredential(t.Context(), c.act(c.school, "head"), a.Ref, first)
	refused(t, err, "")
	p, err := c.l.ProposeRevocation(t.Context(), c.act(c.school, "head"), a.Ref, first, award.Fraud, "")
	refused(t, err, "")
	if !p.Revocation.Valid() {
		t.Fatalf("proposed %+v", p)
	}
	_, err = c.l.ApproveRevocation(t.Context(), c.act(c.school, "head", func(r *ledger.Request) { r.OnBehalfOf = "inspector" }), a.Ref, first, p.Revocation)
	refused(t, err, "needs_second_approval")
	// The record of the person can be erased; the diploma can be revoked all the same.
	refused(t, c.l.Vault().Destroy(t.Context(), c.tenant, amina, domain.ClassRecord), "")
	_, err = c.l.ApproveRevocation(t.Context(), c.act(c.ministry, "inspector"), a.Ref, first, p.Revocation)
	refused(t, err, "")
	_, err = c.l.ReinstateCredential(t.Context(), c.act(c.school, "head"), a.Ref, first)
	refused(t, err, "credential_revoked")
	_, err = c.l.CorrectDiploma(t.Context(), c.act(c.school, "registrar"), a.Ref, ledger.CorrectionInput{Reason: award.ClericalError})
	refused(t, err, "personal_data_erased")
}

// TestAwardAfterRevocation: the next award has a stream of its own, and the retry of the
// first is still answered as the first.
func TestAwardAfterRevocation(t *testing.T) {
	c := newClassroom(t)
	amina := c.graduate("Amina")
	act := c.act(c.school, "registrar")
	a, err := c.l.AwardDiploma(t.Context(), act, c.diploma(amina))
	refused(t, err, "")
	c.signed(a, c.id("first"))
	p, err := c.l.ProposeRevocation(t.Context(), c.act(c.school, "head"), a.Ref, c.id("first"), award.IssuedInError, "")
	refused(t, err, "")
	_, err = c.l.ApproveRevocation(t.Context(), c.act(c.ministry, "inspector"), a.Ref, c.id("first"), p.Revocation)
	refused(t, err, "")
	b := c.awarded(amina)
	if b.Award == a.Award || b.Edition != 1 {
		t.Errorf("awarded again as %+v", b)
	}
	if again, err := c.l.AwardDiploma(t.Context(), act, c.diploma(amina)); err != nil || again.Award != a.Award {
		t.Errorf("the retry of the first is answered %+v, %v", again, err)
	}
}

// TestReview: another stream moved between the evidence and the award.
func TestReview(t *testing.T) {
	c := newClassroom(t)
	review := func(a ledger.Awarded) award.State {
		t.Helper()
		all := c.events("award.DiplomaAwarded.v1")
		e := all[slices.IndexFunc(all, func(e eventlog.Recorded) bool { return e.Stream == a.Stream() })]
		fact, err := ledger.Decode(e)
		refused(t, err, "")
		meta, err := eventlog.DecodeMeta(e.Meta)
		refused(t, err, "")
		s, err := c.l.ReviewAward(t.Context(), c.act(c.school, "issuer"), a.Ref, fact.(award.DiplomaAwarded), e, meta)
		refused(t, err, "")
		return s
	}
	voiding := func(name string) enrollment.Event {
		return enrollment.EnrollmentVoided{Enrollment: c.id(name + "'s enrollment"), Reason: "uri://x.org/ReasonDescriptor#Error"}
	}
	good, late := c.awarded(c.graduate("Amina")), c.graduate("Karim")

	// What comes after the award changes nothing about it.
	put(c, enrollment.Decider, good.Student, voiding("Amina"))
	if s := review(good); s.Editions[0].Phase != award.Awarded {
		t.Errorf("the award became %+v", s.Editions)
	}

	// What slips in between the decision and its append does: the append fails once, and
	// meanwhile another writer is quicker.
	c.log.FailAppend = func(stream string, _ []eventlog.Draft) (bool, error) {
		if domain.CategoryOf(stream) != "award" {
			return false, nil
		}
		c.log.FailAppend = nil
		put(c, enrollment.Decider, late, voiding("Karim"))
		return false, errors.New("connection reset")
	}
	bad := c.awarded(late)
	if s := review(bad); s.Editions[0].Phase != award.Annulled {
		t.Errorf("the award became %+v", s.Editions)
	}
	if n := len(c.events("award.AwardAnnulled.v1")); n != 1 {
		t.Errorf("%d annulments", n)
	}
	review(bad)
	if n := len(c.events("award.AwardAnnulled.v1")); n != 1 {
		t.Errorf("a second review leaves %d annulments", n)
	}
}

// TestADiplomaHoldsItsResults: what the record said when the diploma was awarded, and an award
// that a mark was amended under does not stand.
func TestADiplomaHoldsItsResults(t *testing.T) {
	c := newClassroom(t)
	claims := func(a ledger.Awarded) award.Claims {
		t.Helper()
		got, err := c.l.Issued(t.Context(), c.ministry, a.Ref, a.Edition)
		refused(t, err, "")
		said, err := c.l.Claims(t.Context(), c.ministry, got.Awarded)
		refused(t, err, "")
		return said
	}
	said := claims(c.awarded(c.graduate("Amina")))
	if len(said.Results) != 2 || said.Results[0].Value != "15.5" || said.Results[0].Max.String() != "20" || said.Results[0].Code != "C0" ||
		said.Credits.String() != "12" || said.Average == nil || said.Average.Value != "15.5" {
		t.Errorf("the diploma says %+v", said)
	}

	// A mark that is amended between the evidence and the append: the award would show the old one.
	late := c.graduate("Karim")
	amended := func() {
		stream := academicrecord.Stream(c.tenant, late, c.school, 2026)
		s, err := ledger.Load(t.Context(), c.l, academicrecord.Decider, stream, c.act(c.school, "test"))
		refused(t, err, "")
		first, better := s.State.Entries[0], domain.Whole(17)
		as := domain.Decider[academicrecord.Event, academicrecord.State, academicrecord.Event]{
			Category: "academicRecord", Evolve: academicrecord.Decider.Evolve,
			Decide: func(_ academicrecord.State, e academicrecord.Event) ([]academicrecord.Event, error) {
				return []academicrecord.Event{e}, nil
			},
		}
		_, err = ledger.Execute(t.Context(), c.l, as, stream, c.act(c.school, "test"), ledger.Just[academicrecord.Event](academicrecord.GradeAmended{
			Amended: academicrecord.Amended{
				Amendment: c.id("amendment"), Of: first.ID, Follows: first.Head, Authority: c.school,
				Mark: academicrecord.Mark{GradingScheme: first.GradingScheme, NumericGradeEarned: &better},
			},
			When: first.When,
		}))
		refused(t, err, "")
	}
	c.log.FailAppend = func(stream string, _ []eventlog.Draft) (bool, error) {
		if domain.CategoryOf(stream) != "award" {
			return false, nil
		}
		c.log.FailAppend = nil
		amended()
		return false, errors.New("connection reset")
	}
	a := c.awarded(late)
	got := c.events("award.DiplomaAwarded.v1")
	e := got[len(got)-1]
	fact, err := ledger.Decode(e)
	refused(t, err, "")
	meta, err := eventlog.DecodeMeta(e.Meta)
	refused(t, err, "")
	s, err := c.l.ReviewAward(t.Context(), c.act(c.school, "issuer"), a.Ref, fact.(award.DiplomaAwarded), e, meta)
	refused(t, err, "")
	if s.Editions[0].Phase != award.Annulled {
		t.Errorf("the award became %+v, and says %+v", s.Editions, claims(a))
	}
	if b := claims(c.awarded(late)); b.Results[0].Value != "17" {
		t.Errorf("awarded again, the diploma says %+v", b)
	}
}
