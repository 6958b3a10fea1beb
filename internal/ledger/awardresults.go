package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"sijil/domain"
	"sijil/domain/academicrecord"
	"sijil/domain/award"
	"sijil/domain/course"
	"sijil/domain/enrollment"
	"sijil/domain/gradingscheme"
	"sijil/domain/graduationplan"
	"sijil/internal/eventlog"
	"sijil/internal/vault"
)

// achieved is what a diploma says of the graduate's studies: the plan's courses with their
// grades as they were written down, credits, average and mention. It is read where the
// evidence e was; before as there.
func (l *Ledger) achieved(ctx context.Context, act Act, a awarding, e award.Evidence, before eventlog.Position) (award.Claims, error) {
	var c award.Claims
	if e.Assessment == "" {
		return c, nil
	}
	g := gathering{ctx: ctx, l: l, act: act, before: before}
	enrolled := gather(&g, enrollment.Decider, enrollment.Decider.Stream(a.student))
	plan := gather(&g, graduationplan.Decider, graduationplan.Decider.Stream(e.Plan))
	version, ok := plan.Version(e.PlanVersion)
	if g.err != nil || !ok {
		return c, g.err
	}
	entries := living(&g, enrolled, assessing{a.institution, a.student, a.program, e.Plan, a.accreditation, e.EventDate})
	r := results{g: &g, schemes: map[domain.ID]gradingscheme.State{}}
	var all graduationplan.Results
	for _, entry := range entries {
		add(&g, &all, entry, r.schemes)
	}
	found := graduationplan.Assess(version, all)
	for n, required := range version.Requirements.Courses {
		grade := r.grade(required.Course, entries, found.Courses[n], version.Requirements.GradingScheme)
		if grade.Value == "" {
			continue // a requirement met without anything that was written down
		}
		taught := gather(&g, course.Decider, course.Decider.Stream(required.Course)).Definition
		c.Results = append(c.Results, award.Result{
			Course: required.Course, Code: taught.CourseCode, Title: taught.CourseTitle, Credits: max(required.Credits, taught.Credits), Grade: grade,
		})
	}
	c.Credits = found.EarnedCredits
	if found.Average != nil && version.Requirements.GradingScheme != "" {
		s := r.scheme(version.Requirements.GradingScheme)
		average := scored(*found.Average, s)
		c.Average, c.Mention = &average, s.LabelOf(*found.Average)
	}
	return c, g.err
}

// achievedStill reports whether the record says at an award's own place in the log what the
// award says of it: a mark can have been amended between the evidence and the append.
func (l *Ledger) achievedStill(ctx context.Context, act Act, a awarding, d award.DiplomaAwarded, e award.Evidence, before eventlog.Position) (bool, error) {
	said, err := l.Claims(ctx, act.Tenant, d)
	if errors.Is(err, vault.ErrErased) || errors.Is(err, vault.ErrNoKey) {
		return true, nil // nothing can be signed any more; who composes it says so
	} else if err != nil {
		return false, err
	}
	now, err := l.achieved(ctx, act, a, e, before)
	if err != nil {
		return false, fmt.Errorf("reading what was achieved: %w", err)
	}
	if said.Results == nil && said.Average == nil {
		return true, nil // awards once said nothing of it
	}
	now.Names, now.Birth, now.City, now.Number = said.Names, said.Birth, said.City, said.Number
	was, err := json.Marshal(said)
	if err != nil {
		return false, err
	}
	is, err := json.Marshal(now)
	return bytes.Equal(was, is), err
}

// results finds grades.
type results struct {
	g       *gathering
	schemes map[domain.ID]gradingscheme.State
}

func (r results) scheme(id domain.ID) gradingscheme.Scheme {
	s, ok := r.schemes[id]
	if !ok && id != "" {
		s = gather(r.g, gradingscheme.Decider, gradingscheme.Decider.Stream(id))
		r.schemes[id] = s
	}
	return s.Definition.Scheme
}

// grade is what was written down of a course: the final grade of its last attempt, else its
// only mark, else the average that the plan makes of its marks, else the grade that a credit
// recognized, else the code of the result or of the jury's decision.
func (r results) grade(id domain.ID, entries []academicrecord.Entry, found graduationplan.CourseOutcome, scheme domain.ID) award.Grade {
	var final, credit, decided academicrecord.Entry
	var marks []academicrecord.Entry
	for _, e := range entries {
		if e.Course != id {
			continue
		}
		switch e.Kind {
		case academicrecord.KindCourseResult:
			if e.Attempt >= final.Attempt {
				final = e
			}
		case academicrecord.KindGrade:
			marks = append(marks, e)
		case academicrecord.KindCredit:
			credit = e
		case academicrecord.KindJuryDecision:
			decided = e
		}
	}
	if written(final.Mark) {
		return r.verbatim(final.Mark)
	}
	if len(marks) == 1 && written(marks[0].Mark) {
		return r.verbatim(marks[0].Mark)
	}
	if found.Average != nil {
		return scored(*found.Average, r.scheme(scheme))
	}
	if written(credit.Mark) {
		return r.verbatim(credit.Mark)
	}
	for _, code := range []domain.Descriptor{final.CourseAttemptResult, decided.CourseAttemptResult, credit.Method} {
		if code != "" {
			return award.Grade{Value: code.Code()}
		}
	}
	return award.Grade{}
}

func written(m academicrecord.Mark) bool {
	return m.NumericGradeEarned != nil || m.LetterGradeEarned != ""
}

// verbatim is a mark in its own scheme: the label where there is one alone.
func (r results) verbatim(m academicrecord.Mark) award.Grade {
	if m.NumericGradeEarned == nil {
		return award.Grade{Value: m.LetterGradeEarned}
	}
	return scored(*m.NumericGradeEarned, r.scheme(m.GradingScheme))
}

func scored(score domain.Decimal, s gradingscheme.Scheme) award.Grade {
	g := award.Grade{Value: score.String()}
	if s.MaxScore > s.MinScore {
		g.Min, g.Max = &s.MinScore, &s.MaxScore
	}
	return g
}
