package ledger

import (
	"context"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/internal/eventlog"
)

// InstitutionID is the id of the institution with this code. The tenant's own authority
// has the tenant's id instead.
func InstitutionID(tenant domain.ID, identificationCode string) domain.ID {
	return domain.DeriveID(tenant, "institution", identificationCode)
}

// InstitutionInput is a new institution. ParentOrganization is empty for the tenant's own
// authority only, which registers itself.
type InstitutionInput struct {
	IdentificationCode            string
	NameOfInstitution             domain.Text
	ShortNameOfInstitution        string
	Tier                          institution.Tier
	EducationOrganizationCategory domain.Descriptor
	ParentOrganization            domain.ID
	CountryCode                   string
	WebSite                       string
	BeginDate                     domain.Date
}

// RegisterInstitution makes an institution known, below the acting one or as the tenant's
// root. Refusals: not_found when the parent is out of reach, and those of [institution.Register].
func (l *Ledger) RegisterInstitution(ctx context.Context, act Act, in InstitutionInput) (Written, error) {
	root := in.ParentOrganization == ""
	id := InstitutionID(act.Tenant, in.IdentificationCode)
	if root {
		id = act.Tenant
	}
	return l.onInstitution(ctx, act, id, in.BeginDate, func(ctx context.Context) (institution.Command, []eventlog.Input, error) {
		cmd := institution.Register{
			IdentificationCode: in.IdentificationCode, NameOfInstitution: in.NameOfInstitution, ShortNameOfInstitution: in.ShortNameOfInstitution,
			Tier: in.Tier, EducationOrganizationCategory: in.EducationOrganizationCategory, Root: root,
			CountryCode: in.CountryCode, WebSite: in.WebSite, BeginDate: in.BeginDate,
		}
		if root {
			if act.Institution != act.Tenant {
				return nil, nil, domain.Refuse(domain.Forbidden, "not_the_authority", "only the tenant's own authority registers itself; name a parentOrganization")
			}
			return cmd, nil, nil
		}
		top, err := l.Institution(ctx, act, act.Tenant)
		if err != nil {
			return nil, nil, err
		}
		if top.State.IdentificationCode == in.IdentificationCode {
			return nil, nil, domain.Refuse(domain.Conflict, "already_registered", "an institution with this identificationCode is registered already")
		}
		parent, err := l.Reach(ctx, act, in.ParentOrganization)
		if err != nil {
			return nil, nil, err
		}
		cmd.Parent = institution.EvidenceOf(in.ParentOrganization, parent.State, in.BeginDate)
		return cmd, []eventlog.Input{parent.Input()}, nil
	})
}

// RenameInstitution gives an institution another name from day on; an authority above it decides.
func (l *Ledger) RenameInstitution(ctx context.Context, act Act, id domain.ID, name domain.Text, short string, day domain.Date) (Written, error) {
	return l.onInstitution(ctx, act, id, day, func(ctx context.Context) (institution.Command, []eventlog.Input, error) {
		_, err := l.ReachAbove(ctx, act, id)
		return institution.Rename{NameOfInstitution: name, ShortNameOfInstitution: short, BeginDate: day}, nil, err
	})
}

// MoveInstitution puts an institution under another parent from day on. The acting one
// stands above it, and reaches the new parent.
func (l *Ledger) MoveInstitution(ctx context.Context, act Act, id, parent domain.ID, day domain.Date) (Written, error) {
	return l.onInstitution(ctx, act, id, day, func(ctx context.Context) (institution.Command, []eventlog.Input, error) {
		if _, err := l.ReachAbove(ctx, act, id); err != nil {
			return nil, nil, err
		}
		to, err := l.Reach(ctx, act, parent)
		if err != nil {
			return nil, nil, err
		}
		chain, err := l.Ancestors(ctx, act, parent)
		if err != nil {
			return nil, nil, err
		}
		return institution.ChangeParent{
			Self: id, Parent: institution.EvidenceOf(parent, to.State, day), ParentChain: chain, BeginDate: day,
		}, []eventlog.Input{to.Input()}, nil
	})
}

// ChangeOperationalStatus opens, pauses, closes or reopens an institution on day; an
// authority above it decides. Closing names the institution that keeps the records.
func (l *Ledger) ChangeOperationalStatus(ctx context.Context, act Act, id domain.ID, status domain.Descriptor, custodian domain.ID, day domain.Date) (Written, error) {
	return l.onInstitution(ctx, act, id, day, func(ctx context.Context) (institution.Command, []eventlog.Input, error) {
		if _, err := l.ReachAbove(ctx, act, id); err != nil {
			return nil, nil, err
		}
		cmd := institution.ChangeStatus{Self: id, OperationalStatus: status, BeginDate: day}
		if custodian == "" {
			return cmd, nil, nil
		}
		keeper, inputs, err := l.other(ctx, act, custodian, day)
		cmd.RecordsCustodian = keeper
		return cmd, inputs, err
	})
}

// DesignateSuccessor says who continues an institution's work; an authority above it decides.
func (l *Ledger) DesignateSuccessor(ctx context.Context, act Act, id, successor domain.ID, day domain.Date) (Written, error) {
	return l.onInstitution(ctx, act, id, day, func(ctx context.Context) (institution.Command, []eventlog.Input, error) {
		if _, err := l.ReachAbove(ctx, act, id); err != nil {
			return nil, nil, err
		}
		next, inputs, err := l.other(ctx, act, successor, day)
		return institution.DesignateSuccessor{Self: id, Successor: next, BeginDate: day}, inputs, err
	})
}

// other is what a rule needs of another institution of the tenant.
func (l *Ledger) other(ctx context.Context, act Act, id domain.ID, day domain.Date) (institution.Evidence, []eventlog.Input, error) {
	in, err := l.Institution(ctx, act, id)
	if err != nil || !in.Exists() {
		return institution.Evidence{ID: id}, nil, err
	}
	return institution.EvidenceOf(id, in.State, day), []eventlog.Input{in.Input()}, nil
}

func (l *Ledger) onInstitution(ctx context.Context, act Act, id domain.ID, day domain.Date, build Command[institution.Command]) (Written, error) {
	out, err := Execute(ctx, l, institution.Decider, institution.Decider.Stream(id), act.Effective(string(day)), build)
	return writtenAs(id, out, err)
}
