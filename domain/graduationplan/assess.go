package graduationplan

import (
	"slices"

	"sijil/domain"
)

// Results are what was recorded for one student, as it stands: amendments applied, voided
// entries left out. Their order means nothing.
type Results struct {
	Grades        []Grade
	CourseResults []CourseResult
	Credits       []Credit
	JuryDecisions []JuryDecision
}

// Grade is one mark in one scheme.
type Grade struct {
	Course        domain.ID
	GradingPeriod domain.Descriptor
	// Assessment is the examination or paper; empty for the period's own grade, which then
	// stands for the period whatever its papers brought.
	Assessment string
	// Attempt counts from 1.
	Attempt       int
	GradingScheme domain.ID
	// Score is the mark; a bare label stands for the score its scheme gives it.
	Score domain.Decimal
	// Status says why there is no score; [Scored] when there is one.
	Status Status
	// Coefficient is the weight among the period's grades; 0 counts as 1.
	Coefficient domain.Decimal
}

// Status says why a grade has no score.
type Status string

// The reasons, with what each counts as.
const (
	// Scored: there is a score.
	Scored Status = ""
	// Absent counts as the plan's AbsentScore.
	Absent Status = "absent"
	// Excused is left out.
	Excused Status = "excused"
	// Exempt is left out; a course of nothing but exemptions is met.
	Exempt Status = "exempt"
	// Incomplete leaves the course unmet until it is completed.
	Incomplete Status = "incomplete"
)

// CourseResult is how an attempt at a course ended.
type CourseResult struct {
	Course  domain.ID
	Attempt int
	Result  domain.Descriptor
}

// Credit is credits awarded for a course, here or by recognition.
type Credit struct {
	Course  domain.ID
	Credits domain.Decimal
}

// JuryDecision is a jury's word about one course; it goes before any mark.
type JuryDecision struct {
	Course domain.ID
	Passed bool
}

// Outcome is what an assessment found.
type Outcome string

// The two outcomes.
const (
	Met   Outcome = "met"
	Unmet Outcome = "unmet"
)

// Gap is one requirement that is not fulfilled.
type Gap struct {
	// Code is one of: course_missing, grade_missing, grade_incomplete, grade_in_other_scheme,
	// course_failed, eliminatory_mark, attempts_exceeded, jury_refused, credits_missing, average_missing,
	// average_too_low.
	Code string
	// Course is what it is about; empty for the plan as a whole.
	Course domain.ID
	// Required and Achieved are marks or credits, nil where there is none.
	Required, Achieved *domain.Decimal
}

// CourseOutcome is how one required course was found.
type CourseOutcome struct {
	Course domain.ID
	Met    bool
	// Average is the rounded course average; nil where none counts.
	Average *domain.Decimal
	// Compensated: failed, and carried by the general average.
	Compensated bool
}

// Assessment is a plan held against a record.
type Assessment struct {
	// Outcome is Met when there is no gap.
	Outcome Outcome
	// Gaps in the order of the plan's courses, then those of the plan as a whole.
	Gaps          []Gap
	EarnedCredits domain.Decimal
	// Average is the general average; nil when no course with a coefficient has one.
	Average *domain.Decimal
	Courses []CourseOutcome
}

// Assess compares results with a version of a plan. It is a pure function: the same
// version and the same results, in any order, give the same assessment for ever.
func Assess(version GraduationPlanPublished, results Results) Assessment {
	plan := version.Requirements
	courses := make([]judged, len(plan.Courses))
	for i, c := range plan.Courses {
		courses[i] = plan.judge(c, results)
	}
	a := Assessment{Average: plan.generalAverage(courses)}
	plan.compensate(courses, a.Average)
	for _, c := range courses {
		a.Courses = append(a.Courses, CourseOutcome{c.requirement.Course, c.gap == nil, c.average, c.compensated})
		if c.gap != nil {
			a.Gaps = append(a.Gaps, *c.gap)
		}
	}
	a.EarnedCredits = plan.credits(courses, results.Credits)
	if a.EarnedCredits < plan.CreditPoint {
		a.Gaps = append(a.Gaps, Gap{Code: "credits_missing", Required: &plan.CreditPoint, Achieved: ptr(a.EarnedCredits)})
	}
	if plan.MinAverage != 0 {
		switch {
		case a.Average == nil:
			a.Gaps = append(a.Gaps, Gap{Code: "average_missing", Required: &plan.MinAverage})
		case plan.worse(*a.Average, plan.MinAverage):
			a.Gaps = append(a.Gaps, Gap{Code: "average_too_low", Required: &plan.MinAverage, Achieved: ptr(*a.Average)})
		}
	}
	a.Outcome = Unmet
	if len(a.Gaps) == 0 {
		a.Outcome = Met
	}
	return a
}

// judged is a required course and what was found; gap is nil when it is met.
type judged struct {
	requirement CourseRequirement
	average     *domain.Decimal
	gap         *Gap
	compensated bool
}

// worse reports whether mark a is worse than b.
func (r Requirements) worse(a, b domain.Decimal) bool {
	if r.LowerIsBetter {
		return a > b
	}
	return a < b
}

// judge looks at one course on its own. A jury's word goes first, then transferred credit,
// then the recorded result or the marks.
func (r Requirements) judge(c CourseRequirement, all Results) judged {
	j := judged{requirement: c}
	if len(c.AcceptedResults) > 0 {
		j.gap = r.result(c, all.CourseResults)
	} else {
		j.average, j.gap = r.marks(c, all.Grades)
	}
	if c.Transferable && awarded(c.Course, all.Credits) > 0 {
		j.average, j.gap = nil, nil
	}
	refused, passed := false, false
	for _, d := range all.JuryDecisions {
		refused = refused || d.Course == c.Course && !d.Passed
		passed = passed || d.Course == c.Course && d.Passed
	}
	switch {
	case refused:
		j.gap = &Gap{Code: "jury_refused", Course: c.Course}
	case passed:
		j.gap = nil
	}
	return j
}

// result looks for an accepted course result in the attempt that counts.
func (r Requirements) result(c CourseRequirement, all []CourseResult) *Gap {
	var counted []CourseResult
	last, beyond := 0, false
	for _, res := range all {
		switch {
		case res.Course != c.Course:
		case r.MaxAttempts > 0 && res.Attempt > r.MaxAttempts:
			beyond = true
		default:
			counted = append(counted, res)
			last = max(last, res.Attempt)
		}
	}
	for _, res := range counted {
		if (r.CountedAttempt == Best || res.Attempt == last) && slices.Contains(c.AcceptedResults, res.Result) {
			return nil
		}
	}
	switch {
	case beyond:
		return &Gap{Code: "attempts_exceeded", Course: c.Course}
	case len(counted) == 0:
		return &Gap{Code: "course_missing", Course: c.Course}
	}
	return &Gap{Code: "course_failed", Course: c.Course}
}

// compensate lifts failed courses when the general average carries them: few enough, none
// below the floor, none refused for another reason.
func (r Requirements) compensate(courses []judged, average *domain.Decimal) {
	if r.Compensation.MaxCourses == 0 || average == nil || r.worse(*average, r.Compensation.Average) {
		return
	}
	var carried []*judged
	for i := range courses {
		c := &courses[i]
		if c.gap == nil || c.gap.Code != "course_failed" || c.average == nil {
			continue
		}
		if r.Compensation.Floor == 0 || !r.worse(*c.average, r.Compensation.Floor) {
			carried = append(carried, c)
		}
	}
	if len(carried) > r.Compensation.MaxCourses {
		return
	}
	for _, c := range carried {
		c.gap, c.compensated = nil, true
	}
}

// credits are those of the courses met, and those awarded: per course the greater of the two.
func (r Requirements) credits(courses []judged, all []Credit) domain.Decimal {
	var sum domain.Decimal
	required := map[domain.ID]bool{}
	for _, c := range courses {
		id := c.requirement.Course
		required[id] = true
		earned := awarded(id, all)
		if c.gap == nil {
			earned = max(earned, c.requirement.Credits)
		}
		sum += earned
	}
	for _, c := range all {
		if !required[c.Course] {
			sum += c.Credits
		}
	}
	return sum
}

// awarded is the sum of credits awarded for a course.
func awarded(course domain.ID, all []Credit) domain.Decimal {
	var sum domain.Decimal
	for _, c := range all {
		if c.Course == course {
			sum += c.Credits
		}
	}
	return sum
}

func ptr(d domain.Decimal) *domain.Decimal { return &d }
