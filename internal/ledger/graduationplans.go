package ledger

import (
	"context"

	"sijil/domain"
	"sijil/domain/course"
	"sijil/domain/gradingscheme"
	"sijil/domain/graduationplan"
	"sijil/domain/program"
	"sijil/internal/eventlog"
)

// GraduationPlanID is the id of the plan that owner calls identificationCode.
func GraduationPlanID(tenant, owner domain.ID, identificationCode string) domain.ID {
	return domain.DeriveID(tenant, "graduationPlan", string(owner), identificationCode)
}

// PublishGraduationPlan adds a version to a plan. Its owner is the acting institution when
// p names none, else one that the acting one reaches; the program, the scheme and the courses
// are the owner's or those of an authority above it.
func (l *Ledger) PublishGraduationPlan(ctx context.Context, act Act, p graduationplan.GraduationPlanPublished) (Written, int, error) {
	p.EducationOrganization = ownerOr(act, p.EducationOrganization)
	id := GraduationPlanID(act.Tenant, p.EducationOrganization, p.IdentificationCode)
	act = act.Effective(string(p.From))
	out, err := Execute(ctx, l, graduationplan.Decider, graduationplan.Decider.Stream(id), act, func(ctx context.Context) (graduationplan.Command, []eventlog.Input, error) {
		if _, err := l.Reach(ctx, act, p.EducationOrganization); err != nil {
			return nil, nil, err
		}
		return l.planEvidence(ctx, act, p)
	})
	w, err := writtenAs(id, out, err)
	version := len(out.State.Versions) // nothing changed: it is the last one's content again
	for _, f := range out.Facts {
		if v, ok := f.(graduationplan.GraduationPlanPublished); ok {
			version = v.Version
		}
	}
	return w, version, err
}

// planEvidence looks up what a plan names.
func (l *Ledger) planEvidence(ctx context.Context, act Act, p graduationplan.GraduationPlanPublished) (cmd graduationplan.Publish, inputs []eventlog.Input, err error) {
	cmd.Plan = p
	prog, err := Load(ctx, l, program.Decider, program.Decider.Stream(p.Program), act)
	if err != nil {
		return cmd, nil, err
	}
	if cmd.ProgramKnown, err = l.Offers(ctx, act, prog.State.Definition.EducationOrganization, p.EducationOrganization); err != nil {
		return cmd, nil, err
	}
	inputs = append(inputs, prog.Input())
	if id := p.Requirements.GradingScheme; id != "" {
		scheme, err := Load(ctx, l, gradingscheme.Decider, gradingscheme.Decider.Stream(id), act)
		if err != nil {
			return cmd, nil, err
		}
		d := scheme.State.Definition
		offered, err := l.Offers(ctx, act, d.EducationOrganization, p.EducationOrganization)
		if err != nil {
			return cmd, nil, err
		}
		if offered {
			cmd.Scale = &graduationplan.Scale{MinScore: d.MinScore, MaxScore: d.MaxScore, LowerIsBetter: d.LowerIsBetter}
			inputs = append(inputs, scheme.Input())
		}
	}
	for _, c := range p.Requirements.Courses {
		known, err := Load(ctx, l, course.Decider, course.Decider.Stream(c.Course), act)
		if err != nil {
			return cmd, nil, err
		}
		offered, err := l.Offers(ctx, act, known.State.Definition.EducationOrganization, p.EducationOrganization)
		if err != nil {
			return cmd, nil, err
		}
		if !offered {
			cmd.UnknownCourses = append(cmd.UnknownCourses, c.Course)
			continue
		}
		inputs = append(inputs, known.Input())
	}
	return cmd, inputs, nil
}
