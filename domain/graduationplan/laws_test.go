package graduationplan_test

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sijil/domain"
	"sijil/domain/graduationplan"
)

var courses = []domain.ID{maths, arabic, sport}

// quarter draws a score out of twenty, by quarters.
func quarter(t *rapid.T, label string) domain.Decimal {
	return domain.Decimal(rapid.Int64Range(0, 80).Draw(t, label) * 250_000)
}

// anyPlan draws a plan that can be published.
func anyPlan(t *rapid.T) graduationplan.GraduationPlanPublished {
	p := baccalaureate()
	r := &p.Requirements
	r.PassMark, r.MinAverage = dec("10"), quarter(t, "minimum average")
	r.Rounding.Step = rapid.SampledFrom([]domain.Decimal{0, dec("0.01"), dec("0.25"), dec("1")}).Draw(t, "rounding")
	r.CreditPoint = domain.Whole(rapid.Int64Range(0, 60).Draw(t, "credits"))
	r.MaxAttempts = rapid.IntRange(0, 3).Draw(t, "attempts")
	r.CountedAttempt = rapid.SampledFrom([]graduationplan.CountedAttempt{graduationplan.Last, graduationplan.Best}).Draw(t, "counted")
	r.Compensation = graduationplan.Compensation{}
	if rapid.Bool().Draw(t, "compensation") {
		r.Compensation = graduationplan.Compensation{MaxCourses: rapid.IntRange(1, 3).Draw(t, "carried"), Average: dec("10"), Floor: quarter(t, "floor")}
	}
	r.Courses = nil
	for _, id := range courses {
		c := graduationplan.CourseRequirement{
			Course: id, Coefficient: domain.Whole(rapid.Int64Range(1, 5).Draw(t, "coefficient")),
			Credits: domain.Whole(rapid.Int64Range(0, 30).Draw(t, "course credits")), Transferable: rapid.Bool().Draw(t, "transferable"),
		}
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			c.EliminatoryMark = quarter(t, "eliminatory")
		case 1:
			c.GradingPeriods = []graduationplan.WeightedPeriod{{GradingPeriod: term1, Weight: dec("1")}, {GradingPeriod: final, Weight: dec("2")}}
		case 2:
			c.Coefficient, c.AcceptedResults = 0, []domain.Descriptor{pass}
		}
		r.Courses = append(r.Courses, c)
	}
	if !slices.ContainsFunc(r.Courses, func(c graduationplan.CourseRequirement) bool { return c.Coefficient > 0 }) {
		r.MinAverage, r.PassMark, r.GradingScheme, r.Compensation = 0, 0, "", graduationplan.Compensation{}
	}
	scale := &twenty
	if r.GradingScheme == "" {
		scale = nil
	}
	if _, err := graduationplan.Decider.Decide(graduationplan.State{}, graduationplan.Publish{Plan: p, ProgramKnown: true, Scale: scale}); err != nil {
		t.Fatalf("the plan drawn cannot be published: %v", err)
	}
	return p
}

func anyResults(t *rapid.T) graduationplan.Results {
	course := rapid.SampledFrom(append(courses[:3:3], other))
	grade := rapid.Custom(func(t *rapid.T) graduationplan.Grade {
		g := graduationplan.Grade{
			Course: course.Draw(t, "course"), GradingPeriod: rapid.SampledFrom([]domain.Descriptor{term1, final, ""}).Draw(t, "period"),
			Assessment: rapid.SampledFrom([]string{"", "", "DS"}).Draw(t, "paper"), Attempt: rapid.IntRange(1, 4).Draw(t, "attempt"),
			GradingScheme: scheme, Score: quarter(t, "score"), Coefficient: domain.Whole(rapid.Int64Range(0, 3).Draw(t, "weight")),
		}
		switch rapid.IntRange(0, 12).Draw(t, "status") {
		case 0:
			g.Status, g.Score = graduationplan.Absent, 0
		case 1:
			g.Status, g.Score = graduationplan.Excused, 0
		case 2:
			g.Status, g.Score = graduationplan.Exempt, 0
		case 3:
			g.Status, g.Score = graduationplan.Incomplete, 0
		case 4:
			g.GradingScheme = other
		}
		return g
	})
	result := rapid.Custom(func(t *rapid.T) graduationplan.CourseResult {
		return graduationplan.CourseResult{Course: course.Draw(t, "course"), Attempt: rapid.IntRange(1, 4).Draw(t, "attempt"), Result: rapid.SampledFrom([]domain.Descriptor{pass, fail}).Draw(t, "result")}
	})
	credit := rapid.Custom(func(t *rapid.T) graduationplan.Credit {
		return graduationplan.Credit{Course: course.Draw(t, "course"), Credits: domain.Whole(rapid.Int64Range(0, 20).Draw(t, "credits"))}
	})
	jury := rapid.Custom(func(t *rapid.T) graduationplan.JuryDecision {
		return graduationplan.JuryDecision{Course: course.Draw(t, "course"), Passed: rapid.Bool().Draw(t, "passed")}
	})
	return graduationplan.Results{
		Grades: rapid.SliceOfN(grade, 0, 14).Draw(t, "grades"), CourseResults: rapid.SliceOfN(result, 0, 4).Draw(t, "results"),
		Credits: rapid.SliceOfN(credit, 0, 3).Draw(t, "credits"), JuryDecisions: rapid.SliceOfN(jury, 0, 2).Draw(t, "juries"),
	}
}

// TestTheSameResultsInAnyOrderGiveTheSameAssessment is what replay rests on.
func TestTheSameResultsInAnyOrderGiveTheSameAssessment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan, results := anyPlan(t), anyResults(t)
		first := graduationplan.Assess(plan, results)
		shuffled := graduationplan.Results{
			Grades:        rapid.Permutation(results.Grades).Draw(t, "grades' order"),
			CourseResults: rapid.Permutation(results.CourseResults).Draw(t, "results' order"),
			Credits:       rapid.Permutation(results.Credits).Draw(t, "credits' order"),
			JuryDecisions: rapid.Permutation(results.JuryDecisions).Draw(t, "juries' order"),
		}
		if second := graduationplan.Assess(plan, shuffled); !reflect.DeepEqual(first, second) {
			t.Fatalf("in another order it finds\n%s\nand before\n%s", found(second), found(first))
		}
	})
}

// TestAnAssessmentHangsTogether: met means no gap; every unmet course has its gap and every gap
// its reason; averages lie between the marks; nothing of other courses counts but credits.
func TestAnAssessmentHangsTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan, results := anyPlan(t), anyResults(t)
		a := graduationplan.Assess(plan, results)
		if (a.Outcome == graduationplan.Met) != (len(a.Gaps) == 0) {
			t.Fatalf("%s", found(a))
		}
		gaps := map[domain.ID]int{}
		for _, g := range a.Gaps {
			if g.Code == "" || g.Achieved != nil && g.Required == nil {
				t.Fatalf("a gap without reason in %s", found(a))
			}
			gaps[g.Course]++
		}
		low, high := domain.Whole(21), domain.Decimal(-1)
		for i, c := range a.Courses {
			if c.Course != plan.Requirements.Courses[i].Course || c.Met != (gaps[c.Course] == 0) || gaps[c.Course] > 1 {
				t.Fatalf("course %d and its gaps do not fit in %s", i, found(a))
			}
			if c.Compensated && (!c.Met || c.Average == nil || *c.Average >= plan.Requirements.PassMark) {
				t.Fatalf("course %d was not in need of compensation in %s", i, found(a))
			}
			if c.Average != nil && plan.Requirements.Courses[i].Coefficient > 0 {
				low, high = min(low, *c.Average), max(high, *c.Average)
			}
		}
		// Rounding keeps the average between the courses', since they are multiples of the same step.
		if a.Average != nil && (*a.Average < low || *a.Average > high) {
			t.Fatalf("the average %s lies outside %s to %s", a.Average, low, high)
		}
		kept := slices.DeleteFunc(slices.Clone(results.Grades), func(g graduationplan.Grade) bool { return g.Course == other })
		if b := graduationplan.Assess(plan, graduationplan.Results{Grades: kept, CourseResults: results.CourseResults, Credits: results.Credits, JuryDecisions: results.JuryDecisions}); !reflect.DeepEqual(a, b) {
			t.Fatalf("a mark in another course changes it to %s from %s", found(b), found(a))
		}
	})
}

// TestABetterMarkNeverHurts: raising one score that counts turns no met plan into an unmet one.
func TestABetterMarkNeverHurts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan, results := anyPlan(t), anyResults(t)
		before := graduationplan.Assess(plan, results)
		if len(results.Grades) == 0 {
			return
		}
		i := rapid.IntRange(0, len(results.Grades)-1).Draw(t, "which")
		better := slices.Clone(results.Grades)
		if better[i].Status != graduationplan.Scored {
			return
		}
		better[i].Score = min(domain.Whole(20), better[i].Score+quarter(t, "more"))
		results.Grades = better
		if after := graduationplan.Assess(plan, results); before.Outcome == graduationplan.Met && after.Outcome != graduationplan.Met {
			t.Fatalf("a better mark turned\n%s\ninto\n%s", found(before), found(after))
		}
	})
}
