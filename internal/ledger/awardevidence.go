package ledger

import (
	"context"
	"fmt"
	"slices"

	"sijil/domain"
	"sijil/domain/accreditation"
	"sijil/domain/award"
	"sijil/domain/enrollment"
	"sijil/domain/graduation"
	"sijil/domain/graduationplan"
	"sijil/domain/program"
	"sijil/internal/eventlog"
)

// awarding is what an award is to rest on, before anything is known about it.
type awarding struct {
	institution      domain.ID
	student, program domain.ID
	day              domain.Date
	// accreditation to judge by; empty means the one the graduation was assessed under.
	accreditation domain.ID
}

// evidence gathers what the other streams say of an award, and names what was read. before
// is the place in the log to read at; 0 means the streams as they stand.
func (l *Ledger) awardEvidence(ctx context.Context, act Act, a awarding, before eventlog.Position) (award.Evidence, []eventlog.Input, error) {
	g := gathering{ctx: ctx, l: l, act: act, before: before}
	enrolled := gather(&g, enrollment.Decider, enrollment.Decider.Stream(a.student))
	graduated := gather(&g, graduation.Decider, graduation.Stream(a.student, a.program))
	defined := gather(&g, program.Decider, program.Decider.Stream(a.program))
	e := award.Evidence{
		AchievementType: defined.Definition.AchievementType,
		Title:           defined.Definition.AwardTitle,
	}
	if e.Title == nil {
		e.Title = defined.Definition.ProgramName
	}
	if in, ok := enrolledFor(enrolled, a); ok {
		e.Enrollment, e.EntryDate = in.ID, in.Entry
	}
	assessed := graduated.Assessment
	if stage := graduated.Stage; stage != graduation.None && stage != graduation.Rescinded && assessed.School == a.institution {
		e.Assessment, e.EventDate = assessed.Assessment, assessed.EventDate
		e.Plan, e.PlanVersion = assessed.GraduationPlan, assessed.PlanVersion
		e.Confirmed = stage == graduation.Confirmed
		for _, by := range []string{graduated.ApprovedBy, graduated.ConfirmedBy} {
			if by != "" {
				e.Approvers = append(e.Approvers, by)
			}
		}
		plan := gather(&g, graduationplan.Decider, graduationplan.Decider.Stream(e.Plan))
		v, ok := plan.InForce(e.EventDate)
		e.PlanInForce = ok && v.Version == e.PlanVersion && v.Program == a.program
		if a.accreditation == "" {
			a.accreditation = assessed.Accreditation
		}
		// What was found then must be found now: a mark can have been amended since.
		now, inputs, err := l.assess(ctx, act, assessing{a.institution, a.student, a.program, e.Plan, assessed.Accreditation, e.EventDate}, before)
		if err != nil {
			return e, nil, err
		}
		g.note(inputs...)
		e.Gaps = gapsOf(now.Assessed)
	}
	if a.accreditation != "" {
		accredited := gather(&g, accreditation.Decider, accreditation.Decider.Stream(a.accreditation))
		scope := accreditation.Scope{Program: a.program, Level: defined.Definition.Level}
		if accredited.Institution == a.institution && accreditation.AccreditedOn(accredited, scope, a.day) {
			e.Accreditation = a.accreditation
		}
	}
	return e, g.inputs, g.err
}

// gapsOf are the codes of what an assessment misses, each once.
func gapsOf(f graduation.GraduationAssessed) []string {
	var codes []string
	for _, gap := range f.Gaps {
		if !slices.Contains(codes, gap.Code) {
			codes = append(codes, gap.Code)
		}
	}
	if f.Outcome != graduation.Met && len(codes) == 0 {
		codes = []string{"requirements_unmet"}
	}
	return codes
}

// enrolledFor is the enrollment a diploma of the program rests on: in the program itself
// before one to the school as such, the latest entry first.
func enrolledFor(s enrollment.State, a awarding) (best enrollment.Enrollment, ok bool) {
	better := func(e enrollment.Enrollment) bool {
		if exact, had := e.Program == a.program, best.Program == a.program; exact != had {
			return exact
		}
		return e.Entry >= best.Entry
	}
	for _, e := range s.Enrollments {
		if e.Voided || e.School != a.institution || e.Entry > a.day || e.Program != a.program && e.Program != "" {
			continue
		}
		if !ok || better(e) {
			best, ok = e, true
		}
	}
	return best, ok
}

// gathering loads one stream after the other, keeping the first error.
type gathering struct {
	ctx    context.Context
	l      *Ledger
	act    Act
	before eventlog.Position
	inputs []eventlog.Input
	err    error
}

// gather is a stream's state, the zero one when there is none in this tenant.
func gather[C, S, E any](g *gathering, d domain.Decider[C, S, E], stream string) S {
	var none S
	if g.err != nil {
		return none
	}
	var s Loaded[S]
	if g.before == 0 {
		s, g.err = Load(g.ctx, g.l, d, stream, g.act)
	} else {
		s, g.err = loadBefore(g.ctx, g.l, d, stream, g.act.Tenant, g.before)
	}
	if g.err != nil {
		g.err = fmt.Errorf("loading evidence of an award: %w", g.err)
		return none
	}
	g.note(s.Input())
	return s.State
}

// note names streams that were read, each once.
func (g *gathering) note(inputs ...eventlog.Input) {
	for _, in := range inputs {
		if !slices.ContainsFunc(g.inputs, func(had eventlog.Input) bool { return had.Stream == in.Stream }) {
			g.inputs = append(g.inputs, in)
		}
	}
}

// loadBefore is a stream's state as it stood just before a place in the log.
func loadBefore[C, S, E any](ctx context.Context, l *Ledger, d domain.Decider[C, S, E], stream string, tenant domain.ID, before eventlog.Position) (Loaded[S], error) {
	last := eventlog.NoStream
	for e, err := range l.log.Read(ctx, stream, 0) {
		if err != nil {
			return Loaded[S]{}, err
		}
		if e.Position >= before {
			break
		}
		last = e.Revision
	}
	if last == eventlog.NoStream {
		return Loaded[S]{Stream: stream, Revision: last}, nil
	}
	return LoadAt(ctx, l, d, eventlog.Input{Stream: stream, Revision: last}, tenant)
}
