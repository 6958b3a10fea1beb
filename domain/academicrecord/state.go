package academicrecord

import (
	"slices"

	"sijil/domain"
)

// Kind is what sort of entry stands in the record.
type Kind uint8

const (
	KindGrade Kind = iota + 1
	KindCourseResult
	KindForeignGrade
	KindCredit
	KindJuryDecision
)

// Entry is one line of the record as it stands now, amendments applied.
type Entry struct {
	ID   domain.ID
	Kind Kind
	Matter
	// Mark is the grade's, the result's final one, or the credit's recognized one.
	Mark
	Coefficient         *domain.Decimal
	CourseAttemptResult domain.Descriptor
	EarnedCredits       domain.Decimal
	// ForeignGrade is the entry that a credit recognizes.
	ForeignGrade domain.ID
	Decision     domain.Descriptor
	When
	// Head is the entry or its last amendment: what the next amendment follows.
	Head domain.ID
	// Voided entries, and jury decisions that were superseded, no longer count.
	Voided bool
}

// Matter is what an entry is about. The record holds one living entry of a kind for each.
type Matter struct {
	Course        domain.ID
	Session       domain.ID
	GradingPeriod domain.Descriptor
	// Detail is the assessmentIdentifier; of foreign grades, the other school's own words.
	Detail string
	Method domain.Descriptor
	// Attempt counts from 1; 0 where attempts have no meaning.
	Attempt int
}

// State is the record as it stands.
type State struct {
	// Entries in the order they were recorded.
	Entries []Entry
	// proposals still open.
	proposals []AmendmentProposed
}

// Entry is the one with this id.
func (s State) Entry(id domain.ID) (Entry, bool) {
	i := s.find(id)
	if i < 0 {
		return Entry{}, false
	}
	return s.Entries[i], true
}

// Pending is the open proposal with this id, without its sealed reason.
func (s State) Pending(amendment domain.ID) (AmendmentProposed, bool) {
	i := slices.IndexFunc(s.proposals, func(p AmendmentProposed) bool { return p.Amendment == amendment })
	if i < 0 {
		return AmendmentProposed{}, false
	}
	return s.proposals[i], true
}

func (s State) find(id domain.ID) int {
	return slices.IndexFunc(s.Entries, func(e Entry) bool { return e.ID == id })
}

// living is the entry of this kind about this matter that counts.
func (s State) living(k Kind, m Matter) (Entry, bool) {
	for _, e := range s.Entries {
		if e.Kind == k && !e.Voided && e.Matter == m {
			return e, true
		}
	}
	return Entry{}, false
}

// Evolve adds a fact.
func Evolve(s State, e Event) State {
	switch f := e.(type) {
	case GradeRecorded:
		s.Entries = append(slices.Clip(s.Entries), Entry{ID: f.Grade, Kind: KindGrade, Matter: f.matter(), Mark: f.Mark, Coefficient: f.Coefficient, When: f.When, Head: f.Grade})
	case CourseResultRecorded:
		s.Entries = append(slices.Clip(s.Entries), Entry{ID: f.CourseResult, Kind: KindCourseResult, Matter: f.matter(), Mark: f.mark(), CourseAttemptResult: f.CourseAttemptResult, When: f.When, Head: f.CourseResult})
	case ForeignGradeRecorded:
		s.Entries = append(slices.Clip(s.Entries), Entry{ID: f.ForeignGrade, Kind: KindForeignGrade, Matter: f.matter(), When: f.When, Head: f.ForeignGrade})
	case CreditAwarded:
		s.Entries = append(slices.Clip(s.Entries), Entry{ID: f.Credit, Kind: KindCredit, Matter: f.matter(), Mark: f.Mark, EarnedCredits: f.EarnedCredits, ForeignGrade: f.ForeignGrade, When: f.When, Head: f.Credit})
	case JuryDecided:
		s = s.change(f.Supersedes, func(e *Entry) { e.Voided = true })
		s.Entries = append(slices.Clip(s.Entries), Entry{ID: f.JuryDecision, Kind: KindJuryDecision, Matter: f.matter(), CourseAttemptResult: f.CourseAttemptResult, Decision: f.Decision, When: f.When, Head: f.JuryDecision})
	case AmendmentProposed:
		f.Reason = domain.Private{}
		s.proposals = append(slices.Clip(s.proposals), f)
	case AmendmentDeclined:
		s = s.settle(f.Amendment)
	case GradeAmended:
		s = s.settle(f.Amendment).change(f.Of, func(e *Entry) {
			e.Head = f.Amendment
			if e.Kind != KindJuryDecision {
				e.Mark = f.Mark
			}
			if f.CourseAttemptResult != "" {
				e.CourseAttemptResult = f.CourseAttemptResult
			}
			if f.Decision != "" {
				e.Decision = f.Decision
			}
		})
	case GradeVoided:
		s = s.settle(f.Void).change(f.Of, func(e *Entry) { e.Head, e.Voided = f.Void, true })
	}
	return s
}

// change is s with one entry changed in a copy.
func (s State) change(id domain.ID, f func(*Entry)) State {
	if i := s.find(id); i >= 0 {
		s.Entries = slices.Clone(s.Entries)
		f(&s.Entries[i])
	}
	return s
}

// settle is s without an open proposal.
func (s State) settle(amendment domain.ID) State {
	if i := slices.IndexFunc(s.proposals, func(p AmendmentProposed) bool { return p.Amendment == amendment }); i >= 0 {
		s.proposals = slices.Delete(slices.Clone(s.proposals), i, i+1)
	}
	return s
}

func (f GradeRecorded) matter() Matter {
	return Matter{Course: f.Course, Session: f.Session, GradingPeriod: f.GradingPeriod, Detail: f.AssessmentIdentifier, Attempt: f.Attempt}
}

func (f CourseResultRecorded) matter() Matter {
	return Matter{Course: f.Course, Session: f.Session, Attempt: f.Attempt}
}

func (f CourseResultRecorded) mark() Mark {
	return Mark{GradingScheme: f.GradingScheme, NumericGradeEarned: f.FinalNumericGradeEarned, LetterGradeEarned: f.FinalLetterGradeEarned}
}

func (f ForeignGradeRecorded) matter() Matter {
	detail := f.ExternalSchool + "\n" + f.CourseTitle + "\n" + f.AlternativeCourseCode + "\n" + f.WhenTaken
	return Matter{Detail: detail}
}

func (f CreditAwarded) matter() Matter {
	return Matter{Course: f.Course, Session: f.Session, Detail: f.AssessmentIdentifier, Method: f.MethodCreditEarned, Attempt: f.Attempt}
}

func (f JuryDecided) matter() Matter { return Matter{Course: f.Course, Session: f.Session} }
