package academicsession_test

import (
	"testing"

	"sijil/domain"
	"sijil/domain/academicsession"
	"sijil/internal/scenario"
)

type (
	c = scenario.Case[academicsession.Command, academicsession.Event]
	f = []academicsession.Event
)

var (
	opened = academicsession.SessionOpened{
		School: "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f01", SchoolYear: 2026, SessionName: "الثلاثي الأول",
		Term: domain.EdFi("Term", "FirstTrimester"), BeginDate: "2025-09-15", EndDate: "2025-12-20",
	}
	final = academicsession.SessionFinalized{FinalizedOn: "2026-01-10"}
)

const today domain.Date = "2026-01-20"

func TestDecide(t *testing.T) {
	open := func(change func(*academicsession.SessionOpened)) academicsession.Open {
		d := opened
		change(&d)
		return academicsession.Open{Definition: d, SchoolEnrolls: true}
	}
	bad := func(change func(*academicsession.SessionOpened)) c {
		return c{When: open(change), Code: "invalid_field"}
	}
	same := func(*academicsession.SessionOpened) {}
	scenario.Run(t, academicsession.Decider, map[string]c{
		"a session is opened":                        {When: open(same), Then: f{opened}},
		"the same session again changes nothing":     {Given: f{opened}, When: open(same)},
		"a finalized one is not opened again":        {Given: f{opened, final}, When: open(same)},
		"a session of the name with other days":      {Given: f{opened}, When: open(func(s *academicsession.SessionOpened) { s.EndDate = "2025-12-21" }), Code: "already_opened"},
		"a closed school opens none":                 {When: academicsession.Open{Definition: opened}, Code: "institution_not_operating"},
		"a session of no school":                     bad(func(s *academicsession.SessionOpened) { s.School = "" }),
		"a session of year 26":                       bad(func(s *academicsession.SessionOpened) { s.SchoolYear = 26 }),
		"a session without a name":                   bad(func(s *academicsession.SessionOpened) { s.SessionName = "" }),
		"a term of another list":                     bad(func(s *academicsession.SessionOpened) { s.Term = domain.EdFi("GradeLevel", "NinthGrade") }),
		"a session that ends before it begins":       bad(func(s *academicsession.SessionOpened) { s.EndDate = "2025-09-14" }),
		"a session of two years":                     bad(func(s *academicsession.SessionOpened) { s.EndDate = "2027-09-14" }),
		"a session that begins on no day":            bad(func(s *academicsession.SessionOpened) { s.BeginDate = "" }),
		"a session of one day":                       {When: open(func(s *academicsession.SessionOpened) { s.EndDate = s.BeginDate }), Then: f{oneDay}},
		"a session is finalized":                     {Given: f{opened}, When: academicsession.Finalize{FinalizedOn: "2026-01-10", Today: today}, Then: f{final}},
		"finalized again the same day":               {Given: f{opened, final}, When: academicsession.Finalize{FinalizedOn: "2026-01-10", Today: today}},
		"finalized another day":                      {Given: f{opened, final}, When: academicsession.Finalize{FinalizedOn: "2026-01-11", Today: today}, Code: "session_finalized"},
		"finalized before it began":                  {Given: f{opened}, When: academicsession.Finalize{FinalizedOn: "2025-09-14", Today: today}, Code: "invalid_field"},
		"finalized tomorrow":                         {Given: f{opened}, When: academicsession.Finalize{FinalizedOn: "2026-01-21", Today: today}, Code: "date_in_future"},
		"finalized on no day":                        {Given: f{opened}, When: academicsession.Finalize{Today: today}, Code: "invalid_field"},
		"a session that is not there, not finalized": {When: academicsession.Finalize{FinalizedOn: "2026-01-10", Today: today}, Code: "not_found"},
	})
}

var oneDay = func() academicsession.SessionOpened {
	s := opened
	s.EndDate = s.BeginDate
	return s
}()

func TestSpanIncludesTheLastDay(t *testing.T) {
	s := academicsession.Decider.Fold(academicsession.State{}, opened)
	if !s.Span().Holds("2025-12-20") || s.Span().Holds("2025-12-21") || s.Finalized() || !s.Opened() {
		t.Errorf("%+v, span %+v", s, s.Span())
	}
	if !academicsession.Decider.Fold(s, final).Finalized() {
		t.Error("a finalized session is not finalized")
	}
}
