package api

import (
	"context"
	"net/http"

	"sijil/domain"
	"sijil/internal/access"
	"sijil/internal/ledger"
)

// entryKind is a sort of entry in a record, as paths name it.
type entryKind struct {
	path, name string
	amendable  bool
}

var entryKinds = []entryKind{
	{"grades", "grade", true},
	{"courseResults", "course-result", true},
	{"juryDecisions", "jury-decision", true},
	{"credits", "credit", false},
	{"foreignGrades", "foreign-grade", false},
}

const twoOfficers = " Once the session is finalized this is a proposal (`pending` is true): nothing changes until another officer confirms it."

func (s *Server) registerAmendments() {
	for _, k := range entryKinds {
		if k.amendable {
			write(s, op{
				ID: "amend-" + k.name, Method: http.MethodPost, Path: "/v1/" + k.path + "/{entry}/amendments", Scope: access.RecordsAmend, Tag: "amendments", Status: http.StatusCreated,
				Summary:     "Amend a " + k.name,
				Description: "What held before stays in the record, and the amendment names it, with the reason and the authority." + twoOfficers,
			}, s.amend)
		}
		write(s, op{
			ID: "void-" + k.name, Method: http.MethodPost, Path: "/v1/" + k.path + "/{entry}/voids", Scope: access.RecordsAmend, Tag: "amendments", Status: http.StatusCreated,
			Summary:     "Void a " + k.name,
			Description: "It no longer counts, and stays visible." + twoOfficers,
		}, s.void)
	}
	write(s, op{
		ID: "confirm-amendment", Method: http.MethodPost, Path: "/v1/amendments/{entry}/confirmations", Scope: access.RecordsAmend, Tag: "amendments", Status: http.StatusCreated,
		Summary:     "Confirm a proposed amendment or voiding",
		Description: "The second officer's yes: another token subject than the proposer's, whoever either acts for.",
	}, s.confirmAmendment)
	write(s, op{
		ID: "decline-amendment", Method: http.MethodPost, Path: "/v1/amendments/{entry}/declinations", Scope: access.RecordsAmend, Tag: "amendments", Status: http.StatusCreated,
		Summary: "Decline a proposed amendment or voiding, or take it back",
	}, s.declineAmendment)
}

// EntryFields say whose record an entry is in.
type EntryFields struct {
	StudentUniqueID domain.ID `json:"studentUniqueId" doc:"The student's id in this ledger"`
	SchoolYear      int       `json:"schoolYear" minimum:"1900" maximum:"2199" doc:"The school year of the entry: the year in which it ends" example:"2027"`
	School          domain.ID `json:"school,omitzero" doc:"The school whose record it is; absent for the caller's institution"`
}

func (e EntryFields) ref(id domain.ID) ledger.EntryRef {
	return ledger.EntryRef{School: e.School, Student: e.StudentUniqueID, SchoolYear: e.SchoolYear, Of: id}
}

// ChangeFields say why an entry changes, when, and who answers for it.
type ChangeFields struct {
	ReasonCode domain.Descriptor `json:"reasonCode" doc:"Of any code list" example:"uri://ed-fi.org/AmendmentReasonDescriptor#TranscriptionError"`
	Authority  domain.ID         `json:"authority,omitzero" doc:"The institution that answers for the change; absent for the caller's"`
	WhenFields
	Reason Note `json:"reason,omitzero" doc:"In words; sealed"`
}

func (c ChangeFields) change() ledger.Change {
	return ledger.Change{ReasonCode: c.ReasonCode, Authority: c.Authority, When: c.when(), Reason: string(c.Reason)}
}

// NewAmendment is what shall hold from now on.
type NewAmendment struct {
	EntryFields
	ChangeFields
	Follows domain.ID `json:"follows,omitzero" doc:"The entry or amendment seen last: refused when another one came since"`
	MarkFields
	CourseAttemptResult domain.Descriptor `json:"courseAttemptResult,omitzero" doc:"For course results, and for jury decisions about a course"`
	Decision            domain.Descriptor `json:"decision,omitzero" doc:"For jury decisions"`
}

// NewVoid says why an entry shall no longer count.
type NewVoid struct {
	EntryFields
	ChangeFields
}

// Amendment is what an amendment or a voiding led to.
type Amendment struct {
	ID      domain.ID `json:"id" doc:"The amendment"`
	Pending bool      `json:"pending" doc:"It waits for another officer's confirmation"`
}

type amendInput struct {
	Entry domain.ID `path:"entry"`
	Body  NewAmendment
}

func (s *Server) amend(ctx context.Context, in *amendInput) (*answer[Amendment], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	w, err := s.cfg.Ledger.AmendGrade(ctx, act, ledger.AmendInput{
		EntryRef: b.ref(in.Entry), Change: b.change(), Follows: b.Follows, Mark: b.mark(),
		CourseAttemptResult: b.CourseAttemptResult, Decision: b.Decision,
	})
	return s.amended(b.StudentUniqueID, w, err)
}

type voidInput struct {
	Entry domain.ID `path:"entry"`
	Body  NewVoid
}

func (s *Server) void(ctx context.Context, in *voidInput) (*answer[Amendment], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.VoidGrade(ctx, act, ledger.VoidInput{EntryRef: in.Body.ref(in.Entry), Change: in.Body.change()})
	return s.amended(in.Body.StudentUniqueID, w, err)
}

func (s *Server) amended(student domain.ID, w ledger.Amended, err error) (*answer[Amendment], error) {
	if err != nil {
		return nil, err
	}
	return written(s, w.Position, transcriptPath(student), Amendment{w.ID, w.Pending}), nil
}

type confirmAmendmentInput struct {
	Entry domain.ID `path:"entry" doc:"The amendment"`
	Body  EntryFields
}

func (s *Server) confirmAmendment(ctx context.Context, in *confirmAmendmentInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.ConfirmAmendment(ctx, act, in.Body.ref(in.Entry))
	return s.entered(in.Body.StudentUniqueID, w, err)
}

// Declination is a no to a proposal.
type Declination struct {
	EntryFields
	ReasonCode domain.Descriptor `json:"reasonCode" doc:"Of any code list" example:"uri://ed-fi.org/AmendmentReasonDescriptor#Unfounded"`
}

type declineAmendmentInput struct {
	Entry domain.ID `path:"entry" doc:"The amendment"`
	Body  Declination
}

func (s *Server) declineAmendment(ctx context.Context, in *declineAmendmentInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.DeclineAmendment(ctx, act, in.Body.ref(in.Entry), in.Body.ReasonCode)
	return s.entered(in.Body.StudentUniqueID, w, err)
}
