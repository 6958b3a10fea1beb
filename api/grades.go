package api

import (
	"context"
	"net/http"

	"sijil/domain"
	"sijil/domain/academicrecord"
	"sijil/internal/access"
	"sijil/internal/ledger"
)

func (s *Server) registerGrades() {
	write(s, op{
		ID: "record-grade", Method: http.MethodPost, Path: "/v1/grades", Scope: access.RecordsWrite, Tag: "grades", Status: http.StatusCreated,
		Summary: "Record a grade",
		Description: "A grade has a score in one grading scheme (a number, a label, or both), or a `scoreStatus` that says why not. " +
			"Nothing is converted. The student must be enrolled at the caller's school on `eventDate`; the session must not be finalized.",
	}, s.recordGrade)
	s.registerGradeBatches()
}

// NewGrade is a grade as a school gives it.
type NewGrade struct {
	StudentUniqueID      domain.ID         `json:"studentUniqueId" doc:"The student's id in this ledger"`
	Course               domain.ID         `json:"course,omitzero" doc:"The course; or give courseCode"`
	CourseCode           LocalCode         `json:"courseCode,omitzero" doc:"The course by its code, looked up at the school and then above it" example:"MATH-4"`
	Session              domain.ID         `json:"session" doc:"The academic session"`
	GradingPeriod        domain.Descriptor `json:"gradingPeriod,omitzero" example:"uri://ed-fi.org/GradingPeriodDescriptor#FirstTrimester"`
	AssessmentIdentifier LocalCode         `json:"assessmentIdentifier,omitzero" doc:"The examination or paper; absent for the period's own grade" example:"DS-1"`
	Attempt              int               `json:"attempt,omitzero" minimum:"1" maximum:"99" doc:"Counts from 1; absent for 1"`
	MarkFields
	Coefficient *domain.Decimal `json:"coefficient,omitzero" doc:"The weight among the course's grades; absent when the graduation plan says it"`
	WhenFields
	DiagnosticStatement Note `json:"diagnosticStatement,omitzero" doc:"The teacher's words about the student; sealed"`
}

// MarkFields are a score in its scheme, or why there is none.
type MarkFields struct {
	GradingScheme      domain.ID       `json:"gradingScheme,omitzero" doc:"The scheme of the score"`
	NumericGradeEarned *domain.Decimal `json:"numericGradeEarned,omitzero" doc:"Within the scheme's bounds and on its step" example:"15.5"`
	LetterGradeEarned  LocalCode       `json:"letterGradeEarned,omitzero" doc:"One of the scheme's labels" example:"B"`
	ScoreStatus        string          `json:"scoreStatus,omitzero" enum:"absent,excused,exempt,incomplete" doc:"Why there is no score"`
}

func (m MarkFields) mark() academicrecord.Mark {
	return academicrecord.Mark{
		GradingScheme: m.GradingScheme, NumericGradeEarned: m.NumericGradeEarned,
		LetterGradeEarned: string(m.LetterGradeEarned), ScoreStatus: academicrecord.ScoreStatus(m.ScoreStatus),
	}
}

// WhenFields are the day a fact holds for.
type WhenFields struct {
	EventDate     domain.Date `json:"eventDate" doc:"The day it holds for; never in the future"`
	DatePrecision string      `json:"datePrecision,omitzero" enum:"day,session" doc:"session where only the session is known: eventDate is then one of its days"`
}

func (w WhenFields) when() academicrecord.When {
	return academicrecord.When{EventDate: w.EventDate, DatePrecision: academicrecord.DatePrecision(w.DatePrecision)}
}

type recordGradeInput struct{ Body NewGrade }

func (s *Server) recordGrade(ctx context.Context, in *recordGradeInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	grade, err := s.grade(ctx, act, in.Body)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.RecordGrade(ctx, act, grade)
	return s.entered(in.Body.StudentUniqueID, w, err)
}

// grade is a grade as the ledger takes it.
func (s *Server) grade(ctx context.Context, act ledger.Act, b NewGrade) (ledger.GradeInput, error) {
	course, err := s.course(ctx, act, b.Course, b.CourseCode)
	return ledger.GradeInput{
		Student: b.StudentUniqueID, Course: course, Session: b.Session, GradingPeriod: b.GradingPeriod,
		AssessmentIdentifier: string(b.AssessmentIdentifier), Attempt: b.Attempt, Mark: b.mark(), Coefficient: b.Coefficient,
		When: b.when(), DiagnosticStatement: string(b.DiagnosticStatement),
	}, err
}

// course is the course that a body names by id or by code.
func (s *Server) course(ctx context.Context, act ledger.Act, id domain.ID, code LocalCode) (domain.ID, error) {
	switch {
	case (id == "") == (code == ""):
		return "", domain.Refuse(domain.Invalid, "invalid_field", "either course or courseCode names the course")
	case id != "":
		return id, nil
	}
	return s.cfg.Ledger.CourseByCode(ctx, act, string(code))
}

// entered answers a write to a student's record, which is read in the transcript.
func (s *Server) entered(student domain.ID, w ledger.Written, err error) (*answer[WrittenID], error) {
	if err != nil {
		return nil, err
	}
	return written(s, w.Position, transcriptPath(student), WrittenID{w.ID}), nil
}

func transcriptPath(student domain.ID) string {
	return "/v1/students/" + string(student) + "/transcript"
}
