package graduationplan

import "sijil/domain"

// limits keep a plan within what a person can read.
const (
	mostCourses  = 500
	mostAttempts = 100
)

var (
	mostCredits     = domain.Whole(10_000)
	mostCoefficient = domain.Whole(1_000)
)

// check refuses requirements that contradict themselves or their scale (nil for none).
func (r Requirements) check(scale *Scale) error {
	scored, weighed := false, false
	for _, c := range r.Courses {
		scored = scored || len(c.AcceptedResults) == 0
		weighed = weighed || c.Coefficient > 0
	}
	comp := r.Compensation
	if err := domain.Check(
		domain.Rule{Field: "requirements", Holds: len(r.Courses) > 0 || r.CreditPoint > 0, Says: "ask for at least a course or credits"},
		domain.Rule{Field: "courses", Holds: len(r.Courses) <= mostCourses, Says: "are at most 500"},
		domain.Rule{Field: "creditPoint", Holds: amount(r.CreditPoint, mostCredits), Says: "is a number of credits from 0 to 10000"},
		domain.Rule{Field: "gradingScheme", Holds: !scored || scale != nil, Says: "is needed where a course asks for a mark"},
		domain.Rule{Field: "gradingScheme", Holds: scored || scale == nil, Says: "is not given where no course asks for a mark"},
		domain.Rule{Field: "rounding.step", Holds: amount(r.Rounding.Step, domain.Whole(100)), Says: "is 0 or the grain of averages, as in 0.01"},
		domain.Rule{Field: "maxAttempts", Holds: r.MaxAttempts >= 0 && r.MaxAttempts <= mostAttempts, Says: "is 0 for any number, or at most 100"},
		domain.Rule{Field: "countedAttempt", Holds: r.CountedAttempt == Last || r.CountedAttempt == Best, Says: "is best, or absent for the last attempt"},
		domain.Rule{Field: "minAverage", Holds: r.MinAverage == 0 || weighed, Says: "needs courses with a coefficient"},
		domain.Rule{
			Field: "compensation", Says: "names maxCourses and the average that carries, and needs passMark and courses with a coefficient",
			Holds: comp == Compensation{} || comp.MaxCourses > 0 && comp.Average != 0 && r.PassMark != 0 && weighed,
		},
	); err != nil {
		return err
	}
	within := func(mark domain.Decimal) bool { return mark == 0 || scale != nil && scale.holds(mark) }
	if err := domain.Check(
		domain.Rule{Field: "passMark", Holds: within(r.PassMark), Says: "lies within the grading scheme"},
		domain.Rule{Field: "minAverage", Holds: within(r.MinAverage), Says: "lies within the grading scheme"},
		domain.Rule{Field: "compensation.average", Holds: within(comp.Average), Says: "lies within the grading scheme"},
		domain.Rule{Field: "compensation.floor", Holds: within(comp.Floor), Says: "lies within the grading scheme"},
		// A mark of 0 elsewhere asks for nothing; an absence always counts as something.
		domain.Rule{Field: "absentScore", Holds: within(r.AbsentScore) && (scale == nil || scale.holds(r.AbsentScore)), Says: "lies within the grading scheme; where it is not said it is 0"},
	); err != nil {
		return err
	}
	seen := map[domain.ID]bool{}
	for _, c := range r.Courses {
		if seen[c.Course] {
			return domain.Refuse(domain.Invalid, "invalid_field", "courses are named once each")
		}
		seen[c.Course] = true
		if err := c.check(scale); err != nil {
			return err
		}
	}
	return nil
}

func (c CourseRequirement) check(scale *Scale) error {
	byResult := len(c.AcceptedResults) > 0
	if err := domain.Check(
		domain.Rule{Field: "courses.course", Holds: c.Course.Valid(), Says: "is a course"},
		domain.Rule{Field: "courses.credits", Holds: amount(c.Credits, mostCredits), Says: "is a number of credits from 0 to 10000"},
		domain.Rule{Field: "courses.coefficient", Holds: amount(c.Coefficient, mostCoefficient), Says: "is a weight from 0 to 1000"},
		domain.Rule{Field: "courses.eliminatoryMark", Holds: c.EliminatoryMark == 0 || scale != nil && scale.holds(c.EliminatoryMark), Says: "lies within the grading scheme"},
		domain.Rule{
			Field: "courses.acceptedResults", Says: "stand alone: a course that asks for a result asks for no mark, coefficient or grading period",
			Holds: !byResult || c.Coefficient == 0 && c.EliminatoryMark == 0 && len(c.GradingPeriods) == 0,
		},
		domain.Rule{Field: "courses.acceptedResults", Holds: len(c.AcceptedResults) <= 20, Says: "are at most 20"},
		domain.Rule{Field: "courses.gradingPeriods", Holds: len(c.GradingPeriods) <= 50, Says: "are at most 50"},
	); err != nil {
		return err
	}
	for _, r := range c.AcceptedResults {
		if !r.Is("CourseAttemptResult") {
			return domain.Refuse(domain.Invalid, "invalid_field", "courses.acceptedResults are codes of a CourseAttemptResultDescriptor list")
		}
	}
	seen := map[domain.Descriptor]bool{}
	for _, p := range c.GradingPeriods {
		if !p.GradingPeriod.Is("GradingPeriod") || seen[p.GradingPeriod] || p.Weight <= 0 || p.Weight > mostCoefficient {
			return domain.Refuse(domain.Invalid, "invalid_field", "courses.gradingPeriods are different codes of a GradingPeriodDescriptor list, with weights up to 1000")
		}
		seen[p.GradingPeriod] = true
	}
	return nil
}

// amount reports whether d lies between 0 and most.
func amount(d, most domain.Decimal) bool { return d >= 0 && d <= most }
