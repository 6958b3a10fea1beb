package graduationplan_test

import (
	"slices"
	"testing"

	"sijil/domain"
	"sijil/domain/graduationplan"
	"sijil/internal/scenario"
)

type (
	c = scenario.Case[graduationplan.Command, graduationplan.Event]
	f = []graduationplan.Event
)

const (
	ministry domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f01"
	program  domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f02"
	scheme   domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f03"
	maths    domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f04"
	arabic   domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f05"
	sport    domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f06"
	other    domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f09"
)

var (
	pass        = domain.EdFi("CourseAttemptResult", "Pass")
	fail        = domain.EdFi("CourseAttemptResult", "Fail")
	distinction = domain.Descriptor("uri://open.ac.uk/CourseAttemptResultDescriptor#Distinction")
	term1       = domain.EdFi("GradingPeriod", "FirstTrimester")
	term2       = domain.EdFi("GradingPeriod", "SecondTrimester")
	final       = domain.EdFi("GradingPeriod", "EndOfYear")
	twenty      = graduationplan.Scale{MinScore: 0, MaxScore: domain.Whole(20)}
)

func dec(s string) domain.Decimal {
	d, err := domain.ParseDecimal(s)
	if err != nil {
		panic(err)
	}
	return d
}

// baccalaureate is a plan of marks out of twenty with coefficients.
func baccalaureate() graduationplan.GraduationPlanPublished {
	return graduationplan.GraduationPlanPublished{
		EducationOrganization: ministry, IdentificationCode: "BAC", Name: domain.Text{"ar": "باكالوريا"}, Program: program,
		Version: 1, From: "2020-09-01", Requirements: graduationplan.Requirements{
			GradingScheme: scheme, PassMark: dec("10"), MinAverage: dec("9"), Rounding: graduationplan.Rounding{Step: dec("0.01")},
			Compensation: graduationplan.Compensation{MaxCourses: 1, Average: dec("10"), Floor: dec("7")}, MaxAttempts: 2,
			Courses: []graduationplan.CourseRequirement{
				{Course: maths, Coefficient: dec("4"), Credits: dec("30"), EliminatoryMark: dec("5")},
				{Course: arabic, Coefficient: dec("2"), Credits: dec("20")},
				{Course: sport, Coefficient: dec("1"), Credits: dec("10"), Transferable: true},
			},
		},
	}
}

func publish(change ...func(*graduationplan.Publish)) graduationplan.Publish {
	p := graduationplan.Publish{Plan: baccalaureate(), ProgramKnown: true, Scale: &twenty}
	p.Plan.Version = 0
	for _, f := range change {
		f(&p)
	}
	return p
}

func TestPublish(t *testing.T) {
	one := baccalaureate()
	version := func(n int, change func(*graduationplan.GraduationPlanPublished)) graduationplan.GraduationPlanPublished {
		v := baccalaureate()
		change(&v)
		v.Version = n
		return v
	}
	edit := func(change func(*graduationplan.Requirements)) graduationplan.Publish {
		return publish(func(p *graduationplan.Publish) { change(&p.Plan.Requirements) })
	}
	bad := func(change func(*graduationplan.Requirements)) c { return c{When: edit(change), Code: "invalid_field"} }
	badCourse := func(change func(*graduationplan.CourseRequirement)) c {
		return bad(func(r *graduationplan.Requirements) { change(&r.Courses[0]) })
	}
	later := func(p *graduationplan.Publish) { p.Plan.From = "2024-09-01" }
	lower := version(1, func(v *graduationplan.GraduationPlanPublished) { v.Requirements.LowerIsBetter = true })
	oulad := graduationplan.GraduationPlanPublished{
		EducationOrganization: ministry, IdentificationCode: "AAA", Name: domain.Text{"en": "AAA"}, Program: program, Version: 1, From: "2013-01-01",
		Requirements: graduationplan.Requirements{Courses: []graduationplan.CourseRequirement{{Course: maths, AcceptedResults: []domain.Descriptor{pass, distinction}}}},
	}
	scenario.Run(t, graduationplan.Decider, map[string]c{
		"the first version is number one":         {When: publish(), Then: f{one}},
		"a plan may ask for recorded results":     {When: graduationplan.Publish{Plan: oulad, ProgramKnown: true}, Then: f{oulad}},
		"the same version again changes nothing":  {Given: f{one}, When: publish()},
		"the next version begins later":           {Given: f{one}, When: publish(later), Then: f{version(2, func(v *graduationplan.GraduationPlanPublished) { v.From = "2024-09-01" })}},
		"a version that begins with the last one": {Given: f{one}, When: edit(func(r *graduationplan.Requirements) { r.PassMark = dec("9") }), Code: "date_out_of_order"},
		"a version of another program":            {Given: f{one}, When: publish(later, func(p *graduationplan.Publish) { p.Plan.Program = other }), Code: "other_plan"},
		"the scale says which score is better": {When: publish(func(p *graduationplan.Publish) {
			p.Scale = &graduationplan.Scale{MaxScore: dec("20"), LowerIsBetter: true}
		}), Then: f{lower}},
		"and nobody else": {When: edit(func(r *graduationplan.Requirements) { r.LowerIsBetter = true }), Then: f{one}},

		"an unknown program":                     {When: publish(func(p *graduationplan.Publish) { p.ProgramKnown = false }), Code: "program_unknown"},
		"an unknown scheme":                      {When: publish(func(p *graduationplan.Publish) { p.Scale = nil }), Code: "grading_scheme_unknown"},
		"an unknown course":                      {When: publish(func(p *graduationplan.Publish) { p.UnknownCourses = []domain.ID{sport} }), Code: "course_unknown"},
		"a plan without a code":                  {When: publish(func(p *graduationplan.Publish) { p.Plan.IdentificationCode = "" }), Code: "invalid_field"},
		"a plan without a name":                  {When: publish(func(p *graduationplan.Publish) { p.Plan.Name = nil }), Code: "invalid_field"},
		"a plan from no day":                     {When: publish(func(p *graduationplan.Publish) { p.Plan.From = "" }), Code: "invalid_field"},
		"a plan that ends before it begins":      {When: publish(func(p *graduationplan.Publish) { p.Plan.Until = "2020-09-01" }), Code: "invalid_field"},
		"a plan that asks for nothing":           bad(func(r *graduationplan.Requirements) { *r = graduationplan.Requirements{} }),
		"marks without a scheme":                 {When: publish(func(p *graduationplan.Publish) { p.Plan.Requirements.GradingScheme, p.Scale = "", nil }), Code: "invalid_field"},
		"a pass mark outside the scheme":         bad(func(r *graduationplan.Requirements) { r.PassMark = dec("21") }),
		"an average outside the scheme":          bad(func(r *graduationplan.Requirements) { r.MinAverage = dec("21") }),
		"an absence outside the scheme":          bad(func(r *graduationplan.Requirements) { r.AbsentScore = dec("-1") }),
		"an eliminatory mark outside the scheme": badCourse(func(c *graduationplan.CourseRequirement) { c.EliminatoryMark = dec("21") }),
		"a floor outside the scheme":             bad(func(r *graduationplan.Requirements) { r.Compensation.Floor = dec("21") }),
		"a compensation without an average":      bad(func(r *graduationplan.Requirements) { r.Compensation.Average = 0 }),
		"a compensation of no course":            bad(func(r *graduationplan.Requirements) { r.Compensation.MaxCourses = 0 }),
		"a compensation without a pass mark":     bad(func(r *graduationplan.Requirements) { r.PassMark = 0 }),
		"an average of courses without weight":   bad(func(r *graduationplan.Requirements) { r.Compensation = graduationplan.Compensation{}; unweigh(r) }),
		"a negative rounding":                    bad(func(r *graduationplan.Requirements) { r.Rounding.Step = -1 }),
		"negative attempts":                      bad(func(r *graduationplan.Requirements) { r.MaxAttempts = -1 }),
		"an attempt nobody counts":               bad(func(r *graduationplan.Requirements) { r.CountedAttempt = "first" }),
		"a course twice":                         bad(func(r *graduationplan.Requirements) { r.Courses = append(r.Courses, r.Courses[0]) }),
		"a course that is no id":                 badCourse(func(c *graduationplan.CourseRequirement) { c.Course = "" }),
		"a negative coefficient":                 badCourse(func(c *graduationplan.CourseRequirement) { c.Coefficient = -1 }),
		"negative credits":                       badCourse(func(c *graduationplan.CourseRequirement) { c.Credits = -1 }),
		"a result and a coefficient":             badCourse(func(c *graduationplan.CourseRequirement) { c.AcceptedResults = []domain.Descriptor{pass} }),
		"a result of another list": badCourse(func(c *graduationplan.CourseRequirement) {
			*c = graduationplan.CourseRequirement{Course: maths, AcceptedResults: []domain.Descriptor{term1}}
		}),
		"a grading period of another list": badCourse(func(c *graduationplan.CourseRequirement) {
			c.GradingPeriods = []graduationplan.WeightedPeriod{{GradingPeriod: pass, Weight: dec("1")}}
		}),
		"a grading period without weight": badCourse(func(c *graduationplan.CourseRequirement) {
			c.GradingPeriods = []graduationplan.WeightedPeriod{{GradingPeriod: term1}}
		}),
		"a grading period twice": badCourse(func(c *graduationplan.CourseRequirement) {
			c.GradingPeriods = []graduationplan.WeightedPeriod{{GradingPeriod: term1, Weight: dec("1")}, {GradingPeriod: term1, Weight: dec("2")}}
		}),
		"a scheme where no course asks for a mark": bad(func(r *graduationplan.Requirements) { *r = oulad.Requirements; r.GradingScheme = scheme }),
	})
}

func unweigh(r *graduationplan.Requirements) {
	r.Courses = slices.Clone(r.Courses)
	for i := range r.Courses {
		r.Courses[i].Coefficient = 0
	}
}

func TestTheVersionInForce(t *testing.T) {
	one, two := baccalaureate(), baccalaureate()
	one.Until = "2023-09-01"
	two.Version, two.From, two.Until = 2, "2024-09-01", ""
	three := two
	three.Version, three.From = 3, "2025-09-01"
	s := graduationplan.Decider.Fold(graduationplan.State{}, one, two, three)
	for day, want := range map[domain.Date]int{
		"2020-08-31": 0, "2020-09-01": 1, "2023-08-31": 1, "2023-09-01": 0, "2024-08-31": 0, "2024-09-01": 2, "2025-08-31": 2, "2025-09-01": 3, "2199-01-01": 3,
	} {
		v, ok := s.InForce(day)
		if ok != (want > 0) || ok && v.Version != want {
			t.Errorf("on %s version %d (%v) is in force, want %d", day, v.Version, ok, want)
		}
	}
	if v, ok := s.Version(2); !ok || v.From != two.From {
		t.Errorf("version 2 is %+v", v)
	}
	for _, n := range []int{0, -1, 4} {
		if _, ok := s.Version(n); ok {
			t.Errorf("there is a version %d", n)
		}
	}
}
