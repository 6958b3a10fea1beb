package projections

import (
	"slices"

	"sijil/domain"
	"sijil/domain/enrollment"
)

type transferRow struct {
	Tenant        domain.ID    `json:"tenant"`
	Transfer      domain.ID    `json:"transfer"`
	Institutions  []domain.ID  `json:"institutions"`
	FromSchool    domain.ID    `json:"from_school"`
	ToSchool      domain.ID    `json:"to_school"`
	Student       domain.ID    `json:"student"`
	State         string       `json:"state"`
	RequestDate   domain.Date  `json:"request_date"`
	EntryDate     domain.Date  `json:"entry_date"`
	GradeLevel    string       `json:"grade_level"`
	LapseDate     domain.Date  `json:"lapse_date"`
	ExitDate      *domain.Date `json:"exit_date"`
	ReleasedBy    *domain.ID   `json:"released_by"`
	Reason        string       `json:"reason"`
	Note          blob         `json:"note"`
	OldEnrollment domain.ID    `json:"old_enrollment"`
	NewEnrollment *domain.ID   `json:"new_enrollment"`
	RecordDigest  string       `json:"record_digest"`
	RequestedAt   stamp        `json:"requested_at"`
	ChangedAt     stamp        `json:"changed_at"`
}

type slowTransfers map[domain.ID]*transferRow

func (s slowTransfers) Add(e Event) {
	move := func(id domain.ID, state string) *transferRow {
		s[id].State, s[id].ChangedAt = state, stamp(e.Meta.RecordedAt)
		return s[id]
	}
	switch f := e.Fact.(type) {
	case enrollment.TransferRequested:
		schools := []domain.ID{f.FromSchool, f.ToSchool}
		slices.Sort(schools)
		s[f.Transfer] = &transferRow{
			Tenant: e.Tenant, Transfer: f.Transfer, Institutions: slices.Compact(schools), FromSchool: f.FromSchool, ToSchool: f.ToSchool,
			Student: e.IDs[0], RequestDate: f.Requested, EntryDate: f.EntryDate, GradeLevel: string(f.GradeLevel), LapseDate: f.LapseDate,
			OldEnrollment: f.Enrollment, RequestedAt: stamp(e.Meta.RecordedAt),
		}
		move(f.Transfer, TransferRequested)
	case enrollment.TransferReleased:
		r := move(f.Transfer, TransferReleased)
		r.ReleasedBy, r.ExitDate = &f.By, &f.ExitDate
	case enrollment.TransferContested:
		r := move(f.Transfer, TransferContested)
		r.Reason, r.Note = string(f.Reason), f.Note.Envelope()
	case enrollment.TransferRefused:
		r := move(f.Transfer, TransferRefused)
		r.Reason, r.Note = string(f.Reason), f.Note.Envelope()
	case enrollment.TransferCancelled:
		move(f.Transfer, TransferCancelled)
	case enrollment.TransferLapsed:
		move(f.Transfer, TransferLapsed)
	case enrollment.TransferCompleted:
		r := move(f.Transfer, TransferCompleted)
		r.NewEnrollment, r.RecordDigest = &f.Enrollment, f.RecordDigest
	}
}

func (s slowTransfers) Rows() map[string][]any {
	var rows []any
	for _, r := range s {
		rows = append(rows, r)
	}
	return map[string][]any{"transfers": rows}
}
