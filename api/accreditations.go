package api

import (
	"context"
	"net/http"

	"sijil/domain"
	"sijil/domain/accreditation"
	"sijil/internal/access"
	"sijil/internal/ledger"
	"sijil/projections"
)

const accreditationsPath = "/v1/accreditations/"

func (s *Server) registerAccreditations() {
	post := func(id, path, summary, description string) op {
		return op{
			ID: id, Method: http.MethodPost, Path: path, Scope: access.AccreditationsWrite, Tag: "accreditations",
			Summary: summary, Description: description, Status: http.StatusCreated,
		}
	}
	const one = "/v1/accreditations/{accreditation}"
	write(s, post("grant-accreditation", "/v1/accreditations", "Let an institution award a program, or every program of a level",
		"The caller's institution is the accrediting agent: an authority above the institution, or an agency of such an authority. Nothing is deleted; a later grant to the same institution for the same thing stands beside the earlier ones."), s.grantAccreditation)
	write(s, post("renew-accreditation", one+"/renewals", "Move the end of the running grant", "Never shortens it: ending early is a withdrawal."), s.renewAccreditation)
	write(s, post("suspend-accreditation", one+"/suspensions", "Stop awards from a day on, until reinstated", ""), s.suspendAccreditation)
	write(s, post("reinstate-accreditation", one+"/reinstatements", "End a suspension", ""), s.reinstateAccreditation)
	write(s, post("withdraw-accreditation", one+"/withdrawals", "End the running grant before its time",
		"Awards made before stand, unless it is withdrawn ab initio: then it never held."), s.withdrawAccreditation)
	s.registerAccreditationReads()
}

// NewAccreditation is a grant by the caller's institution.
type NewAccreditation struct {
	Institution domain.ID         `json:"institution" doc:"The institution that may award"`
	Program     domain.ID         `json:"program,omitempty" doc:"What it may award; this or level"`
	Level       domain.Descriptor `json:"level,omitempty" doc:"The level of which it may award every program; this or program" example:"uri://europa.eu/EqfLevelDescriptor#4"`
	From        domain.Date       `json:"from" doc:"The first day it holds"`
	Until       domain.Date       `json:"until,omitempty" doc:"The first day it no longer holds; absent for no end"`
	Decision    Name              `json:"decision,omitempty" doc:"The reference of the legal act"`
}

type grantAccreditationInput struct{ Body NewAccreditation }

func (s *Server) grantAccreditation(ctx context.Context, in *grantAccreditationInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	w, err := s.cfg.Ledger.GrantAccreditation(ctx, act, ledger.AccreditationInput{
		Institution: b.Institution, Program: b.Program, Level: b.Level, From: b.From, Until: b.Until, Decision: string(b.Decision),
	})
	return recorded(s, accreditationsPath, w, err)
}

type renewAccreditationInput struct {
	Accreditation domain.ID `path:"accreditation"`
	Body          AccreditationRenewal
}

// AccreditationRenewal is a later end of the running grant.
type AccreditationRenewal struct {
	Until    domain.Date `json:"until,omitempty" doc:"The first day it no longer holds; absent for no end"`
	Decision Name        `json:"decision,omitempty" doc:"The reference of the legal act"`
}

func (s *Server) renewAccreditation(ctx context.Context, in *renewAccreditationInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.RenewAccreditation(ctx, act, in.Accreditation, in.Body.Until, string(in.Body.Decision))
	return recorded(s, accreditationsPath, w, err)
}

type changeAccreditationInput struct {
	Accreditation domain.ID `path:"accreditation"`
	Body          AccreditationChange
}

// AccreditationChange is a suspension or its end.
type AccreditationChange struct {
	From     domain.Date `json:"from" doc:"The first day of the change"`
	Decision Name        `json:"decision,omitempty" doc:"The reference of the legal act"`
}

func (s *Server) suspendAccreditation(ctx context.Context, in *changeAccreditationInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.SuspendAccreditation(ctx, act, in.Accreditation, in.Body.From, string(in.Body.Decision))
	return recorded(s, accreditationsPath, w, err)
}

func (s *Server) reinstateAccreditation(ctx context.Context, in *changeAccreditationInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.ReinstateAccreditation(ctx, act, in.Accreditation, in.Body.From, string(in.Body.Decision))
	return recorded(s, accreditationsPath, w, err)
}

type withdrawAccreditationInput struct {
	Accreditation domain.ID `path:"accreditation"`
	Body          AccreditationWithdrawal
}

// AccreditationWithdrawal is the end of the running grant before its time.
type AccreditationWithdrawal struct {
	From     domain.Date `json:"from,omitempty" doc:"The first day it no longer holds; not used ab initio"`
	AbInitio bool        `json:"abInitio,omitzero" doc:"It never held: awards made under it lose their ground"`
	Decision Name        `json:"decision,omitempty" doc:"The reference of the legal act"`
}

func (s *Server) withdrawAccreditation(ctx context.Context, in *withdrawAccreditationInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.WithdrawAccreditation(ctx, act, in.Accreditation, in.Body.From, in.Body.AbInitio, string(in.Body.Decision))
	return recorded(s, accreditationsPath, w, err)
}

// Accreditation is what one agent decided about one institution, as it stands on a day.
type Accreditation struct {
	ID               domain.ID         `json:"id"`
	Institution      domain.ID         `json:"institution"`
	AccreditingAgent domain.ID         `json:"accreditingAgent"`
	Program          domain.ID         `json:"program,omitempty"`
	Level            domain.Descriptor `json:"level,omitempty"`
	Accredited       bool              `json:"accredited" doc:"Whether the institution may award on that day"`
	Grants           []Grant           `json:"grants" doc:"Every grant ever made, oldest first"`
	History          []HistoryEntry    `json:"history,omitempty"`
}

// Grant is one run of days and what interrupts it.
type Grant struct {
	From          domain.Date   `json:"from"`
	Until         domain.Date   `json:"until,omitempty"`
	Suspensions   []domain.Span `json:"suspensions,omitempty"`
	WithdrawnFrom domain.Date   `json:"withdrawnFrom,omitempty"`
	AbInitio      bool          `json:"abInitio,omitzero"`
}

type listAccreditationsInput struct {
	Paged
	Asked
	Institution domain.ID `query:"institution"`
	Program     domain.ID `query:"program"`
}

type getAccreditationInput struct {
	Asked
	Known
	Accreditation domain.ID `path:"accreditation"`
}

func (s *Server) registerAccreditationReads() {
	r := register[accreditation.Event, Accreditation]{
		category: accreditation.Decider.Category, path: "/v1/accreditations", tag: "accreditations", noun: "accreditation",
		scope: access.AccreditationsRead, build: accreditationOn,
		withHistory: func(b *Accreditation, h []HistoryEntry) { b.History = h },
	}
	listRegister(s, r, func(in *listAccreditationsInput) (Paged, Asked, projections.RegisterFilter) {
		return in.Paged, in.Asked, projections.RegisterFilter{Owner: in.Institution, Subject: in.Program}
	})
	getRegister(s, r, "accreditation", func(in *getAccreditationInput) (domain.ID, Asked, Known) {
		return in.Accreditation, in.Asked, in.Known
	})
}

func accreditationOn(id domain.ID, facts []accreditation.Event, day domain.Date) Accreditation {
	st := accreditation.Decider.Fold(accreditation.State{}, facts...)
	out := Accreditation{
		ID: id, Institution: st.Institution, AccreditingAgent: st.AccreditingAgent, Program: st.Program, Level: st.Level,
		Accredited: accreditation.AccreditedOn(st, accreditation.Scope{Program: st.Program, Level: st.Level}, day),
	}
	for _, g := range st.Grants {
		out.Grants = append(out.Grants, Grant{g.From, g.Until, g.Suspensions, g.WithdrawnFrom, g.AbInitio})
	}
	return out
}
