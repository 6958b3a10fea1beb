package institution

import (
	"maps"
	"strings"

	"sijil/domain"
)

// Decider is the rules of one institution.
var Decider = domain.Decider[Command, State, Event]{Category: "institution", Decide: decide, Evolve: evolve}

func decide(s State, c Command) ([]Event, error) {
	if r, ok := c.(Register); ok {
		return r.decide(s)
	}
	if !s.Registered {
		return nil, domain.Refuse(domain.Missing, "not_found", "there is no such institution")
	}
	switch c := c.(type) {
	case Rename:
		return c.decide(s)
	case ChangeParent:
		return c.decide(s)
	case ChangeStatus:
		return c.decide(s)
	case DesignateSuccessor:
		return c.decide(s)
	case ProposeKeyChange:
		return c.decide(s)
	case ApproveKeyChange:
		return c.decide(s)
	case RejectKeyChange:
		return c.decide(s)
	}
	panic("Command is sealed: this one was added without its rule")
}

func (c Register) decide(s State) ([]Event, error) {
	if err := domain.Check(
		domain.Rule{Field: "identificationCode", Holds: domain.Code(c.IdentificationCode), Says: "is one line of 1 to 60 characters"},
		domain.Rule{Field: "tier", Holds: c.Tier == Country || c.Tier == Region || c.Tier == School || c.Tier == Agency, Says: "is country, region, school or agency"},
		domain.Rule{
			Field: "educationOrganizationCategory", Says: "is a code of an EducationOrganizationCategoryDescriptor list",
			Holds: c.EducationOrganizationCategory == "" || c.EducationOrganizationCategory.Is("EducationOrganizationCategory"),
		},
		domain.Rule{Field: "countryCode", Holds: countryCode(c.CountryCode), Says: "is two capital letters of ISO 3166-1"},
		domain.Rule{Field: "webSite", Holds: c.WebSite == "" || webSite(c.WebSite), Says: "is an http or https address of at most 200 characters"},
		domain.Rule{Field: "beginDate", Holds: c.BeginDate.Valid(), Says: "is a day of the calendar"},
	); err != nil {
		return nil, err
	}
	if err := checkName(c.NameOfInstitution, c.ShortNameOfInstitution); err != nil {
		return nil, err
	}
	if s.Registered && c.Root {
		return nil, domain.Refuse(domain.Conflict, "already_registered", "the tenant's own authority is registered already; an institution below it names its parentOrganization")
	}
	if s.Registered {
		return nil, domain.Refuse(domain.Conflict, "already_registered", "an institution with this identificationCode is registered already")
	}
	if c.Root {
		if c.Tier == Agency || c.Parent.ID != "" {
			return nil, domain.Refuse(domain.Invalid, "root_has_no_parent", "the tenant's own authority has nothing above it and is no agency")
		}
	} else if err := mayStandUnder(c.Tier, c.Parent); err != nil {
		return nil, err
	}
	return []Event{InstitutionRegistered{
		IdentificationCode: c.IdentificationCode, NameOfInstitution: c.NameOfInstitution, ShortNameOfInstitution: c.ShortNameOfInstitution,
		Tier: c.Tier, EducationOrganizationCategory: c.EducationOrganizationCategory, ParentOrganization: c.Parent.ID,
		CountryCode: c.CountryCode, WebSite: c.WebSite, BeginDate: c.BeginDate,
	}}, nil
}

// mayStandUnder holds the tree to country > region > school.
func mayStandUnder(tier Tier, parent Evidence) error {
	if parent.Tier == "" {
		return domain.Refuse(domain.Missing, "parent_unknown", "parentOrganization is not an institution of this authority")
	}
	ok := false
	switch tier {
	case Region, School:
		ok = parent.Tier == Country || parent.Tier == Region
	case Agency:
		ok = parent.Tier == Country
	}
	if !ok {
		return domain.Refuse(domain.Invalid, "parent_wrong_tier", "a %s does not stand below a %s", tier, parent.Tier)
	}
	if !parent.Operating {
		return domain.Refuse(domain.Conflict, "parent_not_operating", "the parent organization does not work on that day")
	}
	return nil
}

func (c Rename) decide(s State) ([]Event, error) {
	if err := checkName(c.NameOfInstitution, c.ShortNameOfInstitution); err != nil {
		return nil, err
	}
	last := s.Names[len(s.Names)-1]
	if err := after(c.BeginDate, last.From); err != nil {
		return nil, err
	}
	if last.ShortName == c.ShortNameOfInstitution && maps.Equal(last.Name, c.NameOfInstitution) {
		return nil, nil
	}
	return []Event{InstitutionRenamed{c.NameOfInstitution, c.ShortNameOfInstitution, c.BeginDate}}, nil
}

func (c ChangeParent) decide(s State) ([]Event, error) {
	last := s.Parents[len(s.Parents)-1]
	if last.Parent == "" {
		return nil, domain.Refuse(domain.Invalid, "root_has_no_parent", "nothing can be put above the tenant's own authority")
	}
	if err := after(c.BeginDate, last.From); err != nil {
		return nil, err
	}
	if err := mayStandUnder(s.Tier, c.Parent); err != nil {
		return nil, err
	}
	for _, above := range append([]domain.ID{c.Parent.ID}, c.ParentChain...) {
		if above == c.Self {
			return nil, domain.Refuse(domain.Conflict, "parent_cycle", "the new parent stands below this institution")
		}
	}
	if last.Parent == c.Parent.ID {
		return nil, nil
	}
	return []Event{ParentOrganizationChanged{c.Parent.ID, c.BeginDate}}, nil
}

func (c ChangeStatus) decide(s State) ([]Event, error) {
	_, known := statusCodes[c.OperationalStatus.Code()]
	closing := closed(c.OperationalStatus)
	custodian := c.RecordsCustodian
	if err := domain.Check(
		domain.Rule{Field: "operationalStatus", Holds: c.OperationalStatus.Is("OperationalStatus") && known, Says: "is a code of Ed-Fi's OperationalStatusDescriptor"},
		domain.Rule{Field: "recordsCustodian", Holds: closing || custodian.ID == "", Says: "is named when an institution closes, and only then"},
	); err != nil {
		return nil, err
	}
	last := s.Statuses[len(s.Statuses)-1]
	if err := after(c.BeginDate, last.From); err != nil {
		return nil, err
	}
	if closing {
		switch {
		case custodian.ID == "":
			return nil, domain.Refuse(domain.Invalid, "records_custodian_required", "an institution that closes names who keeps its records")
		case custodian.Tier == "" || custodian.ID == c.Self:
			return nil, domain.Refuse(domain.Missing, "records_custodian_unknown", "recordsCustodian is not another institution of this authority")
		case !custodian.Operating:
			return nil, domain.Refuse(domain.Conflict, "records_custodian_not_operating", "the records custodian does not work on that day")
		}
	}
	if last.Code == c.OperationalStatus && last.RecordsCustodian == custodian.ID {
		return nil, nil
	}
	return []Event{OperationalStatusChanged{c.OperationalStatus, c.BeginDate, custodian.ID}}, nil
}

func (c DesignateSuccessor) decide(s State) ([]Event, error) {
	since := s.BeginDate
	if n := len(s.Successors); n > 0 {
		since = s.Successors[n-1].From
	}
	if err := after(c.BeginDate, since); err != nil {
		return nil, err
	}
	if c.Successor.Tier != s.Tier || c.Successor.ID == c.Self {
		return nil, domain.Refuse(domain.Missing, "successor_unknown", "the successor is not another %s of this authority", s.Tier)
	}
	if !c.Successor.Operating {
		return nil, domain.Refuse(domain.Conflict, "successor_not_operating", "the successor does not work on that day")
	}
	if n := len(s.Successors); n > 0 && s.Successors[n-1].Successor == c.Successor.ID {
		return nil, nil
	}
	return []Event{SuccessorDesignated{c.Successor.ID, c.BeginDate}}, nil
}

// after refuses a change dated before the last one of its kind: dated lists only grow at
// their end, so that what held on a day is the last entry that had begun.
func after(day, last domain.Date) error {
	if !day.Valid() {
		return domain.Refuse(domain.Invalid, "invalid_field", "beginDate is a day of the calendar")
	}
	if day < last {
		return domain.Refuse(domain.Conflict, "date_out_of_order", "beginDate lies before the last change, which began on %s", last)
	}
	return nil
}

func checkName(name domain.Text, short string) error {
	return domain.Check(
		domain.Rule{Field: "nameOfInstitution", Holds: name.Well(200), Says: "is a name of at most 200 characters by language tag"},
		domain.Rule{Field: "shortNameOfInstitution", Holds: short == "" || domain.Line(short, 60), Says: "is one line of at most 60 characters"},
	)
}

func countryCode(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

func webSite(s string) bool {
	rest, https := strings.CutPrefix(s, "https://")
	if !https {
		var http bool
		if rest, http = strings.CutPrefix(s, "http://"); !http {
			return false
		}
	}
	return domain.Line(s, 200) && rest != "" && !strings.ContainsAny(rest, " \"<>\\^`{|}")
}
