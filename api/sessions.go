package api

import (
	"context"
	"net/http"

	"sijil/domain"
	"sijil/domain/academicsession"
	"sijil/internal/access"
	"sijil/projections"
)

func (s *Server) registerSessions() {
	write(s, op{
		ID: "open-session", Method: http.MethodPost, Path: "/v1/sessions", Scope: access.CatalogWrite, Tag: "sessions", Status: http.StatusCreated,
		Summary:     "Open a session: a term of a school year",
		Description: "The same session again changes nothing; another one of the same name in the same school year is refused.",
	}, s.openSession)
	write(s, op{
		ID: "finalize-session", Method: http.MethodPost, Path: "/v1/sessions/{session}/finalizations", Scope: access.CatalogWrite, Tag: "sessions", Status: http.StatusCreated,
		Summary:     "Make a session's marks final",
		Description: "From then on its marks are amended only, and by two officers. There is no way back.",
	}, s.finalizeSession)
	s.registerSessionReads()
}

// NewSession is a term of a school year.
type NewSession struct {
	School      domain.ID         `json:"school,omitempty" doc:"Absent for the caller's institution"`
	SchoolYear  int               `json:"schoolYear" minimum:"1900" maximum:"2199" doc:"The year in which the school year ends: 2027 for 2026–2027" example:"2027"`
	SessionName LocalCode         `json:"sessionName" doc:"Unique in the school and year" example:"Trimestre 1"`
	Term        domain.Descriptor `json:"term,omitempty" example:"uri://ed-fi.org/TermDescriptor#FirstTrimester"`
	BeginDate   domain.Date       `json:"beginDate"`
	EndDate     domain.Date       `json:"endDate" doc:"The last day, included"`
}

type openSessionInput struct{ Body NewSession }

func (s *Server) openSession(ctx context.Context, in *openSessionInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	w, err := s.cfg.Ledger.OpenSession(ctx, act, academicsession.SessionOpened{
		School: b.School, SchoolYear: b.SchoolYear, SessionName: string(b.SessionName), Term: b.Term, BeginDate: b.BeginDate, EndDate: b.EndDate,
	})
	return recorded(s, "/v1/sessions/", w, err)
}

type finalizeSessionInput struct {
	Session domain.ID `path:"session"`
	Body    SessionFinalization
}

// SessionFinalization is the day a session's marks become final.
type SessionFinalization struct {
	FinalizedOn domain.Date `json:"finalizedOn"`
}

func (s *Server) finalizeSession(ctx context.Context, in *finalizeSessionInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.FinalizeSession(ctx, act, in.Session, in.Body.FinalizedOn)
	return recorded(s, "/v1/sessions/", w, err)
}

// Session is a term of a school year.
type Session struct {
	ID          domain.ID         `json:"id"`
	School      domain.ID         `json:"school"`
	SchoolYear  int               `json:"schoolYear"`
	SessionName string            `json:"sessionName"`
	Term        domain.Descriptor `json:"term,omitempty"`
	BeginDate   domain.Date       `json:"beginDate"`
	EndDate     domain.Date       `json:"endDate"`
	FinalizedOn domain.Date       `json:"finalizedOn,omitempty" doc:"From then on its marks are amended only"`
	History     []HistoryEntry    `json:"history,omitempty"`
}

type listSessionsInput struct {
	Paged
	School      domain.ID `query:"school"`
	SessionName string    `query:"sessionName" maxLength:"60"`
}

type getSessionInput struct {
	Known
	Session domain.ID `path:"session"`
}

func (s *Server) registerSessionReads() {
	r := register[academicsession.Event, Session]{
		category: academicsession.Decider.Category, path: "/v1/sessions", tag: "sessions", noun: "session", scope: access.CatalogRead,
		build: func(id domain.ID, facts []academicsession.Event, _ domain.Date) Session {
			st := academicsession.Decider.Fold(academicsession.State{}, facts...)
			d := st.Definition
			return Session{id, d.School, d.SchoolYear, d.SessionName, d.Term, d.BeginDate, d.EndDate, st.FinalizedOn, nil}
		},
		withHistory: func(b *Session, h []HistoryEntry) { b.History = h },
	}
	listRegister(s, r, func(in *listSessionsInput) (Paged, Asked, projections.RegisterFilter) {
		return in.Paged, Asked{}, projections.RegisterFilter{Owner: in.School, Code: in.SessionName}
	})
	getRegister(s, r, "session", func(in *getSessionInput) (domain.ID, Asked, Known) { return in.Session, Asked{}, in.Known })
}
