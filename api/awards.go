package api

import (
	"context"
	"net/http"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/internal/access"
	"sijil/internal/ledger"
)

func (s *Server) registerAwards() {
	const tag = "awards"
	write(s, op{
		ID: "award-diploma", Method: http.MethodPost, Path: "/v1/awards", Scope: access.DiplomasWrite, Tag: tag, Status: http.StatusCreated,
		Summary: "Award a diploma",
		Description: "Refused unless enrollment, record, plan, accreditation and the approvals of two officers stand in the ledger. " +
			"The signed credential follows by itself, as soon as the institution has its signing keys.",
	}, s.awardDiploma)
	write(s, op{
		ID: "correct-diploma", Method: http.MethodPost, Path: "/v1/awards/{award}/corrections", Scope: access.DiplomasRevoke, Tag: tag, Status: http.StatusCreated,
		Summary:     "Award the next edition, which takes the place of the last",
		Description: "The name and birth data are those of the register as it stands now. The former credential is revoked as superseded.",
	}, s.correctDiploma)
	write(s, op{
		ID: "allow-award-date", Method: http.MethodPost, Path: "/v1/awardDateExceptions", Scope: access.GraduationsApprove, Tag: tag, Status: http.StatusCreated,
		Summary:     "Allow a coming award to carry a date long past",
		Description: "An authority above the school decides, never the school. Without it an award date more than 90 days back is refused with `needs_second_approval`.",
	}, s.allowAwardDate)
}

// NewAward asks for a diploma; the caller's institution awards it.
type NewAward struct {
	StudentUniqueID  domain.ID   `json:"studentUniqueId" doc:"The student's id in this ledger"`
	Program          domain.ID   `json:"program"`
	DiplomaAwardDate domain.Date `json:"diplomaAwardDate" doc:"The day on the diploma; never in the future"`
	Accreditation    domain.ID   `json:"accreditation,omitempty" doc:"Absent for the one the graduation was assessed under"`
}

// Award is an edition of an award.
type Award struct {
	ID               domain.ID   `json:"id" doc:"The award"`
	Edition          int         `json:"edition" doc:"Counts from 1"`
	StudentUniqueID  domain.ID   `json:"studentUniqueId"`
	Program          domain.ID   `json:"program"`
	DiplomaAwardDate domain.Date `json:"diplomaAwardDate"`
}

type awardDiplomaInput struct{ Body NewAward }

func (s *Server) awardDiploma(ctx context.Context, in *awardDiplomaInput) (*answer[Award], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	a, err := s.cfg.Ledger.AwardDiploma(ctx, act, ledger.AwardInput{
		Student: b.StudentUniqueID, Program: b.Program, AwardDate: b.DiplomaAwardDate, Accreditation: b.Accreditation,
	})
	return s.awarded(a, err)
}

func (s *Server) awarded(a ledger.Awarded, err error) (*answer[Award], error) {
	if err != nil {
		return nil, err
	}
	return written(s, a.Position, "/v1/credentials?studentUniqueId="+string(a.Student), Award{
		ID: a.Award, Edition: a.Edition, StudentUniqueID: a.Student, Program: a.Program, DiplomaAwardDate: a.AwardDate,
	}), nil
}

type correctDiplomaInput struct {
	Award domain.ID `path:"award"`
	Body  NewCorrection
}

// NewCorrection says of which award, and why there is to be another edition.
type NewCorrection struct {
	StudentUniqueID  domain.ID   `json:"studentUniqueId" doc:"Whose award it is"`
	Program          domain.ID   `json:"program" doc:"Of which program"`
	CorrectionReason string      `json:"correctionReason" enum:"name_changed,birth_data_corrected,result_amended,clerical_error"`
	DiplomaAwardDate domain.Date `json:"diplomaAwardDate,omitempty" doc:"Absent to keep the date"`
	Accreditation    domain.ID   `json:"accreditation,omitempty"`
}

func (s *Server) correctDiploma(ctx context.Context, in *correctDiplomaInput) (*answer[Award], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	a, err := s.cfg.Ledger.CorrectDiploma(ctx, act, award.Ref{Student: b.StudentUniqueID, Program: b.Program, Award: in.Award}, ledger.CorrectionInput{
		AwardDate: b.DiplomaAwardDate, Accreditation: b.Accreditation, Reason: award.CorrectionReason(b.CorrectionReason),
	})
	return s.awarded(a, err)
}

type allowAwardDateInput struct{ Body NewAwardDateException }

// NewAwardDateException names the coming award and the date it may carry.
type NewAwardDateException struct {
	StudentUniqueID  domain.ID         `json:"studentUniqueId"`
	Program          domain.ID         `json:"program"`
	DiplomaAwardDate domain.Date       `json:"diplomaAwardDate"`
	Reason           domain.Descriptor `json:"reason" doc:"A code of an AwardDateExceptionReasonDescriptor list" example:"uri://example.org/AwardDateExceptionReasonDescriptor#RegisterMigration"`
}

func (s *Server) allowAwardDate(ctx context.Context, in *allowAwardDateInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	a, err := s.cfg.Ledger.GrantDateException(ctx, act, ledger.DateExceptionInput{
		Student: b.StudentUniqueID, Program: b.Program, AwardDate: b.DiplomaAwardDate, Reason: b.Reason,
	})
	if err != nil {
		return nil, err
	}
	return written(s, a.Position, "", WrittenID{a.Award}), nil
}
