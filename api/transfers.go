package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/internal/access"
	"sijil/internal/ledger"
	"sijil/projections"
)

const transfersPath, transferPath = "/v1/transfers", "/v1/transfers/{transfer}"

func (s *Server) registerTransfers() {
	post := func(id, path, summary string) op {
		return op{ID: id, Method: http.MethodPost, Path: path, Scope: access.TransfersWrite, Tag: "transfers", Status: http.StatusCreated, Summary: summary}
	}
	o := post("request-transfer", transfersPath, "Ask another school for a student")
	o.Description = "The school the student is at releases or contests; then the new one accepts or refuses. " +
		"An open request lapses after a term. Nothing of the record is shown before the transfer is complete."
	write(s, o, s.requestTransfer)
	o = post("release-transfer", transferPath+"/releases", "Let the student go")
	o.Description = "The school the student leaves; after a contest also an authority above it."
	write(s, o, s.releaseTransfer)
	write(s, post("contest-transfer", transferPath+"/contests", "Object to a request"), s.contestTransfer)
	o = post("accept-transfer", transferPath+"/acceptances", "Take the student whom the other school released")
	o.Description = "In one step the old enrollment closes and the new one opens. The record goes with the student, every grade in its own scheme, " +
		"and a salted digest pins what it said at that moment."
	write(s, o, s.acceptTransfer)
	write(s, post("refuse-transfer", transferPath+"/refusals", "Not take the student whom the other school released"), s.refuseTransfer)
	write(s, post("cancel-transfer", transferPath+"/cancellations", "Take a request back before it is released"), s.cancelTransfer)
	s.registerTransferReads()
}

// NewTransfer asks for a student.
type NewTransfer struct {
	StudentUniqueID           domain.ID           `json:"studentUniqueId,omitempty" doc:"A student whom the caller sees; or give studentIdentificationCode"`
	StudentIdentificationCode *IdentificationCode `json:"studentIdentificationCode,omitempty" doc:"A student by number"`
	School                    domain.ID           `json:"school,omitempty" doc:"The new school; absent for the caller's own institution"`
	EntryDate                 domain.Date         `json:"entryDate" doc:"When the new school wishes to begin"`
	EntryGradeLevel           domain.Descriptor   `json:"entryGradeLevel,omitempty"`
	Session                   domain.ID           `json:"session,omitempty" doc:"The term of the new school at whose end an open request lapses; absent for 122 days from today"`
}

type requestTransferInput struct{ Body NewTransfer }

func (s *Server) requestTransfer(ctx context.Context, in *requestTransferInput) (*answer[EnrolledID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	w, err := s.cfg.Ledger.RequestTransfer(ctx, act, ledger.TransferInput{
		Student: b.StudentUniqueID, Number: optional(b.StudentIdentificationCode), To: b.School,
		EntryDate: b.EntryDate, GradeLevel: b.EntryGradeLevel, Session: b.Session,
	})
	if err != nil {
		return nil, err
	}
	return written(s, w.Position, transfersPath+"/"+string(w.ID), EnrolledID{w.ID, w.Student}), nil
}

// TransferRef is the path of one transfer.
type TransferRef struct {
	Transfer domain.ID `path:"transfer"`
}

// onTransfer runs a use case about one transfer; the answer's id is what the use case
// wrote about.
func (s *Server) onTransfer(ctx context.Context, r TransferRef, do func(ledger.Act, ledger.Move) (ledger.Written, error)) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	m, err := s.move(ctx, r.Transfer)
	if err != nil {
		return nil, err
	}
	w, err := do(act, m)
	if err != nil {
		return nil, err
	}
	return written(s, w.Position, transfersPath+"/"+string(r.Transfer), WrittenID{w.ID}), nil
}

// move finds whose transfer it is, in the whole tenant: the ledger decides who may decide.
// One that was requested just now may not be in the read model yet, so a miss counts only
// once the read model has come to today's end of the log.
func (s *Server) move(ctx context.Context, id domain.ID) (ledger.Move, error) {
	tenant := principal(ctx).Tenant
	find := func() (m ledger.Move, ok bool, err error) {
		err = s.cfg.Reader.View(ctx, projections.Scope{Tenant: tenant, All: true}, func(tx pgx.Tx) error {
			var t projections.Transfer
			t, ok, err = projections.TransferOne(ctx, tx, tenant, id)
			m = ledger.Move{Student: t.Student, Transfer: id}
			return err
		})
		return m, ok, err
	}
	m, ok, err := find()
	if ok || err != nil && !errors.Is(err, projections.ErrBehind) {
		return m, err
	}
	end, err := s.cfg.Ledger.Log().End(ctx)
	if err != nil {
		return m, err
	}
	if err := s.cfg.Progress.WaitFor(ctx, end, readPatience); err != nil {
		return m, err
	}
	if m, ok, err = find(); err == nil && !ok {
		err = newProblem(http.StatusNotFound, "not_found", "")
	}
	return m, err
}

// TransferRelease is the day on which the student leaves.
type TransferRelease struct {
	ExitWithdrawDate domain.Date `json:"exitWithdrawDate,omitempty" doc:"The last day at the old school; absent for the requested entry date"`
}

type releaseTransferInput struct {
	TransferRef
	Body TransferRelease
}

func (s *Server) releaseTransfer(ctx context.Context, in *releaseTransferInput) (*answer[WrittenID], error) {
	return s.onTransfer(ctx, in.TransferRef, func(act ledger.Act, m ledger.Move) (ledger.Written, error) {
		return s.cfg.Ledger.ReleaseTransfer(ctx, act, m, in.Body.ExitWithdrawDate)
	})
}

// TransferObjection is why a school objects to a transfer.
type TransferObjection struct {
	ReasonCode domain.Descriptor `json:"reasonCode" doc:"A code of any code list"`
	Note       Note              `json:"note,omitempty" doc:"In words, for the other school; sealed"`
}

type objectInput struct {
	TransferRef
	Body TransferObjection
}

func (s *Server) contestTransfer(ctx context.Context, in *objectInput) (*answer[WrittenID], error) {
	return s.onTransfer(ctx, in.TransferRef, func(act ledger.Act, m ledger.Move) (ledger.Written, error) {
		return s.cfg.Ledger.ContestTransfer(ctx, act, m, in.Body.ReasonCode, string(in.Body.Note))
	})
}

func (s *Server) refuseTransfer(ctx context.Context, in *objectInput) (*answer[WrittenID], error) {
	return s.onTransfer(ctx, in.TransferRef, func(act ledger.Act, m ledger.Move) (ledger.Written, error) {
		return s.cfg.Ledger.RefuseTransfer(ctx, act, m, in.Body.ReasonCode, string(in.Body.Note))
	})
}

// TransferAcceptance is where the new school puts the student. What is absent is as requested.
type TransferAcceptance struct {
	Program         domain.ID         `json:"program,omitempty"`
	Session         domain.ID         `json:"session,omitempty"`
	EntryDate       domain.Date       `json:"entryDate,omitempty"`
	EntryType       domain.Descriptor `json:"entryType,omitempty" doc:"Absent for a transfer"`
	EntryGradeLevel domain.Descriptor `json:"entryGradeLevel,omitempty"`
}

type acceptTransferInput struct {
	TransferRef
	Body TransferAcceptance
}

func (s *Server) acceptTransfer(ctx context.Context, in *acceptTransferInput) (*answer[WrittenID], error) {
	return s.onTransfer(ctx, in.TransferRef, func(act ledger.Act, m ledger.Move) (ledger.Written, error) {
		b := in.Body
		return s.cfg.Ledger.AcceptTransfer(ctx, act, m, ledger.AcceptInput{
			Program: b.Program, Session: b.Session, EntryDate: b.EntryDate, EntryType: b.EntryType, GradeLevel: b.EntryGradeLevel,
		})
	})
}

type cancelTransferInput struct{ TransferRef }

func (s *Server) cancelTransfer(ctx context.Context, in *cancelTransferInput) (*answer[WrittenID], error) {
	return s.onTransfer(ctx, in.TransferRef, func(act ledger.Act, m ledger.Move) (ledger.Written, error) {
		return s.cfg.Ledger.CancelTransfer(ctx, act, m)
	})
}
