package graduationplan

import (
	"math/big"
	"slices"

	"sijil/domain"
)

// marks is the course average and what is wrong with it, if something is. Sums are exact
// fractions and are rounded once, at the end: rounding on the way would let the order of
// addition decide about a diploma.
func (r Requirements) marks(c CourseRequirement, all []Grade) (*domain.Decimal, *Gap) {
	gap := func(code string) *Gap { return &Gap{Code: code, Course: c.Course} }
	counted, found, beyond := r.counted(c, all)
	missing := func(code string) (*domain.Decimal, *Gap) {
		if beyond {
			code = "attempts_exceeded"
		}
		return nil, gap(code)
	}
	if !found {
		return missing("course_missing")
	}
	if slices.ContainsFunc(counted, func(g Grade) bool { return g.Status == Incomplete }) {
		return nil, gap("grade_incomplete")
	}
	if slices.ContainsFunc(counted, r.foreign) {
		return nil, gap("grade_in_other_scheme")
	}
	periods := c.GradingPeriods
	if len(periods) == 0 {
		periods = plain(counted)
	}
	var total mean
	exempt := false
	for _, p := range periods {
		switch m, onlyExempt := r.period(p.GradingPeriod, counted); {
		case onlyExempt:
			exempt = true
		case !m.empty():
			total.add(m.value(), rat(p.Weight))
		case len(c.GradingPeriods) > 0:
			return missing("grade_missing")
		}
	}
	switch {
	case total.empty() && exempt:
		return nil, nil
	case total.empty():
		return missing("grade_missing")
	}
	average := round(total.value(), r.Rounding.Step)
	switch {
	case c.EliminatoryMark != 0 && r.worse(average, c.EliminatoryMark):
		return &average, &Gap{Code: "eliminatory_mark", Course: c.Course, Required: ptr(c.EliminatoryMark), Achieved: ptr(average)}
	case r.PassMark != 0 && r.worse(average, r.PassMark):
		code := "course_failed"
		if beyond {
			code = "attempts_exceeded"
		}
		return &average, &Gap{Code: code, Course: c.Course, Required: ptr(r.PassMark), Achieved: ptr(average)}
	}
	return &average, nil
}

// foreign reports whether a mark is in another scheme than the plan's.
func (r Requirements) foreign(g Grade) bool {
	return g.Status == Scored && g.GradingScheme != r.GradingScheme
}

// item is what can be attempted again: one paper of one period, or the period as a whole.
type item struct {
	period     domain.Descriptor
	assessment string
}

// counted are a course's grades of the attempts that count, item by item: a resit of one
// examination replaces that examination and leaves the term's marks as they are. Periods
// that the plan does not name are left out. found says that anything was recorded within the
// allowed attempts, beyond that anything was outside. The order of grades means nothing.
func (r Requirements) counted(c CourseRequirement, all []Grade) (grades []Grade, found, beyond bool) {
	attempts := map[item]map[int][]Grade{}
	for _, g := range all {
		switch {
		case g.Course != c.Course:
		case len(c.GradingPeriods) > 0 && !slices.ContainsFunc(c.GradingPeriods, func(p WeightedPeriod) bool { return p.GradingPeriod == g.GradingPeriod }):
			found = true
		case r.MaxAttempts > 0 && g.Attempt > r.MaxAttempts:
			beyond = true
		default:
			found = true
			it := item{g.GradingPeriod, g.Assessment}
			if attempts[it] == nil {
				attempts[it] = map[int][]Grade{}
			}
			attempts[it][g.Attempt] = append(attempts[it][g.Attempt], g)
		}
	}
	for _, byAttempt := range attempts {
		grades = append(grades, byAttempt[r.choose(byAttempt)]...)
	}
	return grades, found, beyond
}

// choose is the attempt that counts: the last one, or under [Best] the one with the best
// mean, the earlier of equals. An attempt that has no mean in the plan's scheme, or is not
// complete, counts only when no other one has.
func (r Requirements) choose(byAttempt map[int][]Grade) int {
	last, best := 0, 0
	var top *big.Rat
	for n := range byAttempt {
		last = max(last, n)
	}
	if r.CountedAttempt != Best {
		return last
	}
	for _, n := range sorted(byAttempt) {
		m := r.mean(byAttempt[n])
		if m.empty() || slices.ContainsFunc(byAttempt[n], func(g Grade) bool { return g.Status == Incomplete || r.foreign(g) }) {
			continue
		}
		v := m.value()
		if top == nil || r.LowerIsBetter && v.Cmp(top) < 0 || !r.LowerIsBetter && v.Cmp(top) > 0 {
			top, best = v, n
		}
	}
	if top == nil {
		return last
	}
	return best
}

// period is the mean of a period's grades: of its own grade when there is one, else of its
// papers by coefficient. onlyExempt: nothing is scored and something is exempt.
func (r Requirements) period(period domain.Descriptor, counted []Grade) (m mean, onlyExempt bool) {
	var own, papers []Grade
	for _, g := range counted {
		switch {
		case g.GradingPeriod != period:
		case g.Assessment == "":
			own = append(own, g)
		default:
			papers = append(papers, g)
		}
	}
	for _, grades := range [][]Grade{own, papers} {
		m = r.mean(grades)
		exempt := slices.ContainsFunc(grades, func(g Grade) bool { return g.Status == Exempt })
		if !m.empty() || exempt {
			return m, m.empty()
		}
	}
	return m, false
}

// mean of grades by coefficient; absences count, excuses and exemptions do not.
func (r Requirements) mean(grades []Grade) mean {
	var m mean
	for _, g := range grades {
		weight := g.Coefficient
		if weight == 0 {
			weight = domain.Whole(1)
		}
		switch g.Status {
		case Scored:
			m.add(rat(g.Score), rat(weight))
		case Absent:
			m.add(rat(r.AbsentScore), rat(weight))
		}
	}
	return m
}

// plain gives every period that has a grade the same weight.
func plain(counted []Grade) []WeightedPeriod {
	var periods []WeightedPeriod
	for _, g := range counted {
		p := WeightedPeriod{g.GradingPeriod, domain.Whole(1)}
		if !slices.Contains(periods, p) {
			periods = append(periods, p)
		}
	}
	return periods
}

// generalAverage is the mean of the rounded course averages by coefficient; nil when no course
// with a coefficient has one. Exempt and transferred courses are left out.
func (r Requirements) generalAverage(courses []judged) *domain.Decimal {
	var m mean
	for _, c := range courses {
		if c.average != nil && c.requirement.Coefficient > 0 {
			m.add(rat(*c.average), rat(c.requirement.Coefficient))
		}
	}
	if m.empty() {
		return nil
	}
	return ptr(round(m.value(), r.Rounding.Step))
}

// mean is a weighted mean in exact fractions.
type mean struct{ sum, weight *big.Rat }

func (m *mean) add(value, weight *big.Rat) {
	if m.weight == nil {
		m.sum, m.weight = new(big.Rat), new(big.Rat)
	}
	m.sum.Add(m.sum, new(big.Rat).Mul(value, weight))
	m.weight.Add(m.weight, weight)
}

func (m mean) empty() bool { return m.weight == nil || m.weight.Sign() == 0 }

func (m mean) value() *big.Rat { return new(big.Rat).Quo(m.sum, m.weight) }

// million is the grain of a Decimal.
const million = 1_000_000

func rat(d domain.Decimal) *big.Rat { return big.NewRat(int64(d), million) }

// round is v as a multiple of step, half away from zero; step 0 is a millionth.
func round(v *big.Rat, step domain.Decimal) domain.Decimal {
	step = max(step, 1)
	steps := new(big.Rat).Quo(v, rat(step))
	num, den := new(big.Int).Abs(steps.Num()), steps.Denom()
	// floor((2·num + den) / (2·den)) is num/den rounded half up.
	q := new(big.Int).Quo(num.Lsh(num, 1).Add(num, den), new(big.Int).Lsh(den, 1))
	if steps.Sign() < 0 {
		q.Neg(q)
	}
	return domain.Decimal(q.Int64()) * step
}

func sorted(byAttempt map[int][]Grade) []int {
	keys := make([]int, 0, len(byAttempt))
	for n := range byAttempt {
		keys = append(keys, n)
	}
	slices.Sort(keys)
	return keys
}
