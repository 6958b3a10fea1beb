package api

import (
	"context"
	"net/http"

	"sijil/domain"
	"sijil/internal/access"
	"sijil/internal/ledger"
)

func (s *Server) registerGraduations() {
	const tag, path = "graduations", "/v1/graduations/{student}/{program}"
	write(s, op{
		ID: "assess-graduation", Method: http.MethodPost, Path: "/v1/graduations", Scope: access.GraduationsWrite, Tag: tag, Status: http.StatusCreated,
		Summary:     "Hold a student's record against the plan in force on a day",
		Description: "What is missing is recorded as gaps. The answer's `event` and `digest` are what the two approvals name.",
	}, s.assessGraduation)
	write(s, op{
		ID: "approve-graduation", Method: http.MethodPost, Path: path + "/approvals", Scope: access.GraduationsApprove, Tag: tag, Status: http.StatusCreated,
		Summary: "Approve an assessment without gaps, as the first officer",
	}, s.approveGraduation)
	write(s, op{
		ID: "confirm-graduation", Method: http.MethodPost, Path: path + "/confirmations", Scope: access.GraduationsApprove, Tag: tag, Status: http.StatusCreated,
		Summary:     "Confirm it, as the second officer",
		Description: "Another token subject than the one that approved, whoever either acts for. The diploma may then be awarded.",
	}, s.confirmGraduation)
	write(s, op{
		ID: "rescind-graduation", Method: http.MethodPost, Path: path + "/rescissions", Scope: access.GraduationsApprove, Tag: tag, Status: http.StatusCreated,
		Summary: "End an assessment and its approvals",
	}, s.rescindGraduation)
}

// NewAssessment asks whether a student has completed a program.
type NewAssessment struct {
	StudentUniqueID domain.ID   `json:"studentUniqueId" doc:"The student's id in this ledger"`
	Program         domain.ID   `json:"program"`
	GraduationPlan  domain.ID   `json:"graduationPlan" doc:"A plan of the program by the program's owner or an authority above it"`
	EventDate       domain.Date `json:"eventDate" doc:"The day whose enrollment, plan version and accreditation count; never in the future"`
	Accreditation   domain.ID   `json:"accreditation,omitzero" doc:"Absent for the one an authority above the school granted; one of an agency is named"`
}

// Assessment is what was found.
type Assessment struct {
	ID            domain.ID       `json:"id" doc:"The assessment"`
	Event         domain.ID       `json:"event" doc:"Its event: approvals name it"`
	Digest        string          `json:"digest" doc:"The SHA-256 of what is stored, in hexadecimal: approvals name it"`
	Outcome       string          `json:"outcome" enum:"met,unmet"`
	Gaps          []AssessmentGap `json:"gaps"`
	PlanVersion   int             `json:"planVersion"`
	Accreditation domain.ID       `json:"accreditation"`
	EarnedCredits domain.Decimal  `json:"earnedCredits"`
	Average       *domain.Decimal `json:"average,omitzero"`
}

// AssessmentGap is one requirement that is not fulfilled.
type AssessmentGap struct {
	Code     string          `json:"code" example:"credits_missing"`
	Course   domain.ID       `json:"course,omitzero" doc:"Absent for the plan as a whole"`
	Required *domain.Decimal `json:"required,omitzero"`
	Achieved *domain.Decimal `json:"achieved,omitzero"`
}

type assessGraduationInput struct{ Body NewAssessment }

func (s *Server) assessGraduation(ctx context.Context, in *assessGraduationInput) (*answer[Assessment], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	a, err := s.cfg.Ledger.AssessGraduation(ctx, act, ledger.AssessInput{
		GraduationRef:  ledger.GraduationRef{Student: b.StudentUniqueID, Program: b.Program},
		GraduationPlan: b.GraduationPlan, EventDate: b.EventDate, Accreditation: b.Accreditation,
	})
	if err != nil {
		return nil, err
	}
	f := a.Found
	found := Assessment{
		ID: a.ID, Event: a.Event, Digest: a.Digest, Outcome: string(f.Outcome), Gaps: gaps(f.Gaps),
		PlanVersion: f.PlanVersion, Accreditation: f.Accreditation, EarnedCredits: f.EarnedCredits, Average: f.Average,
	}
	return written(s, a.Position, transcriptPath(b.StudentUniqueID), found), nil
}

type approvalInput struct {
	Student domain.ID `path:"student"`
	Program domain.ID `path:"program"`
	Body    NewApproval
}

// NewApproval names exactly what is approved.
type NewApproval struct {
	Event  domain.ID `json:"event" doc:"The assessment's event"`
	Digest string    `json:"digest" pattern:"^[0-9a-f]{64}$" doc:"The assessment's digest"`
}

func (in *approvalInput) ledger() ledger.ApprovalInput {
	return ledger.ApprovalInput{GraduationRef: ledger.GraduationRef{Student: in.Student, Program: in.Program}, Event: in.Body.Event, Digest: in.Body.Digest}
}

func (s *Server) approveGraduation(ctx context.Context, in *approvalInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.ApproveGraduation(ctx, act, in.ledger())
	return s.entered(in.Student, w, err)
}

func (s *Server) confirmGraduation(ctx context.Context, in *approvalInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.ConfirmGraduation(ctx, act, in.ledger())
	return s.entered(in.Student, w, err)
}

type rescissionInput struct {
	Student domain.ID `path:"student"`
	Program domain.ID `path:"program"`
	Body    NewRescission
}

// NewRescission says why a graduation no longer counts.
type NewRescission struct {
	EventDate  domain.Date       `json:"eventDate"`
	ReasonCode domain.Descriptor `json:"reasonCode" doc:"Of any code list" example:"uri://ed-fi.org/RescissionReasonDescriptor#Fraud"`
	Authority  domain.ID         `json:"authority,omitzero" doc:"The institution that answers for it; absent for the caller's"`
	Reason     Note              `json:"reason,omitzero" doc:"In words; sealed"`
}

func (s *Server) rescindGraduation(ctx context.Context, in *rescissionInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	w, err := s.cfg.Ledger.RescindGraduation(ctx, act, ledger.RescindInput{
		GraduationRef: ledger.GraduationRef{Student: in.Student, Program: in.Program},
		EventDate:     b.EventDate, ReasonCode: b.ReasonCode, Authority: b.Authority, Reason: string(b.Reason),
	})
	return s.entered(in.Student, w, err)
}
