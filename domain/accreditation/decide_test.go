package accreditation_test

import (
	"testing"

	"pgregory.net/rapid"

	"sijil/domain"
	"sijil/domain/accreditation"
	"sijil/internal/scenario"
)

type (
	c = scenario.Case[accreditation.Command, accreditation.Event]
	f = []accreditation.Event
)

const (
	agent  domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f01"
	school domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f02"
	maths  domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f03"
	other  domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f04"

	level domain.Descriptor = "uri://europa.eu/EqfLevelDescriptor#4"
)

var (
	granted = accreditation.AccreditationGranted{
		Institution: school, AccreditingAgent: agent, Program: maths, From: "2019-09-01", Until: "2025-09-01", Decision: "JORT 57",
	}
	suspended  = accreditation.AccreditationSuspended{From: "2021-01-01"}
	reinstated = accreditation.AccreditationReinstated{From: "2021-06-01"}
	withdrawn  = accreditation.AccreditationWithdrawn{From: "2023-01-01"}
	abInitio   = accreditation.AccreditationWithdrawn{From: "2019-09-01", AbInitio: true}
)

func grant(change ...func(*accreditation.GrantAccreditation)) accreditation.GrantAccreditation {
	g := accreditation.GrantAccreditation{
		By: agent, Institution: school, Program: maths, From: "2019-09-01", Until: "2025-09-01", Decision: "JORT 57",
		MayAccredit: true, InstitutionOperating: true,
	}
	for _, f := range change {
		f(&g)
	}
	return g
}

func TestDecide(t *testing.T) {
	bad := func(change func(*accreditation.GrantAccreditation), code string) c {
		return c{When: grant(change), Code: code}
	}
	next := func(from domain.Date) accreditation.GrantAccreditation {
		return grant(func(g *accreditation.GrantAccreditation) { g.From, g.Until = from, "" })
	}
	endless := accreditation.AccreditationGranted{
		Institution: school, AccreditingAgent: agent, Program: maths, From: "2025-09-01", Decision: "JORT 57",
	}
	again := endless
	again.From = "2023-01-01"
	scenario.Run(t, accreditation.Decider, map[string]c{
		"an agent grants":                               {When: grant(), Then: f{granted}},
		"a grant for a whole level":                     {When: grant(func(g *accreditation.GrantAccreditation) { g.Program, g.Level = "", level }), Then: f{accreditation.AccreditationGranted{Institution: school, AccreditingAgent: agent, Level: level, From: "2019-09-01", Until: "2025-09-01", Decision: "JORT 57"}}},
		"the same grant again changes nothing":          {Given: f{granted}, When: grant()},
		"a school does not accredit":                    bad(func(g *accreditation.GrantAccreditation) { g.MayAccredit = false }, "not_an_accrediting_agent"),
		"nobody accredits itself":                       bad(func(g *accreditation.GrantAccreditation) { g.Institution = agent }, "invalid_field"),
		"a grant for nothing is refused":                bad(func(g *accreditation.GrantAccreditation) { g.Program = "" }, "invalid_field"),
		"a grant for program and level is refused":      bad(func(g *accreditation.GrantAccreditation) { g.Level = level }, "invalid_field"),
		"a grant that ends before it begins is refused": bad(func(g *accreditation.GrantAccreditation) { g.Until = "2019-09-01" }, "invalid_field"),
		"a grant from no day is refused":                bad(func(g *accreditation.GrantAccreditation) { g.From = "soon" }, "invalid_field"),
		"a decision of two lines is refused":            bad(func(g *accreditation.GrantAccreditation) { g.Decision = "a\nb" }, "invalid_field"),
		"a closed school is not accredited":             bad(func(g *accreditation.GrantAccreditation) { g.InstitutionOperating = false }, "institution_not_operating"),
		"a second grant on the days of the first":       {Given: f{granted}, When: next("2024-01-01"), Code: "already_accredited"},
		"a second grant after the first":                {Given: f{granted}, When: next("2025-09-01"), Then: f{endless}},
		"nothing comes after a grant without end":       {Given: f{granted, endless}, When: next("2040-01-01"), Code: "already_accredited"},
		"a second grant after a withdrawal":             {Given: f{granted, withdrawn}, When: next("2023-01-01"), Then: f{again}},
		"another agent's grant in this stream":          {Given: f{granted}, When: grant(func(g *accreditation.GrantAccreditation) { g.By = other }), Code: "not_the_accrediting_agent"},

		"a renewal moves the end":                   {Given: f{granted}, When: accreditation.Renew{By: agent, Until: "2031-09-01"}, Then: f{accreditation.AccreditationRenewed{Until: "2031-09-01"}}},
		"a renewal for ever":                        {Given: f{granted}, When: accreditation.Renew{By: agent}, Then: f{accreditation.AccreditationRenewed{}}},
		"a renewal to the same end is none":         {Given: f{granted}, When: accreditation.Renew{By: agent, Until: "2025-09-01"}},
		"a renewal never shortens":                  {Given: f{granted}, When: accreditation.Renew{By: agent, Until: "2024-09-01"}, Code: "invalid_field"},
		"a grant without end is not renewed":        {Given: f{granted, endless}, When: accreditation.Renew{By: agent, Until: "2050-09-01"}, Code: "invalid_field"},
		"a withdrawn grant is not renewed":          {Given: f{granted, withdrawn}, When: accreditation.Renew{By: agent, Until: "2031-09-01"}, Code: "accreditation_withdrawn"},
		"only the agent renews":                     {Given: f{granted}, When: accreditation.Renew{By: school, Until: "2031-09-01"}, Code: "not_the_accrediting_agent"},
		"what was never granted is not renewed":     {When: accreditation.Renew{By: agent, Until: "2031-09-01"}, Code: "not_found"},
		"a suspension":                              {Given: f{granted}, When: accreditation.Suspend{By: agent, From: "2021-01-01"}, Then: f{suspended}},
		"only the agent suspends":                   {Given: f{granted}, When: accreditation.Suspend{By: other, From: "2021-01-01"}, Code: "not_the_accrediting_agent"},
		"a suspension outside the grant":            {Given: f{granted}, When: accreditation.Suspend{By: agent, From: "2025-09-01"}, Code: "date_out_of_order"},
		"a suspension of a suspended one":           {Given: f{granted, suspended}, When: accreditation.Suspend{By: agent, From: "2021-02-01"}, Code: "accreditation_suspended"},
		"a suspension before the last one's end":    {Given: f{granted, suspended, reinstated}, When: accreditation.Suspend{By: agent, From: "2021-03-01"}, Code: "date_out_of_order"},
		"a reinstatement":                           {Given: f{granted, suspended}, When: accreditation.Reinstate{By: agent, From: "2021-06-01"}, Then: f{reinstated}},
		"a reinstatement of what holds":             {Given: f{granted}, When: accreditation.Reinstate{By: agent, From: "2021-06-01"}, Code: "accreditation_not_suspended"},
		"a reinstatement before the suspension":     {Given: f{granted, suspended}, When: accreditation.Reinstate{By: agent, From: "2020-06-01"}, Code: "date_out_of_order"},
		"a withdrawal":                              {Given: f{granted}, When: accreditation.Withdraw{By: agent, From: "2023-01-01"}, Then: f{withdrawn}},
		"a withdrawal of a suspended one":           {Given: f{granted, suspended}, When: accreditation.Withdraw{By: agent, From: "2023-01-01"}, Then: f{withdrawn}},
		"a withdrawal again changes nothing":        {Given: f{granted, withdrawn}, When: accreditation.Withdraw{By: agent, From: "2023-01-01"}},
		"a second withdrawal is refused":            {Given: f{granted, withdrawn}, When: accreditation.Withdraw{By: agent, From: "2022-01-01"}, Code: "accreditation_withdrawn"},
		"only the agent withdraws":                  {Given: f{granted}, When: accreditation.Withdraw{By: school, From: "2023-01-01"}, Code: "not_the_accrediting_agent"},
		"a withdrawal as if it had never been":      {Given: f{granted, suspended, reinstated}, When: accreditation.Withdraw{By: agent, AbInitio: true}, Then: f{abInitio}},
		"a withdrawal on no day":                    {Given: f{granted}, When: accreditation.Withdraw{By: agent}, Code: "invalid_field"},
		"an agent that lost its grant loses no say": {Given: f{granted, withdrawn}, When: accreditation.Suspend{By: agent, From: "2023-02-01"}, Code: "accreditation_withdrawn"},
	})
}

func TestAccreditedOn(t *testing.T) {
	program := accreditation.Scope{Program: maths, Level: level}
	for name, x := range map[string]struct {
		given f
		scope accreditation.Scope
		yes   []domain.Date
		no    []domain.Date
	}{
		"from the first day to the day before the end": {f{granted}, program, []domain.Date{"2019-09-01", "2025-08-31"}, []domain.Date{"2019-08-31", "2025-09-01"}},
		"not for another program":                      {f{granted}, accreditation.Scope{Program: other, Level: level}, nil, []domain.Date{"2020-01-01"}},
		"not while suspended": {
			f{granted, suspended, reinstated},
			program,
			[]domain.Date{"2020-12-31", "2021-06-01"},
			[]domain.Date{"2021-01-01", "2021-05-31"},
		},
		"not from the withdrawal on":       {f{granted, withdrawn}, program, []domain.Date{"2022-12-31"}, []domain.Date{"2023-01-01"}},
		"never, when withdrawn ab initio":  {f{granted, abInitio}, program, nil, []domain.Date{"2019-09-01", "2020-01-01", "2024-01-01"}},
		"longer, when renewed":             {f{granted, accreditation.AccreditationRenewed{Until: "2031-09-01"}}, program, []domain.Date{"2031-08-31"}, []domain.Date{"2031-09-01"}},
		"for every program of a level":     {f{levelGranted}, accreditation.Scope{Program: other, Level: level}, []domain.Date{"2020-01-01"}, nil},
		"not for a program of no level":    {f{levelGranted}, accreditation.Scope{Program: other}, nil, []domain.Date{"2020-01-01"}},
		"not for a program of other level": {f{levelGranted}, accreditation.Scope{Program: other, Level: "uri://europa.eu/EqfLevelDescriptor#5"}, nil, []domain.Date{"2020-01-01"}},
		"never, when nothing was granted":  {nil, program, nil, []domain.Date{"2020-01-01"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := accreditation.Decider.Fold(accreditation.State{}, x.given...)
			for _, day := range x.yes {
				if !accreditation.AccreditedOn(s, x.scope, day) {
					t.Errorf("not accredited on %s", day)
				}
			}
			for _, day := range x.no {
				if accreditation.AccreditedOn(s, x.scope, day) {
					t.Errorf("accredited on %s", day)
				}
			}
		})
	}
}

var levelGranted = accreditation.AccreditationGranted{Institution: school, AccreditingAgent: agent, Level: level, From: "2019-09-01"}

// TestLaws: whatever is asked in whatever order, only the agent's word changes anything, grants never
// overlap, and nothing decided later than a day takes an earlier day's accreditation away, but
// for a withdrawal ab initio.
func TestLaws(t *testing.T) {
	day := rapid.Custom(func(t *rapid.T) domain.Date {
		return domain.Date("2020-01-01").AddDays(rapid.IntRange(0, 60).Draw(t, "day"))
	})
	by := rapid.SampledFrom([]domain.ID{agent, agent, agent, school})
	command := rapid.Custom(func(t *rapid.T) accreditation.Command {
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			g := grant()
			g.By, g.From, g.Until = by.Draw(t, "by"), day.Draw(t, "from"), ""
			if rapid.Bool().Draw(t, "ends") {
				g.Until = g.From.AddDays(rapid.IntRange(1, 40).Draw(t, "days"))
			}
			return g
		case 1:
			return accreditation.Renew{By: by.Draw(t, "by"), Until: day.Draw(t, "until")}
		case 2:
			return accreditation.Suspend{By: by.Draw(t, "by"), From: day.Draw(t, "from")}
		case 3:
			return accreditation.Reinstate{By: by.Draw(t, "by"), From: day.Draw(t, "from")}
		}
		return accreditation.Withdraw{By: by.Draw(t, "by"), From: day.Draw(t, "from"), AbInitio: rapid.IntRange(0, 9).Draw(t, "ab initio") == 0}
	})
	scope := accreditation.Scope{Program: maths}
	rapid.Check(t, func(t *rapid.T) {
		s := accreditation.Decider.Fold(accreditation.State{}, granted2020)
		for _, cmd := range rapid.SliceOfN(command, 1, 20).Draw(t, "commands") {
			facts, err := accreditation.Decider.Decide(s, cmd)
			if err != nil || len(facts) == 0 {
				continue
			}
			after := accreditation.Decider.Fold(s, facts...)
			if after.AccreditingAgent != agent {
				t.Fatalf("%T changed the agent", cmd)
			}
			if decider(cmd) != agent {
				t.Fatalf("%+v was decided by another", cmd)
			}
			var from domain.Date
			switch e := facts[0].(type) {
			case accreditation.AccreditationSuspended:
				from = e.From
			case accreditation.AccreditationReinstated:
				from = e.From
			case accreditation.AccreditationWithdrawn:
				from = e.From
				if e.AbInitio {
					s = after
					continue
				}
			default:
				from = "9999-12-31" // grants and renewals only add days
			}
			for d := domain.Date("2020-01-01"); d < "2020-05-01"; d = d.AddDays(1) {
				was, is := accreditation.AccreditedOn(s, scope, d), accreditation.AccreditedOn(after, scope, d)
				if was && !is && d < from {
					t.Fatalf("%+v took away %s", facts[0], d)
				}
			}
			s = after
		}
		for i, a := range s.Grants {
			for _, b := range s.Grants[i+1:] {
				for d := domain.Date("2020-01-01"); d < "2020-05-01"; d = d.AddDays(1) {
					if a.Holds(d) && b.Holds(d) {
						t.Fatalf("two grants hold on %s", d)
					}
				}
			}
		}
	})
}

var granted2020 = accreditation.AccreditationGranted{Institution: school, AccreditingAgent: agent, Program: maths, From: "2020-01-01", Until: "2020-02-01"}

func decider(cmd accreditation.Command) domain.ID {
	switch cmd := cmd.(type) {
	case accreditation.GrantAccreditation:
		return cmd.By
	case accreditation.Renew:
		return cmd.By
	case accreditation.Suspend:
		return cmd.By
	case accreditation.Reinstate:
		return cmd.By
	case accreditation.Withdraw:
		return cmd.By
	}
	return ""
}
