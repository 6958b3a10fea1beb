package ledger

import (
	"context"

	"sijil/domain"
	"sijil/domain/gradingscheme"
	"sijil/domain/institution"
	"sijil/internal/eventlog"
)

// GradingSchemeID is the id of the scheme that owner calls identificationCode.
func GradingSchemeID(tenant, owner domain.ID, identificationCode string) domain.ID {
	return domain.DeriveID(tenant, "gradingScheme", string(owner), identificationCode)
}

// DefineGradingScheme fixes a scheme. Its owner is the acting institution when d names
// none, else one that the acting one reaches.
func (l *Ledger) DefineGradingScheme(ctx context.Context, act Act, d gradingscheme.GradingSchemeDefined) (Written, error) {
	d.EducationOrganization = ownerOr(act, d.EducationOrganization)
	id := GradingSchemeID(act.Tenant, d.EducationOrganization, d.IdentificationCode)
	out, err := Execute(ctx, l, gradingscheme.Decider, gradingscheme.Decider.Stream(id), datedToday(act), func(ctx context.Context) (gradingscheme.Command, []eventlog.Input, error) {
		_, err := l.Reach(ctx, act, d.EducationOrganization)
		return gradingscheme.Define{Definition: d}, nil, err
	})
	return writtenAs(id, out, err)
}

// ConversionInput is a table by which scores of one scheme read in another.
type ConversionInput struct {
	To       domain.ID
	From     domain.Date
	Table    []gradingscheme.Step
	Decision string
}

// PublishConversion publishes a table under the acting institution's authority, for a
// scheme of its own or of an institution below it.
func (l *Ledger) PublishConversion(ctx context.Context, act Act, id domain.ID, in ConversionInput) (Written, error) {
	act = act.Effective(string(in.From))
	out, err := Execute(ctx, l, gradingscheme.Decider, gradingscheme.Decider.Stream(id), act, func(ctx context.Context) (gradingscheme.Command, []eventlog.Input, error) {
		scheme, err := Load(ctx, l, gradingscheme.Decider, gradingscheme.Decider.Stream(id), act)
		if err != nil {
			return nil, nil, err
		}
		if _, err := l.Reach(ctx, act, scheme.State.Definition.EducationOrganization); err != nil {
			return nil, nil, err
		}
		self, err := l.Institution(ctx, act, act.Institution)
		if err != nil {
			return nil, nil, err
		}
		tier := self.State.Tier
		cmd := gradingscheme.PublishConversion{
			Self: id, To: in.To, Authority: act.Institution, From: in.From, Table: in.Table, Decision: in.Decision,
			MayConvert: tier == institution.Country || tier == institution.Region || act.Institution == act.Tenant,
		}
		target, err := Load(ctx, l, gradingscheme.Decider, gradingscheme.Decider.Stream(in.To), act)
		if err != nil || !target.Exists() {
			return cmd, nil, err
		}
		cmd.Target = &target.State.Definition.Scheme
		return cmd, []eventlog.Input{target.Input()}, nil
	})
	return writtenAs(id, out, err)
}
