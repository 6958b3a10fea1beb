package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"sijil/domain"
	"sijil/domain/academicrecord"
	"sijil/domain/enrollment"
	"sijil/domain/graduation"
	"sijil/internal/vault"
	"sijil/projections"
)

// transcriptFold turns recorded facts, in order, into a transcript as of a day.
type transcriptFold struct {
	ctx  context.Context
	s    *Server
	sees sight
	asOf domain.Date

	records     []*TranscriptRecord
	graduations []*TranscriptGraduation
	// stays are the student's enrollments at institutions in sight.
	stays map[domain.ID]*domain.Span
}

func (f *transcriptFold) transcript(student domain.ID, entries []projections.Entry) (Transcript, error) {
	t := Transcript{StudentUniqueID: student, Records: []TranscriptRecord{}, Graduations: []TranscriptGraduation{}}
	f.stays = map[domain.ID]*domain.Span{}
	for _, e := range entries {
		fact, err := e.Fact()
		if err != nil {
			return t, fmt.Errorf("reading a transcript: %w", err)
		}
		if err := f.add(e, fact); err != nil {
			return t, err
		}
	}
	for _, r := range f.records {
		if !f.sees.sees(r.School) {
			kept := []TranscriptEntry{}
			for _, e := range r.Entries {
				if f.followed(e.EventDate) {
					kept = append(kept, e)
				}
			}
			r.Entries = kept
		}
		if len(r.Entries) > 0 {
			t.Records = append(t.Records, *r)
		}
	}
	for _, g := range f.graduations {
		if f.sees.sees(g.School) || f.followed(g.EventDate) {
			t.Graduations = append(t.Graduations, *g)
		}
	}
	return t, nil
}

// followed reports whether the student was still at an institution in sight on the day, or
// came later: the record moves with the student and is not sent back.
func (f *transcriptFold) followed(day domain.Date) bool {
	for _, stay := range f.stays {
		if stay.Until == "" || day < stay.Until {
			return true
		}
	}
	return false
}

func (f *transcriptFold) add(e projections.Entry, fact any) error {
	switch x := fact.(type) {
	case enrollment.StudentEnrolled:
		if f.sees.sees(x.School) {
			f.stays[x.Enrollment] = &domain.Span{From: x.EntryDate}
		}
	case enrollment.StudentWithdrawn:
		if stay := f.stays[x.Enrollment]; stay != nil {
			stay.Until = x.ExitDate.AddDays(1)
		}
	case enrollment.EnrollmentVoided:
		delete(f.stays, x.Enrollment)
	case academicrecord.Event:
		if f.begun(e) {
			return f.entered(e, x)
		}
	case graduation.Event:
		if f.begun(e) {
			f.graduated(e, x)
		}
	}
	return nil
}

// begun reports whether a fact held already on the day asked about.
func (f *transcriptFold) begun(e projections.Entry) bool {
	return len(e.EffectiveAt) < 10 || domain.Date(e.EffectiveAt[:10]) <= f.asOf
}

func provenance(e projections.Entry) Provenance {
	return Provenance{Event: e.Event, RecordedAt: e.RecordedAt, Actor: e.Actor, Institution: e.Institution}
}

func (f *transcriptFold) entered(e projections.Entry, fact academicrecord.Event) error {
	line := TranscriptEntry{Recorded: provenance(e), Amendments: []TranscriptAmendment{}}
	year := 0
	var words domain.Private
	switch x := fact.(type) {
	case academicrecord.GradeRecorded:
		year, words = x.SchoolYear, x.Statement
		line.ID, line.Kind, line.Course, line.Session, line.Attempt = x.Grade, "grade", x.Course, x.Session, x.Attempt
		line.GradingPeriod, line.AssessmentIdentifier, line.Coefficient = x.GradingPeriod, x.AssessmentIdentifier, x.Coefficient
		line.TranscriptMark = shown(x.Mark)
		line.dated(x.When)
	case academicrecord.CourseResultRecorded:
		year = x.SchoolYear
		line.ID, line.Kind, line.Course, line.Session, line.Attempt = x.CourseResult, "courseResult", x.Course, x.Session, x.Attempt
		line.CourseAttemptResult = x.CourseAttemptResult
		line.TranscriptMark = TranscriptMark{GradingScheme: x.GradingScheme, NumericGradeEarned: x.FinalNumericGradeEarned, LetterGradeEarned: x.FinalLetterGradeEarned}
		line.dated(x.When)
	case academicrecord.ForeignGradeRecorded:
		year = x.SchoolYear
		line.ID, line.Kind, line.ExternalSchool, line.CourseTitle = x.ForeignGrade, "foreignGrade", x.ExternalSchool, x.CourseTitle
		line.AlternativeCourseCode, line.VerbatimGrade = x.AlternativeCourseCode, x.VerbatimGrade
		line.ForeignGradingScheme, line.WhenTaken = x.ForeignGradingScheme, x.WhenTaken
		line.dated(x.When)
	case academicrecord.CreditAwarded:
		year = x.SchoolYear
		line.ID, line.Kind, line.Course, line.Session, line.Attempt = x.Credit, "credit", x.Course, x.Session, x.Attempt
		line.AssessmentIdentifier, line.EarnedCredits = x.AssessmentIdentifier, &x.EarnedCredits
		line.MethodCreditEarned, line.ForeignGrade = x.MethodCreditEarned, x.ForeignGrade
		line.TranscriptMark = shown(x.Mark)
		line.dated(x.When)
	case academicrecord.JuryDecided:
		year, words = x.SchoolYear, x.Reason
		line.ID, line.Kind, line.Course, line.Session = x.JuryDecision, "juryDecision", x.Course, x.Session
		line.Decision, line.CourseAttemptResult = x.Decision, x.CourseAttemptResult
		line.dated(x.When)
		f.change(x.Supersedes, func(old *TranscriptEntry) {
			old.Voided = true
			old.Amendments = append(old.Amendments, TranscriptAmendment{ID: x.JuryDecision, Kind: "superseded", EventDate: x.EventDate, Recorded: provenance(e)})
		})
	default:
		return f.amended(e, fact)
	}
	var err error
	if line.Words, err = f.open(words); err != nil {
		return err
	}
	r := f.record(e.Stream, year)
	r.Entries = append(r.Entries, line)
	return nil
}

func (e *TranscriptEntry) dated(w academicrecord.When) {
	e.EventDate, e.DatePrecision = w.EventDate, string(w.DatePrecision)
}

func shown(m academicrecord.Mark) TranscriptMark {
	return TranscriptMark{m.GradingScheme, m.NumericGradeEarned, m.LetterGradeEarned, string(m.ScoreStatus)}
}

// amended adds a link to the chain of the entry it is about.
func (f *transcriptFold) amended(e projections.Entry, fact academicrecord.Event) error {
	link := TranscriptAmendment{Recorded: provenance(e)}
	var of domain.ID
	var words domain.Private
	apply := func(*TranscriptEntry) {}
	switch x := fact.(type) {
	case academicrecord.AmendmentProposed:
		of, words = x.Of, x.Reason
		link.Kind, link.Voids, link.ProposedBy, link.EventDate = "proposed", x.Void, x.ProposedBy, x.EventDate
		link.says(x.Amended)
	case academicrecord.AmendmentDeclined:
		of = f.proposed(x.Amendment)
		link.ID, link.Kind, link.ReasonCode = x.Amendment, "declined", x.ReasonCode
	case academicrecord.GradeAmended:
		of, words = x.Of, x.Reason
		link.Kind, link.ProposedBy, link.ConfirmedBy, link.EventDate = "amended", x.ProposedBy, x.ConfirmedBy, x.EventDate
		link.says(x.Amended)
		apply = func(line *TranscriptEntry) {
			if line.Kind != "juryDecision" {
				line.TranscriptMark = shown(x.Mark)
			}
			if x.CourseAttemptResult != "" {
				line.CourseAttemptResult = x.CourseAttemptResult
			}
			if x.Decision != "" {
				line.Decision = x.Decision
			}
		}
	case academicrecord.GradeVoided:
		of, words = x.Of, x.Reason
		link.ID, link.Kind, link.ReasonCode, link.Authority, link.EventDate = x.Void, "voided", x.ReasonCode, x.Authority, x.EventDate
		link.ProposedBy, link.ConfirmedBy = x.ProposedBy, x.ConfirmedBy
		apply = func(line *TranscriptEntry) { line.Voided = true }
	default:
		return fmt.Errorf("a transcript does not know %T", fact)
	}
	var err error
	if link.Words, err = f.open(words); err != nil {
		return err
	}
	f.change(of, func(line *TranscriptEntry) {
		line.Amendments = append(line.Amendments, link)
		apply(line)
	})
	return nil
}

func (a *TranscriptAmendment) says(x academicrecord.Amended) {
	a.ID, a.Follows, a.ReasonCode, a.Authority = x.Amendment, x.Follows, x.ReasonCode, x.Authority
	a.TranscriptMark, a.CourseAttemptResult, a.Decision = shown(x.Mark), x.CourseAttemptResult, x.Decision
}

func (f *transcriptFold) record(stream string, year int) *TranscriptRecord {
	school := domain.ID("")
	if ids := domain.StreamIDs(stream); len(ids) == 3 {
		school = ids[1]
	}
	for _, r := range f.records {
		if r.School == school && r.SchoolYear == year {
			return r
		}
	}
	r := &TranscriptRecord{School: school, SchoolYear: year}
	f.records = append(f.records, r)
	return r
}

func (f *transcriptFold) change(id domain.ID, how func(*TranscriptEntry)) {
	for _, r := range f.records {
		for i := range r.Entries {
			if r.Entries[i].ID == id {
				how(&r.Entries[i])
				return
			}
		}
	}
}

// proposed is the entry that a proposal is about.
func (f *transcriptFold) proposed(amendment domain.ID) domain.ID {
	for _, r := range f.records {
		for _, line := range r.Entries {
			for _, a := range line.Amendments {
				if a.ID == amendment {
					return line.ID
				}
			}
		}
	}
	return ""
}

// open is the free text of a sealed value; empty when there is none any more.
func (f *transcriptFold) open(p domain.Private) (string, error) {
	if p.IsZero() {
		return "", nil
	}
	plain, err := f.s.cfg.Vault.OpenPrivate(f.ctx, principal(f.ctx).Tenant, p)
	if errors.Is(err, vault.ErrErased) || errors.Is(err, vault.ErrNoKey) {
		return "", nil
	} else if err != nil {
		return "", fmt.Errorf("opening the words of an entry: %w", err)
	}
	var words struct {
		Statement string `json:"diagnosticStatement"`
		Reason    string `json:"reason"`
	}
	if err := json.Unmarshal(plain, &words); err != nil {
		return "", fmt.Errorf("reading the words of an entry: %w", err)
	}
	return words.Statement + words.Reason, nil
}
