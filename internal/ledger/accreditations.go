package ledger

import (
	"context"

	"sijil/domain"
	"sijil/domain/accreditation"
	"sijil/domain/institution"
	"sijil/domain/program"
	"sijil/internal/eventlog"
)

// AccreditationID is the id of what an agent decided about an institution and a program,
// or a level when program is empty.
func AccreditationID(tenant, agent, school, prog domain.ID, level domain.Descriptor) domain.ID {
	return domain.DeriveID(tenant, "accreditation", string(agent), string(school), string(prog), string(level))
}

// AccreditationInput is a new grant by the acting institution.
type AccreditationInput struct {
	Institution domain.ID
	// Program or Level, not both.
	Program  domain.ID
	Level    domain.Descriptor
	From     domain.Date
	Until    domain.Date
	Decision string
}

// GrantAccreditation lets an institution award a program, or every program of a level. The
// acting one is an authority above the institution, or an agency of such an authority.
func (l *Ledger) GrantAccreditation(ctx context.Context, act Act, in AccreditationInput) (Written, error) {
	id := AccreditationID(act.Tenant, act.Institution, in.Institution, in.Program, in.Level)
	return l.onAccreditation(ctx, act, id, in.From, func(ctx context.Context) (accreditation.Command, []eventlog.Input, error) {
		agent, err := l.Institution(ctx, act, act.Institution)
		if err != nil {
			return nil, nil, err
		}
		tier := agent.State.Tier
		under := act.Institution
		if tier == institution.Agency {
			under = agent.State.ParentOn(act.Today())
		}
		school, err := l.Institution(ctx, act, in.Institution)
		if err != nil {
			return nil, nil, err
		}
		within, err := l.Within(ctx, act, in.Institution, under)
		if err != nil {
			return nil, nil, err
		}
		if !school.Exists() || !within {
			return nil, nil, errNotFound()
		}
		inputs := []eventlog.Input{school.Input()}
		if in.Program != "" {
			prog, err := l.program(ctx, act, in.Program, in.Institution)
			if err != nil {
				return nil, nil, err
			}
			inputs = append(inputs, prog.Input())
		}
		return accreditation.GrantAccreditation{
			By: act.Institution, Institution: in.Institution, Program: in.Program, Level: in.Level,
			From: in.From, Until: in.Until, Decision: in.Decision,
			MayAccredit:          tier == institution.Country || tier == institution.Region || tier == institution.Agency,
			InstitutionOperating: school.State.OperatingOn(in.From),
		}, inputs, nil
	})
}

// program loads a program that user may use; program_unknown when it is not there, or is
// another institution's own.
func (l *Ledger) program(ctx context.Context, act Act, id, user domain.ID) (Loaded[program.State], error) {
	prog, err := Load(ctx, l, program.Decider, program.Decider.Stream(id), act)
	if err != nil {
		return prog, err
	}
	offered, err := l.Offers(ctx, act, prog.State.Definition.EducationOrganization, user)
	if err != nil {
		return prog, err
	}
	if !prog.Exists() || !offered {
		return prog, domain.Refuse(domain.Missing, "program_unknown", "program is not a program that the institution offers")
	}
	return prog, nil
}

// RenewAccreditation moves the end of the running grant to until, or to never.
func (l *Ledger) RenewAccreditation(ctx context.Context, act Act, id domain.ID, until domain.Date, decision string) (Written, error) {
	return l.changeAccreditation(ctx, act, id, act.Today(), accreditation.Renew{By: act.Institution, Until: until, Decision: decision})
}

// SuspendAccreditation stops awards from a day on.
func (l *Ledger) SuspendAccreditation(ctx context.Context, act Act, id domain.ID, from domain.Date, decision string) (Written, error) {
	return l.changeAccreditation(ctx, act, id, from, accreditation.Suspend{By: act.Institution, From: from, Decision: decision})
}

// ReinstateAccreditation ends a suspension.
func (l *Ledger) ReinstateAccreditation(ctx context.Context, act Act, id domain.ID, from domain.Date, decision string) (Written, error) {
	return l.changeAccreditation(ctx, act, id, from, accreditation.Reinstate{By: act.Institution, From: from, Decision: decision})
}

// WithdrawAccreditation ends the running grant on from, or abInitio as if never made.
func (l *Ledger) WithdrawAccreditation(ctx context.Context, act Act, id domain.ID, from domain.Date, abInitio bool, decision string) (Written, error) {
	return l.changeAccreditation(ctx, act, id, from, accreditation.Withdraw{By: act.Institution, From: from, AbInitio: abInitio, Decision: decision})
}

// changeAccreditation lets the rules answer whoever has to do with the accreditation: its
// agent, the accredited institution and those above it. For others it is not there.
func (l *Ledger) changeAccreditation(ctx context.Context, act Act, id domain.ID, day domain.Date, cmd accreditation.Command) (Written, error) {
	return l.onAccreditation(ctx, act, id, day, func(ctx context.Context) (accreditation.Command, []eventlog.Input, error) {
		acc, err := Load(ctx, l, accreditation.Decider, accreditation.Decider.Stream(id), act)
		if err != nil {
			return nil, nil, err
		}
		concerned := acc.State.AccreditingAgent == act.Institution
		if !concerned {
			concerned, err = l.Within(ctx, act, acc.State.Institution, act.Institution)
		}
		if err == nil && !concerned {
			err = errNotFound()
		}
		return cmd, nil, err
	})
}

func (l *Ledger) onAccreditation(ctx context.Context, act Act, id domain.ID, day domain.Date, build Command[accreditation.Command]) (Written, error) {
	out, err := Execute(ctx, l, accreditation.Decider, accreditation.Decider.Stream(id), act.Effective(string(day)), build)
	return writtenAs(id, out, err)
}
