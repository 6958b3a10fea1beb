package ledger

import (
	"context"

	"sijil/domain"
	"sijil/domain/course"
	"sijil/internal/eventlog"
)

// CourseID is the id of the course that owner calls courseCode.
func CourseID(tenant, owner domain.ID, courseCode string) domain.ID {
	return domain.DeriveID(tenant, "course", string(owner), courseCode)
}

// DefineCourse offers a course. Its owner is the acting institution when d names none,
// else one that the acting one reaches.
func (l *Ledger) DefineCourse(ctx context.Context, act Act, d course.CourseDefined) (Written, error) {
	d.EducationOrganization = ownerOr(act, d.EducationOrganization)
	id := CourseID(act.Tenant, d.EducationOrganization, d.CourseCode)
	out, err := Execute(ctx, l, course.Decider, course.Decider.Stream(id), datedToday(act), func(ctx context.Context) (course.Command, []eventlog.Input, error) {
		_, err := l.Reach(ctx, act, d.EducationOrganization)
		return course.Define{Definition: d}, nil, err
	})
	return writtenAs(id, out, err)
}

// RetireCourse ends a course on a day; its owner or an authority above decides. successor is
// empty when nothing replaces it.
func (l *Ledger) RetireCourse(ctx context.Context, act Act, id domain.ID, end domain.Date, successor domain.ID) (Written, error) {
	act = act.Effective(string(end))
	out, err := Execute(ctx, l, course.Decider, course.Decider.Stream(id), act, func(ctx context.Context) (course.Command, []eventlog.Input, error) {
		c, err := Load(ctx, l, course.Decider, course.Decider.Stream(id), act)
		if err != nil {
			return nil, nil, err
		}
		if _, err := l.Reach(ctx, act, c.State.Definition.EducationOrganization); err != nil {
			return nil, nil, err
		}
		cmd := course.Retire{Self: id, EndDate: end, Successor: successor}
		if successor == "" {
			return cmd, nil, nil
		}
		next, err := Load(ctx, l, course.Decider, course.Decider.Stream(successor), act)
		if err != nil || !next.Exists() {
			return cmd, nil, err
		}
		cmd.SuccessorKnown = true
		return cmd, []eventlog.Input{next.Input()}, nil
	})
	return writtenAs(id, out, err)
}
