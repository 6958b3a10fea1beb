package accreditation

import (
	"slices"

	"sijil/domain"
)

// State is everything decided about one accreditation, by date.
type State struct {
	Institution      domain.ID
	AccreditingAgent domain.ID
	Program          domain.ID
	Level            domain.Descriptor
	// Grants in the order they were made; their spans do not overlap.
	Grants []Grant
}

// Grant is one run of days and what interrupts it.
type Grant struct {
	domain.Span
	// Suspensions in order; the last one may be open.
	Suspensions []domain.Span
	// WithdrawnFrom is empty when the grant was not withdrawn.
	WithdrawnFrom domain.Date
	// AbInitio: withdrawn as if never made.
	AbInitio bool
}

// Holds reports whether the grant holds on day.
func (g Grant) Holds(day domain.Date) bool {
	if g.AbInitio || !g.Span.Holds(day) || g.WithdrawnFrom != "" && day >= g.WithdrawnFrom {
		return false
	}
	return !slices.ContainsFunc(g.Suspensions, func(s domain.Span) bool { return s.Holds(day) })
}

// suspended reports whether the last suspension still runs.
func (g Grant) suspended() bool {
	n := len(g.Suspensions)
	return n > 0 && g.Suspensions[n-1].Until == ""
}

// lastChange is the day of the latest thing decided within the grant.
func (g Grant) lastChange() domain.Date {
	day := g.From
	if n := len(g.Suspensions); n > 0 {
		day = max(day, g.Suspensions[n-1].From, g.Suspensions[n-1].Until)
	}
	return day
}

// Scope is what somebody wants to award.
type Scope struct {
	Program domain.ID
	// Level is the program's own level; an accreditation of the level covers the program.
	Level domain.Descriptor
}

// Covers reports whether the accreditation is for the program or for its level.
func (s State) Covers(scope Scope) bool {
	if s.Program != "" {
		return s.Program == scope.Program
	}
	return s.Level != "" && s.Level == scope.Level
}

// AccreditedOn reports whether, on day, s lets its institution award what scope names.
func AccreditedOn(s State, scope Scope, day domain.Date) bool {
	return s.Covers(scope) && slices.ContainsFunc(s.Grants, func(g Grant) bool { return g.Holds(day) })
}

func evolve(s State, e Event) State {
	if g, ok := e.(AccreditationGranted); ok {
		s.Institution, s.AccreditingAgent, s.Program, s.Level = g.Institution, g.AccreditingAgent, g.Program, g.Level
		s.Grants = append(slices.Clip(s.Grants), Grant{Span: domain.Span{From: g.From, Until: g.Until}})
		return s
	}
	if len(s.Grants) == 0 {
		return s
	}
	s.Grants = slices.Clone(s.Grants)
	g := &s.Grants[len(s.Grants)-1]
	switch e := e.(type) {
	case AccreditationRenewed:
		g.Until = e.Until
	case AccreditationSuspended:
		g.Suspensions = append(slices.Clip(g.Suspensions), domain.Span{From: e.From})
	case AccreditationReinstated:
		g.Suspensions = slices.Clone(g.Suspensions)
		if n := len(g.Suspensions); n > 0 {
			g.Suspensions[n-1].Until = e.From
		}
	case AccreditationWithdrawn:
		g.WithdrawnFrom, g.AbInitio = e.From, e.AbInitio
	}
	return s
}
