package graduationplan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sijil/domain"
	"sijil/domain/graduationplan"
)

func mark(course domain.ID, score string, change ...func(*graduationplan.Grade)) graduationplan.Grade {
	g := graduationplan.Grade{Course: course, Attempt: 1, GradingScheme: scheme, Score: dec(score)}
	for _, f := range change {
		f(&g)
	}
	return g
}

func in(p domain.Descriptor) func(*graduationplan.Grade) {
	return func(g *graduationplan.Grade) { g.GradingPeriod = p }
}

func paper(name, coefficient string) func(*graduationplan.Grade) {
	return func(g *graduationplan.Grade) { g.Assessment, g.Coefficient = name, dec(coefficient) }
}

func attempt(n int) func(*graduationplan.Grade) {
	return func(g *graduationplan.Grade) { g.Attempt = n }
}

func not(s graduationplan.Status) func(*graduationplan.Grade) {
	return func(g *graduationplan.Grade) { g.Status, g.GradingScheme, g.Score = s, "", 0 }
}

func marks(g ...graduationplan.Grade) graduationplan.Results {
	return graduationplan.Results{Grades: g}
}

// found writes an assessment as one line: outcome, average, credits, gaps.
func found(a graduationplan.Assessment) string {
	name := map[domain.ID]string{maths: "maths", arabic: "arabic", sport: "sport"}
	var b strings.Builder
	fmt.Fprintf(&b, "%s", a.Outcome)
	if a.Average != nil {
		fmt.Fprintf(&b, " average=%s", a.Average)
	}
	fmt.Fprintf(&b, " credits=%s", a.EarnedCredits)
	for _, g := range a.Gaps {
		fmt.Fprintf(&b, " %s", g.Code)
		if g.Course != "" {
			fmt.Fprintf(&b, "(%s)", name[g.Course])
		}
		if g.Required != nil {
			fmt.Fprintf(&b, "[%s", g.Required)
			if g.Achieved != nil {
				fmt.Fprintf(&b, ">%s", g.Achieved)
			}
			b.WriteString("]")
		}
	}
	for _, c := range a.Courses {
		if c.Compensated {
			fmt.Fprintf(&b, " compensated(%s)", name[c.Course])
		}
	}
	return b.String()
}

func TestAssess(t *testing.T) {
	edit := func(change func(*graduationplan.Requirements)) graduationplan.GraduationPlanPublished {
		p := baccalaureate()
		p.Requirements.Courses = slices.Clone(p.Requirements.Courses)
		change(&p.Requirements)
		return p
	}
	bac := baccalaureate()
	byResult := edit(func(r *graduationplan.Requirements) {
		*r = graduationplan.Requirements{Courses: []graduationplan.CourseRequirement{{Course: maths, Credits: dec("60"), AcceptedResults: []domain.Descriptor{pass, distinction}}}, MaxAttempts: 2}
	})
	periods := edit(func(r *graduationplan.Requirements) {
		r.Courses = []graduationplan.CourseRequirement{{Course: maths, Coefficient: dec("1"), GradingPeriods: []graduationplan.WeightedPeriod{{GradingPeriod: term1, Weight: dec("1")}, {GradingPeriod: final, Weight: dec("2")}}}}
		r.Compensation = graduationplan.Compensation{}
	})
	alone := edit(func(r *graduationplan.Requirements) {
		r.Courses = r.Courses[:1]
		r.Compensation = graduationplan.Compensation{}
	})
	best := edit(func(r *graduationplan.Requirements) { r.Courses, r.CountedAttempt = r.Courses[:1], graduationplan.Best })
	german := edit(func(r *graduationplan.Requirements) {
		*r = graduationplan.Requirements{
			GradingScheme: scheme, LowerIsBetter: true, PassMark: dec("4"), MinAverage: dec("3.5"), AbsentScore: dec("6"), Rounding: graduationplan.Rounding{Step: dec("0.1")},
			Compensation: graduationplan.Compensation{MaxCourses: 1, Average: dec("3"), Floor: dec("5")}, CountedAttempt: graduationplan.Best,
			Courses: []graduationplan.CourseRequirement{{Course: maths, Coefficient: dec("1"), EliminatoryMark: dec("5.5")}, {Course: arabic, Coefficient: dec("1")}},
		}
	})
	credits := edit(func(r *graduationplan.Requirements) { r.CreditPoint = dec("62.5") })

	for name, x := range map[string]struct {
		plan graduationplan.GraduationPlanPublished
		with graduationplan.Results
		want string
	}{
		"everything passed":                 {bac, marks(mark(maths, "12"), mark(arabic, "14"), mark(sport, "16")), "met average=13.14 credits=60"},
		"the pass mark passes":              {bac, marks(mark(maths, "10"), mark(arabic, "10"), mark(sport, "10")), "met average=10 credits=60"},
		"nothing recorded":                  {bac, marks(), "unmet credits=0 course_missing(maths) course_missing(arabic) course_missing(sport) average_missing[9]"},
		"a course never taken":              {bac, marks(mark(maths, "12"), mark(arabic, "14")), "unmet average=12.67 credits=50 course_missing(sport)"},
		"a good average carries one":        {bac, marks(mark(maths, "15"), mark(arabic, "8"), mark(sport, "10")), "met average=12.29 credits=60 compensated(arabic)"},
		"the floor itself is carried":       {bac, marks(mark(maths, "15"), mark(arabic, "7"), mark(sport, "10")), "met average=12 credits=60 compensated(arabic)"},
		"below the floor nothing is":        {bac, marks(mark(maths, "15"), mark(arabic, "6.99"), mark(sport, "10")), "unmet average=12 credits=40 course_failed(arabic)[10>6.99]"},
		"two failed are one too many":       {bac, marks(mark(maths, "15"), mark(arabic, "8"), mark(sport, "9")), "unmet average=12.14 credits=30 course_failed(arabic)[10>8] course_failed(sport)[10>9]"},
		"a weak average carries nothing":    {bac, marks(mark(maths, "10"), mark(arabic, "8"), mark(sport, "10")), "unmet average=9.43 credits=40 course_failed(arabic)[10>8]"},
		"an average too low":                {bac, marks(mark(maths, "8"), mark(arabic, "10"), mark(sport, "10")), "unmet average=8.86 credits=30 course_failed(maths)[10>8] average_too_low[9>8.86]"},
		"an eliminatory mark":               {bac, marks(mark(maths, "4.99"), mark(arabic, "20"), mark(sport, "20")), "unmet average=11.42 credits=30 eliminatory_mark(maths)[5>4.99]"},
		"the eliminatory mark itself is no": {bac, marks(mark(maths, "7"), mark(arabic, "20"), mark(sport, "20")), "met average=12.57 credits=60 compensated(maths)"},
		"a mark in another scheme":          {bac, marks(mark(maths, "4", func(g *graduationplan.Grade) { g.GradingScheme = other }), mark(arabic, "14"), mark(sport, "16")), "unmet average=14.67 credits=30 grade_in_other_scheme(maths)"},
		"an unfinished course":              {bac, marks(mark(maths, "0", not(graduationplan.Incomplete)), mark(arabic, "14"), mark(sport, "16")), "unmet average=14.67 credits=30 grade_incomplete(maths)"},
		"an absence counts as zero":         {bac, marks(mark(maths, "12"), mark(arabic, "14"), mark(sport, "0", not(graduationplan.Absent))), "unmet average=10.86 credits=50 course_failed(sport)[10>0]"},
		"an excuse leaves nothing":          {bac, marks(mark(maths, "12"), mark(arabic, "14"), mark(sport, "0", not(graduationplan.Excused))), "unmet average=12.67 credits=50 grade_missing(sport)"},
		"an exemption meets":                {bac, marks(mark(maths, "12"), mark(arabic, "14"), mark(sport, "0", not(graduationplan.Exempt))), "met average=12.67 credits=60"},
		"transferred credit meets":          {bac, graduationplan.Results{Grades: []graduationplan.Grade{mark(maths, "12"), mark(arabic, "14")}, Credits: []graduationplan.Credit{{Course: sport, Credits: dec("8")}}}, "met average=12.67 credits=60"},
		"where the plan says so":            {bac, graduationplan.Results{Grades: []graduationplan.Grade{mark(maths, "12"), mark(sport, "14")}, Credits: []graduationplan.Credit{{Course: arabic, Credits: dec("8")}}}, "unmet average=12.4 credits=48 course_missing(arabic)"},
		"no credit is no credit":            {bac, graduationplan.Results{Grades: []graduationplan.Grade{mark(maths, "12"), mark(arabic, "14")}, Credits: []graduationplan.Credit{{Course: sport}}}, "unmet average=12.67 credits=50 course_missing(sport)"},
		"a jury passes a failed course":     {bac, graduationplan.Results{Grades: []graduationplan.Grade{mark(maths, "4"), mark(arabic, "14"), mark(sport, "16")}, JuryDecisions: []graduationplan.JuryDecision{{Course: maths, Passed: true}}}, "unmet average=8.57 credits=60 average_too_low[9>8.57]"},
		"a jury refuses a passed one":       {bac, graduationplan.Results{Grades: []graduationplan.Grade{mark(maths, "14"), mark(arabic, "14"), mark(sport, "16")}, JuryDecisions: []graduationplan.JuryDecision{{Course: sport}}}, "unmet average=14.29 credits=50 jury_refused(sport)"},
		"of two juries the refusal counts":  {bac, graduationplan.Results{Grades: []graduationplan.Grade{mark(maths, "14"), mark(arabic, "14"), mark(sport, "16")}, JuryDecisions: []graduationplan.JuryDecision{{Course: sport, Passed: true}, {Course: sport}}}, "unmet average=14.29 credits=50 jury_refused(sport)"},
		"credits beside the plan's courses": {credits, graduationplan.Results{Grades: []graduationplan.Grade{mark(maths, "12"), mark(arabic, "14"), mark(sport, "16")}, Credits: []graduationplan.Credit{{Course: other, Credits: dec("2.5")}}}, "met average=13.14 credits=62.5"},
		"credits that are missing":          {credits, marks(mark(maths, "12"), mark(arabic, "14"), mark(sport, "16")), "unmet average=13.14 credits=60 credits_missing[62.5>60]"},
		"credits are not counted twice":     {credits, graduationplan.Results{Grades: []graduationplan.Grade{mark(maths, "12"), mark(arabic, "14"), mark(sport, "16")}, Credits: []graduationplan.Credit{{Course: maths, Credits: dec("30")}}}, "unmet average=13.14 credits=60 credits_missing[62.5>60]"},

		"the mean of the terms":              {alone, marks(mark(maths, "9", in(term1)), mark(maths, "12", in(term2))), "met average=10.5 credits=30"},
		"half a hundredth rounds up":         {alone, marks(mark(maths, "9.99", in(term1)), mark(maths, "10", in(term2))), "met average=10 credits=30"},
		"less does not":                      {alone, marks(mark(maths, "9.99", in(term1)), mark(maths, "9.99", in(term2)), mark(maths, "10", in(final))), "unmet average=9.99 credits=0 course_failed(maths)[10>9.99]"},
		"papers by coefficient":              {alone, marks(mark(maths, "8", paper("DS1", "1")), mark(maths, "11", paper("DS2", "2"))), "met average=10 credits=30"},
		"the period's own grade stands":      {alone, marks(mark(maths, "2", paper("DS1", "1")), mark(maths, "11")), "met average=11 credits=30"},
		"an excused paper is left out":       {alone, marks(mark(maths, "0", paper("DS1", "1"), not(graduationplan.Excused)), mark(maths, "11", paper("DS2", "2"))), "met average=11 credits=30"},
		"periods by the plan's weights":      {periods, marks(mark(maths, "7", in(term1)), mark(maths, "12", in(final))), "met average=10.33 credits=0"},
		"a period that must be marked":       {periods, marks(mark(maths, "17", in(term1))), "unmet credits=0 grade_missing(maths) average_missing[9]"},
		"a period the plan does not know":    {periods, marks(mark(maths, "7", in(term1)), mark(maths, "12", in(final)), mark(maths, "20", in(term2))), "met average=10.33 credits=0"},
		"nor one unfinished there":           {periods, marks(mark(maths, "7", in(term1)), mark(maths, "12", in(final)), mark(maths, "0", in(term2), not(graduationplan.Incomplete))), "met average=10.33 credits=0"},
		"marks in no period that counts":     {periods, marks(mark(maths, "17", in(term2))), "unmet credits=0 grade_missing(maths) average_missing[9]"},
		"an exempt period drops its weight":  {periods, marks(mark(maths, "0", in(term1), not(graduationplan.Exempt)), mark(maths, "12", in(final))), "met average=12 credits=0"},
		"the last attempt counts":            {alone, marks(mark(maths, "12"), mark(maths, "9", attempt(2))), "unmet average=9 credits=0 course_failed(maths)[10>9]"},
		"or the best":                        {best, marks(mark(maths, "12"), mark(maths, "9", attempt(2))), "met average=12 credits=30"},
		"a resit in another scheme is not":   {best, marks(mark(maths, "12"), mark(maths, "90", attempt(2), func(g *graduationplan.Grade) { g.GradingScheme = other })), "met average=12 credits=30"},
		"nor an unfinished one":              {best, marks(mark(maths, "12"), mark(maths, "0", attempt(2), not(graduationplan.Incomplete))), "met average=12 credits=30"},
		"an absent resit is not the best":    {best, marks(mark(maths, "12"), mark(maths, "0", attempt(2), not(graduationplan.Excused))), "met average=12 credits=30"},
		"a resit replaces its paper only":    {alone, marks(mark(maths, "6", paper("exam", "2")), mark(maths, "12", paper("DS", "1")), mark(maths, "9", paper("exam", "2"), attempt(2))), "met average=10 credits=30"},
		"an attempt too many":                {alone, marks(mark(maths, "8"), mark(maths, "9", attempt(2)), mark(maths, "15", attempt(3))), "unmet average=9 credits=0 attempts_exceeded(maths)[10>9]"},
		"an attempt too many after passing":  {alone, marks(mark(maths, "11"), mark(maths, "2", attempt(3))), "met average=11 credits=30"},
		"nothing but an attempt too many":    {alone, marks(mark(maths, "15", attempt(3))), "unmet credits=0 attempts_exceeded(maths) average_missing[9]"},
		"lower is better":                    {german, marks(mark(maths, "2"), mark(arabic, "4")), "met average=3 credits=0"},
		"and the worst is eliminatory":       {german, marks(mark(maths, "5.6"), mark(arabic, "1")), "unmet average=3.3 credits=0 eliminatory_mark(maths)[5.5>5.6]"},
		"a German compensation":              {german, marks(mark(maths, "1"), mark(arabic, "5")), "met average=3 credits=0 compensated(arabic)"},
		"has a floor":                        {german, marks(mark(maths, "1"), mark(arabic, "5.1")), "unmet average=3.1 credits=0 course_failed(arabic)[4>5.1]"},
		"the best German attempt":            {german, marks(mark(maths, "2"), mark(arabic, "5"), mark(arabic, "3", attempt(2))), "met average=2.5 credits=0"},
		"a recorded pass":                    {byResult, graduationplan.Results{CourseResults: []graduationplan.CourseResult{{Course: maths, Attempt: 1, Result: pass}}}, "met credits=60"},
		"a recorded distinction":             {byResult, graduationplan.Results{CourseResults: []graduationplan.CourseResult{{Course: maths, Attempt: 1, Result: distinction}}}, "met credits=60"},
		"a recorded fail":                    {byResult, graduationplan.Results{CourseResults: []graduationplan.CourseResult{{Course: maths, Attempt: 1, Result: fail}}}, "unmet credits=0 course_failed(maths)"},
		"no recorded result, whatever marks": {byResult, marks(mark(maths, "20")), "unmet credits=0 course_missing(maths)"},
		"a pass after a fail":                {byResult, graduationplan.Results{CourseResults: []graduationplan.CourseResult{{Course: maths, Attempt: 2, Result: pass}, {Course: maths, Attempt: 1, Result: fail}}}, "met credits=60"},
		"a fail after a pass":                {byResult, graduationplan.Results{CourseResults: []graduationplan.CourseResult{{Course: maths, Attempt: 2, Result: fail}, {Course: maths, Attempt: 1, Result: pass}}}, "unmet credits=0 course_failed(maths)"},
		"a pass in an attempt too many":      {byResult, graduationplan.Results{CourseResults: []graduationplan.CourseResult{{Course: maths, Attempt: 3, Result: pass}}}, "unmet credits=0 attempts_exceeded(maths)"},
		"a pass in another course":           {byResult, graduationplan.Results{CourseResults: []graduationplan.CourseResult{{Course: arabic, Attempt: 1, Result: pass}}}, "unmet credits=0 course_missing(maths)"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := found(graduationplan.Assess(x.plan, x.with)); got != x.want {
				t.Errorf("found %s\n want %s", got, x.want)
			}
		})
	}
}
