package api

import (
	"context"
	"net/http"

	"sijil/domain"
	"sijil/domain/academicrecord"
	"sijil/internal/access"
	"sijil/internal/ledger"
)

func (s *Server) registerCourseResults() {
	write(s, op{
		ID: "record-course-result", Method: http.MethodPost, Path: "/v1/courseResults", Scope: access.RecordsWrite, Tag: "courseResults", Status: http.StatusCreated,
		Summary: "Record how a course attempt ended",
	}, s.recordCourseResult)
	write(s, op{
		ID: "record-jury-decision", Method: http.MethodPost, Path: "/v1/juryDecisions", Scope: access.RecordsWrite, Tag: "juryDecisions", Status: http.StatusCreated,
		Summary:     "Record what a jury decided about a student",
		Description: "About one course (then `courseAttemptResult` says Pass or Fail, and goes before any mark), a session, or the whole year.",
	}, s.recordJuryDecision)
}

// NewCourseResult is how a course attempt ended.
type NewCourseResult struct {
	StudentUniqueID         domain.ID         `json:"studentUniqueId" doc:"The student's id in this ledger"`
	Course                  domain.ID         `json:"course,omitzero" doc:"The course; or give courseCode"`
	CourseCode              LocalCode         `json:"courseCode,omitzero" doc:"The course by its code, looked up at the school and then above it"`
	Session                 domain.ID         `json:"session"`
	Attempt                 int               `json:"attempt,omitzero" minimum:"1" maximum:"99" doc:"Counts from 1; absent for 1"`
	CourseAttemptResult     domain.Descriptor `json:"courseAttemptResult" example:"uri://ed-fi.org/CourseAttemptResultDescriptor#Pass"`
	GradingScheme           domain.ID         `json:"gradingScheme,omitzero" doc:"The scheme of the final grade"`
	FinalNumericGradeEarned *domain.Decimal   `json:"finalNumericGradeEarned,omitzero"`
	FinalLetterGradeEarned  LocalCode         `json:"finalLetterGradeEarned,omitzero"`
	WhenFields
}

type recordCourseResultInput struct{ Body NewCourseResult }

func (s *Server) recordCourseResult(ctx context.Context, in *recordCourseResultInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	course, err := s.course(ctx, act, b.Course, b.CourseCode)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.RecordCourseResult(ctx, act, ledger.CourseResultInput{
		Student: b.StudentUniqueID, Course: course, Session: b.Session, Attempt: b.Attempt, CourseAttemptResult: b.CourseAttemptResult,
		Final: academicrecord.Mark{GradingScheme: b.GradingScheme, NumericGradeEarned: b.FinalNumericGradeEarned, LetterGradeEarned: string(b.FinalLetterGradeEarned)},
		When:  b.when(),
	})
	return s.entered(b.StudentUniqueID, w, err)
}

// NewJuryDecision is what a jury decided.
type NewJuryDecision struct {
	StudentUniqueID     domain.ID         `json:"studentUniqueId" doc:"The student's id in this ledger"`
	Session             domain.ID         `json:"session,omitzero" doc:"Absent for a decision on the whole year; schoolYear is then needed"`
	SchoolYear          int               `json:"schoolYear,omitzero" minimum:"1900" maximum:"2199" doc:"The year in which the school year ends"`
	Course              domain.ID         `json:"course,omitzero"`
	CourseAttemptResult domain.Descriptor `json:"courseAttemptResult,omitzero" doc:"Pass or Fail, where course is given"`
	Decision            domain.Descriptor `json:"decision" doc:"Of a JuryDecisionDescriptor list" example:"uri://ed-fi.org/JuryDecisionDescriptor#Admitted"`
	Supersedes          domain.ID         `json:"supersedes,omitzero" doc:"The decision on the same matter that no longer counts"`
	WhenFields
	Reason Note `json:"reason,omitzero" doc:"In words; sealed"`
}

type recordJuryDecisionInput struct{ Body NewJuryDecision }

func (s *Server) recordJuryDecision(ctx context.Context, in *recordJuryDecisionInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	w, err := s.cfg.Ledger.DecideJury(ctx, act, ledger.JuryInput{
		Student: b.StudentUniqueID, Session: b.Session, SchoolYear: b.SchoolYear, Course: b.Course, CourseAttemptResult: b.CourseAttemptResult,
		Decision: b.Decision, Supersedes: b.Supersedes, When: b.when(), Reason: string(b.Reason),
	})
	return s.entered(b.StudentUniqueID, w, err)
}
