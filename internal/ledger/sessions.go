package ledger

import (
	"context"
	"strconv"

	"sijil/domain"
	"sijil/domain/academicsession"
	"sijil/internal/eventlog"
)

// SessionID is the id of a school's session of this name in a school year.
func SessionID(tenant, school domain.ID, schoolYear int, sessionName string) domain.ID {
	return domain.DeriveID(tenant, "academicSession", string(school), strconv.Itoa(schoolYear), sessionName)
}

// OpenSession begins a session at a school: the acting institution when d names none,
// else one that it reaches.
func (l *Ledger) OpenSession(ctx context.Context, act Act, d academicsession.SessionOpened) (Written, error) {
	d.School = ownerOr(act, d.School)
	id := SessionID(act.Tenant, d.School, d.SchoolYear, d.SessionName)
	act = act.Effective(string(d.BeginDate))
	out, err := Execute(ctx, l, academicsession.Decider, academicsession.Decider.Stream(id), act, func(ctx context.Context) (academicsession.Command, []eventlog.Input, error) {
		school, err := l.Reach(ctx, act, d.School)
		if err != nil {
			return nil, nil, err
		}
		return academicsession.Open{Definition: d, SchoolEnrolls: school.State.EnrollsOn(d.BeginDate)}, []eventlog.Input{school.Input()}, nil
	})
	return writtenAs(id, out, err)
}

// FinalizeSession closes a session's marks on a day: from then on they are amended only.
func (l *Ledger) FinalizeSession(ctx context.Context, act Act, id domain.ID, day domain.Date) (Written, error) {
	act = act.Effective(string(day))
	out, err := Execute(ctx, l, academicsession.Decider, academicsession.Decider.Stream(id), act, func(ctx context.Context) (academicsession.Command, []eventlog.Input, error) {
		session, err := Load(ctx, l, academicsession.Decider, academicsession.Decider.Stream(id), act)
		if err != nil {
			return nil, nil, err
		}
		_, err = l.Reach(ctx, act, session.State.Definition.School)
		return academicsession.Finalize{FinalizedOn: day, Today: act.Today()}, nil, err
	})
	return writtenAs(id, out, err)
}
