package api

import (
	"context"
	"net/http"

	"sijil/domain"
	"sijil/domain/academicrecord"
	"sijil/internal/access"
	"sijil/internal/ledger"
)

func (s *Server) registerCredits() {
	write(s, op{
		ID: "award-credit", Method: http.MethodPost, Path: "/v1/credits", Scope: access.RecordsWrite, Tag: "credits", Status: http.StatusCreated,
		Summary:     "Award credits for a course, earned here or recognized",
		Description: "`methodCreditEarned` says how they were earned. A result that is carried over without credit points has `earnedCredits` 0 and its mark.",
	}, s.awardCredit)
	write(s, op{
		ID: "record-foreign-grade", Method: http.MethodPost, Path: "/v1/foreignGrades", Scope: access.RecordsWrite, Tag: "foreignGrades", Status: http.StatusCreated,
		Summary:     "Carry a grade of a school outside, as written",
		Description: "It is kept verbatim in its own scheme and never computed with; what it is worth here is a credit that names it.",
	}, s.recordForeignGrade)
}

// NewCredit is credits for a course.
type NewCredit struct {
	StudentUniqueID      domain.ID         `json:"studentUniqueId" doc:"The student's id in this ledger"`
	Course               domain.ID         `json:"course,omitzero" doc:"The course; or give courseCode"`
	CourseCode           LocalCode         `json:"courseCode,omitzero" doc:"The course by its code, looked up at the school and then above it"`
	Session              domain.ID         `json:"session,omitzero" doc:"Absent for credits of the year as a whole; schoolYear is then needed"`
	SchoolYear           int               `json:"schoolYear,omitzero" minimum:"1900" maximum:"2199" doc:"The year in which the school year ends"`
	AssessmentIdentifier LocalCode         `json:"assessmentIdentifier,omitzero"`
	Attempt              int               `json:"attempt,omitzero" minimum:"1" maximum:"99" doc:"Counts from 1; absent for 1"`
	EarnedCredits        domain.Decimal    `json:"earnedCredits" example:"6"`
	MethodCreditEarned   domain.Descriptor `json:"methodCreditEarned" example:"uri://ed-fi.org/MethodCreditEarnedDescriptor#TransferCredit"`
	ForeignGrade         domain.ID         `json:"foreignGrade,omitzero" doc:"The foreign grade of the same year that is recognized"`
	MarkFields
	WhenFields
}

type awardCreditInput struct{ Body NewCredit }

func (s *Server) awardCredit(ctx context.Context, in *awardCreditInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	course, err := s.course(ctx, act, b.Course, b.CourseCode)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.AwardCredit(ctx, act, ledger.CreditInput{
		Student: b.StudentUniqueID, Course: course, Session: b.Session, SchoolYear: b.SchoolYear,
		AssessmentIdentifier: string(b.AssessmentIdentifier), Attempt: b.Attempt, EarnedCredits: b.EarnedCredits,
		MethodCreditEarned: b.MethodCreditEarned, ForeignGrade: b.ForeignGrade, Recognized: b.mark(), When: b.when(),
	})
	return s.entered(b.StudentUniqueID, w, err)
}

// NewForeignGrade is a grade of a school outside, in its own words.
type NewForeignGrade struct {
	StudentUniqueID       domain.ID `json:"studentUniqueId" doc:"The student's id in this ledger"`
	SchoolYear            int       `json:"schoolYear" minimum:"1900" maximum:"2199" doc:"The school year it is recorded in: the year in which it ends"`
	ExternalSchool        Name      `json:"externalEducationOrganizationNameOfInstitution" doc:"The other school, as its document spells it"`
	CourseTitle           Name      `json:"courseTitle"`
	AlternativeCourseCode LocalCode `json:"alternativeCourseCode,omitzero"`
	VerbatimGrade         LocalCode `json:"verbatimGrade" doc:"As written" example:"17,5/20"`
	ForeignGradingScheme  Name      `json:"foreignGradingScheme" doc:"The other scheme in words" example:"0–20, pass 10"`
	WhenTaken             LocalCode `json:"whenTaken,omitzero" doc:"The other school's term or date, as written"`
	Transfer              domain.ID `json:"transfer,omitzero" doc:"The transfer that brought it"`
	WhenFields
}

type recordForeignGradeInput struct{ Body NewForeignGrade }

func (s *Server) recordForeignGrade(ctx context.Context, in *recordForeignGradeInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	w, err := s.cfg.Ledger.RecordForeignGrade(ctx, act, ledger.ForeignGradeInput{
		Student: b.StudentUniqueID, SchoolYear: b.SchoolYear,
		Grade: academicrecord.ForeignGradeRecorded{
			ExternalSchool: string(b.ExternalSchool), CourseTitle: string(b.CourseTitle), AlternativeCourseCode: string(b.AlternativeCourseCode),
			VerbatimGrade: string(b.VerbatimGrade), ForeignGradingScheme: string(b.ForeignGradingScheme), WhenTaken: string(b.WhenTaken),
			Transfer: b.Transfer, When: b.when(),
		},
	})
	return s.entered(b.StudentUniqueID, w, err)
}
