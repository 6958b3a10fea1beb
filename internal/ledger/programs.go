package ledger

import (
	"context"

	"sijil/domain"
	"sijil/domain/program"
	"sijil/internal/eventlog"
)

// ProgramID is the id of the program that owner calls programID.
func ProgramID(tenant, owner domain.ID, programID string) domain.ID {
	return domain.DeriveID(tenant, "program", string(owner), programID)
}

// DefineProgram offers a program. Its owner is the acting institution when d names none,
// else one that the acting one reaches.
func (l *Ledger) DefineProgram(ctx context.Context, act Act, d program.ProgramDefined) (Written, error) {
	d.EducationOrganization = ownerOr(act, d.EducationOrganization)
	id := ProgramID(act.Tenant, d.EducationOrganization, d.ProgramID)
	out, err := Execute(ctx, l, program.Decider, program.Decider.Stream(id), datedToday(act), func(ctx context.Context) (program.Command, []eventlog.Input, error) {
		_, err := l.Reach(ctx, act, d.EducationOrganization)
		return program.Define{Definition: d}, nil, err
	})
	return writtenAs(id, out, err)
}

// ownerOr is the institution that a definition belongs to.
func ownerOr(act Act, named domain.ID) domain.ID {
	if named == "" {
		return act.Institution
	}
	return named
}

// datedToday makes a definition effective when it is made, unless the caller said otherwise.
func datedToday(act Act) Act {
	if act.EffectiveAt == "" {
		return act.Effective(string(act.Today()))
	}
	return act
}
