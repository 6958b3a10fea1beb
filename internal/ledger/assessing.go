package ledger

import (
	"context"
	"fmt"

	"sijil/domain"
	"sijil/domain/academicrecord"
	"sijil/domain/accreditation"
	"sijil/domain/enrollment"
	"sijil/domain/gradingscheme"
	"sijil/domain/graduation"
	"sijil/domain/graduationplan"
	"sijil/domain/program"
	"sijil/internal/eventlog"
)

// assessing is what a graduation is assessed on.
type assessing struct {
	school, student, program domain.ID
	plan, accreditation      domain.ID
	day                      domain.Date
}

// assess holds a student's record against a plan, and names what it read. Streams are read
// as they stand, or as they stood before a place in the log.
func (l *Ledger) assess(ctx context.Context, act Act, a assessing, before eventlog.Position) (graduation.Assess, []eventlog.Input, error) {
	g := gathering{ctx: ctx, l: l, act: act, before: before}
	c := graduation.Assess{
		Assessed: graduation.GraduationAssessed{School: a.school, EventDate: a.day, GraduationPlan: a.plan, Accreditation: a.accreditation},
		Evidence: graduation.Evidence{Today: act.Today()},
	}
	enrolled := gather(&g, enrollment.Decider, enrollment.Decider.Stream(a.student))
	prog := gather(&g, program.Decider, program.Decider.Stream(a.program)).Definition
	plan := gather(&g, graduationplan.Decider, graduationplan.Decider.Stream(a.plan))
	if a.accreditation != "" {
		granted := gather(&g, accreditation.Decider, accreditation.Decider.Stream(a.accreditation))
		scope := accreditation.Scope{Program: a.program, Level: prog.Level}
		c.Evidence.Accredited = granted.Institution == a.school && accreditation.AccreditedOn(granted, scope, a.day)
	}
	c.Evidence.Enrolled = studies(enrolled, a)
	version, inForce := plan.InForce(a.day)
	if g.err == nil && inForce && version.Program == a.program {
		// Whose program it is says what it asks: a school's own plan is not enough for the
		// program of its ministry.
		c.Evidence.PlanInForce, g.err = l.Within(ctx, act, prog.EducationOrganization, version.EducationOrganization)
	}
	results := recorded(&g, enrolled, a)
	if g.err != nil {
		return c, nil, g.err
	}
	found := graduationplan.Assess(version, results)
	f := &c.Assessed
	f.PlanVersion, f.Outcome, f.EarnedCredits, f.Average = version.Version, graduation.Outcome(found.Outcome), found.EarnedCredits, found.Average
	for _, gap := range found.Gaps {
		f.Gaps = append(f.Gaps, graduation.Gap(gap))
	}
	for _, in := range g.inputs {
		f.Inputs = append(f.Inputs, graduation.Input{Stream: in.Stream, Revision: int64(in.Revision)})
	}
	return c, g.inputs, nil
}

// lateYear is how long after leaving a student can still be graduated: juries and resits
// come after the last lesson.
const lateYear = 365

// studies reports whether the student is enrolled at the school in the program, or to the
// school as such, on the day, or was until a year before.
func studies(s enrollment.State, a assessing) bool {
	for _, e := range s.Enrollments {
		if e.Voided || e.School != a.school || e.Program != a.program && (e.Program != "" || !e.Primary) {
			continue
		}
		if e.Entry <= a.day && (e.Exit == "" || a.day <= e.Exit.AddDays(lateYear)) {
			return true
		}
	}
	return false
}

// recorded are the results of every record the student has, as the plan reads them.
func recorded(g *gathering, enrolled enrollment.State, a assessing) graduationplan.Results {
	var all graduationplan.Results
	schemes := map[domain.ID]gradingscheme.State{}
	for _, entry := range living(g, enrolled, a) {
		add(g, &all, entry, schemes)
	}
	return all
}

// living are the entries of every record the student has, at every school: a transfer
// carries the record. What is dated after the day of the assessment is left out.
func living(g *gathering, enrolled enrollment.State, a assessing) (entries []academicrecord.Entry) {
	read := map[string]bool{}
	for _, e := range enrolled.Enrollments {
		if e.Voided || !e.Entry.Valid() {
			continue
		}
		last := e.Exit
		if last == "" || last > a.day {
			last = a.day
		}
		// A school year is named by the year it ends in; late entries may lie in the next one.
		for year := e.Entry.Time().Year(); year <= last.Time().Year()+1; year++ {
			stream := academicrecord.Stream(g.act.Tenant, a.student, e.School, year)
			if read[stream] || g.err != nil {
				continue
			}
			read[stream] = true
			known := len(g.inputs)
			s := gather(g, academicrecord.Decider, stream)
			if len(s.Entries) == 0 {
				g.inputs = g.inputs[:min(known, len(g.inputs))]
			}
			for _, entry := range s.Entries {
				if !entry.Voided && entry.EventDate <= a.day {
					entries = append(entries, entry)
				}
			}
		}
	}
	return entries
}

// add puts one living entry where the plan looks for it. Foreign grades count only through
// the credits that recognize them.
func add(g *gathering, all *graduationplan.Results, e academicrecord.Entry, schemes map[domain.ID]gradingscheme.State) {
	switch e.Kind {
	case academicrecord.KindGrade:
		all.Grades = append(all.Grades, planGrade(g, e, schemes))
	case academicrecord.KindCourseResult:
		all.CourseResults = append(all.CourseResults, graduationplan.CourseResult{Course: e.Course, Attempt: e.Attempt, Result: e.CourseAttemptResult})
	case academicrecord.KindCredit:
		if e.EarnedCredits > 0 {
			all.Credits = append(all.Credits, graduationplan.Credit{Course: e.Course, Credits: e.EarnedCredits})
		}
		if e.GradingScheme != "" {
			all.Grades = append(all.Grades, planGrade(g, e, schemes))
		}
	case academicrecord.KindJuryDecision:
		if e.Course != "" {
			all.JuryDecisions = append(all.JuryDecisions, graduationplan.JuryDecision{Course: e.Course, Passed: e.CourseAttemptResult.Code() == "Pass"})
		}
	}
}

// planGrade reads a mark as the plan does: a bare label is the score its own scheme gives it.
func planGrade(g *gathering, e academicrecord.Entry, schemes map[domain.ID]gradingscheme.State) graduationplan.Grade {
	p := graduationplan.Grade{
		Course: e.Course, GradingPeriod: e.GradingPeriod, Assessment: e.Detail, Attempt: e.Attempt,
		GradingScheme: e.GradingScheme, Status: graduationplan.Status(e.ScoreStatus),
	}
	switch {
	case e.NumericGradeEarned != nil:
		p.Score = *e.NumericGradeEarned
	case e.LetterGradeEarned != "":
		s, ok := schemes[e.GradingScheme]
		if !ok {
			s = gather(g, gradingscheme.Decider, gradingscheme.Decider.Stream(e.GradingScheme))
			schemes[e.GradingScheme] = s
		}
		p.Score, _ = s.Definition.ScoreOf(e.LetterGradeEarned)
	}
	if e.Coefficient != nil {
		if p.Coefficient = *e.Coefficient; p.Coefficient == 0 && p.Status == graduationplan.Scored {
			p.Status = graduationplan.Excused // recorded with no weight: it counts for nothing
		}
	}
	return p
}

// accreditationFor finds the accreditation that lets the school award the program on the
// day, among those its authorities granted; empty when there is none.
func (l *Ledger) accreditationFor(ctx context.Context, act Act, a assessing) (domain.ID, error) {
	prog, err := Load(ctx, l, program.Decider, program.Decider.Stream(a.program), act)
	if err != nil {
		return "", fmt.Errorf("loading a program: %w", err)
	}
	agents, err := l.Ancestors(ctx, act, a.school)
	if err != nil {
		return "", err
	}
	scope := accreditation.Scope{Program: a.program, Level: prog.State.Definition.Level}
	for _, agent := range agents {
		ids := []domain.ID{AccreditationID(act.Tenant, agent, a.school, a.program, "")}
		if scope.Level != "" {
			ids = append(ids, AccreditationID(act.Tenant, agent, a.school, "", scope.Level))
		}
		for _, id := range ids {
			granted, err := Load(ctx, l, accreditation.Decider, accreditation.Decider.Stream(id), act)
			if err != nil {
				return "", fmt.Errorf("loading an accreditation: %w", err)
			}
			if accreditation.AccreditedOn(granted.State, scope, a.day) {
				return id, nil
			}
		}
	}
	return "", nil
}
