package api

import (
	"context"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/domain/enrollment"
	"sijil/internal/access"
	"sijil/projections"
)

func (s *Server) registerTransferReads() {
	read(s, op{
		ID: "list-transfers", Method: http.MethodGet, Path: transfersPath, Scope: access.TransfersRead, Tag: "transfers",
		Summary:     "List transfers in and out, by id",
		Description: "Those of the caller's institution and the ones below it. `toSchool` narrows to transfers in, `fromSchool` to transfers out.",
	}, s.listTransfers)
	read(s, op{
		ID: "get-transfer", Method: http.MethodGet, Path: transferPath, Scope: access.TransfersRead, Tag: "transfers",
		Summary: "Read one transfer",
	}, s.getTransfer)
}

// Transfer is one transfer as it stands.
type Transfer struct {
	ID               domain.ID         `json:"id"`
	State            string            `json:"state" enum:"requested,contested,released,refused,cancelled,lapsed,completed"`
	StudentUniqueID  domain.ID         `json:"studentUniqueId"`
	FromSchool       domain.ID         `json:"fromSchool"`
	ToSchool         domain.ID         `json:"toSchool"`
	RequestDate      domain.Date       `json:"requestDate"`
	EntryDate        domain.Date       `json:"entryDate" doc:"As requested"`
	EntryGradeLevel  domain.Descriptor `json:"entryGradeLevel,omitempty"`
	LapseDate        domain.Date       `json:"lapseDate" doc:"The first day on which the request, still open, has lapsed"`
	ExitWithdrawDate *domain.Date      `json:"exitWithdrawDate,omitempty" doc:"Set by the release"`
	ReleasedBy       *domain.ID        `json:"releasedBy,omitempty"`
	ReasonCode       domain.Descriptor `json:"reasonCode,omitempty" doc:"Of a contest or a refusal"`
	Note             Note              `json:"note,omitempty" doc:"Of a contest or a refusal; of one transfer only, not in listings"`
	OldEnrollment    domain.ID         `json:"oldEnrollment"`
	NewEnrollment    *domain.ID        `json:"newEnrollment,omitempty"`
	RecordDigest     string            `json:"recordDigest,omitempty" doc:"Salted SHA-256 of the record that was carried"`
	RequestedAt      time.Time         `json:"requestedAt"`
	ChangedAt        time.Time         `json:"changedAt"`
}

func transferOf(t projections.Transfer) Transfer {
	return Transfer{
		ID: t.Transfer, State: t.State, StudentUniqueID: t.Student, FromSchool: t.FromSchool, ToSchool: t.ToSchool,
		RequestDate: t.RequestDate, EntryDate: t.EntryDate, EntryGradeLevel: domain.Descriptor(t.GradeLevel), LapseDate: t.LapseDate,
		ExitWithdrawDate: t.ExitDate, ReleasedBy: t.ReleasedBy, ReasonCode: domain.Descriptor(t.Reason), OldEnrollment: t.OldEnrollment,
		NewEnrollment: t.NewEnrollment, RecordDigest: t.RecordDigest, RequestedAt: t.RequestedAt, ChangedAt: t.ChangedAt,
	}
}

type listTransfersInput struct {
	Paged
	ToSchool   domain.ID `query:"toSchool"`
	FromSchool domain.ID `query:"fromSchool"`
	State      string    `query:"state" enum:"requested,contested,released,refused,cancelled,lapsed,completed"`
}

func (s *Server) listTransfers(ctx context.Context, in *listTransfersInput) (page[Transfer], error) {
	bound := []string{string(in.ToSchool), string(in.FromSchool), in.State}
	key, err := s.from(ctx, in.Paged, bound...)
	if err != nil {
		return page[Transfer]{}, err
	}
	var after domain.ID
	if key != nil {
		after = domain.ID(key[0])
	}
	var rows []projections.Transfer
	err = s.inSight(ctx, func(ctx context.Context, tx pgx.Tx, _ sight) error {
		rows, err = projections.TransferList(ctx, tx, principal(ctx).Tenant, projections.TransferFilter{
			To: in.ToSchool, From: in.FromSchool, State: in.State,
		}, after, in.Limit+1)
		return err
	})
	if err != nil {
		return page[Transfer]{}, err
	}
	items := make([]Transfer, len(rows))
	for i, r := range rows {
		items[i] = transferOf(r)
	}
	return pageOf(s, ctx, in.Paged, items, func(t Transfer) []string { return []string{string(t.ID)} }, bound...)
}

func (s *Server) getTransfer(ctx context.Context, in *TransferRef) (Transfer, error) {
	var row projections.Transfer
	var ok bool
	err := s.inSight(ctx, func(ctx context.Context, tx pgx.Tx, _ sight) (err error) {
		row, ok, err = projections.TransferOne(ctx, tx, principal(ctx).Tenant, in.Transfer)
		return err
	})
	if err == nil && !ok {
		err = newProblem(http.StatusNotFound, "not_found", "")
	}
	if err != nil {
		return Transfer{}, err
	}
	out := transferOf(row)
	var note enrollment.Note
	if _, err := s.reveal(ctx, row.Note, &note); err != nil {
		return out, err
	}
	out.Note = Note(note.Text)
	return out, nil
}
