package institution_test

import (
	"testing"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/internal/scenario"
)

type (
	c = scenario.Case[institution.Command, institution.Event]
	f = []institution.Event
)

const (
	ministry domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f01"
	region   domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f02"
	school   domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f03"
	other    domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f04"
)

var (
	name   = domain.Text{"ar": "معهد قرطاج", "fr": "Lycée de Carthage"}
	active = domain.EdFi("OperationalStatus", "Active")
	closed = domain.EdFi("OperationalStatus", "Closed")
	reopen = domain.EdFi("OperationalStatus", "Reopened")

	registered = institution.InstitutionRegistered{
		IdentificationCode: "TN-1", NameOfInstitution: name, Tier: institution.School,
		ParentOrganization: region, CountryCode: "TN", BeginDate: "2000-09-01",
	}
	root = institution.InstitutionRegistered{
		IdentificationCode: "TN", NameOfInstitution: name, Tier: institution.Country, CountryCode: "TN", BeginDate: "1956-03-20",
	}
	shut = institution.OperationalStatusChanged{OperationalStatus: closed, BeginDate: "2020-07-01", RecordsCustodian: region}
)

func at(tier institution.Tier, id domain.ID) institution.Evidence {
	return institution.Evidence{ID: id, Tier: tier, Operating: true}
}

func register(change ...func(*institution.Register)) institution.Register {
	r := institution.Register{
		IdentificationCode: "TN-1", NameOfInstitution: name, Tier: institution.School,
		Parent: at(institution.Region, region), CountryCode: "TN", BeginDate: "2000-09-01",
	}
	for _, f := range change {
		f(&r)
	}
	return r
}

func TestRegister(t *testing.T) {
	bad := func(change func(*institution.Register), code string) c { return c{When: register(change), Code: code} }
	scenario.Run(t, institution.Decider, map[string]c{
		"a school is registered below its region": {When: register(), Then: f{registered}},
		"the tenant's own authority has nothing above it": {
			When: register(func(r *institution.Register) {
				*r = institution.Register{IdentificationCode: "TN", NameOfInstitution: name, Tier: institution.Country, Root: true, CountryCode: "TN", BeginDate: "1956-03-20"}
			}), Then: f{root},
		},
		"a root with a parent is refused": bad(func(r *institution.Register) { r.Root = true }, "root_has_no_parent"),
		"a root agency is refused": bad(func(r *institution.Register) {
			r.Root, r.Tier, r.Parent = true, institution.Agency, institution.Evidence{}
		}, "root_has_no_parent"),
		"nobody is registered twice":                    {Given: f{registered}, When: register(), Code: "already_registered"},
		"a parent that is not there is refused":         bad(func(r *institution.Register) { r.Parent = institution.Evidence{ID: other} }, "parent_unknown"),
		"a school below a school is refused":            bad(func(r *institution.Register) { r.Parent = at(institution.School, other) }, "parent_wrong_tier"),
		"a school below an agency is refused":           bad(func(r *institution.Register) { r.Parent = at(institution.Agency, other) }, "parent_wrong_tier"),
		"an agency below a region is refused":           bad(func(r *institution.Register) { r.Tier = institution.Agency }, "parent_wrong_tier"),
		"a country below anything is refused":           bad(func(r *institution.Register) { r.Tier = institution.Country }, "parent_wrong_tier"),
		"a closed parent is refused":                    bad(func(r *institution.Register) { r.Parent.Operating = false }, "parent_not_operating"),
		"an unknown tier is refused":                    bad(func(r *institution.Register) { r.Tier = "district" }, "invalid_field"),
		"a code with a line break is refused":           bad(func(r *institution.Register) { r.IdentificationCode = "TN\n1" }, "invalid_field"),
		"a nameless institution is refused":             bad(func(r *institution.Register) { r.NameOfInstitution = nil }, "invalid_field"),
		"a name that overrides direction is refused":    bad(func(r *institution.Register) { r.NameOfInstitution = domain.Text{"en": "abc\u202Edef"} }, "invalid_field"),
		"a language that is none is refused":            bad(func(r *institution.Register) { r.NameOfInstitution = domain.Text{"Français": "Lycée"} }, "invalid_field"),
		"a short name of two lines is refused":          bad(func(r *institution.Register) { r.ShortNameOfInstitution = "a\nb" }, "invalid_field"),
		"a country in lower case is refused":            bad(func(r *institution.Register) { r.CountryCode = "tn" }, "invalid_field"),
		"a web site that is a script is refused":        bad(func(r *institution.Register) { r.WebSite = "javascript:alert(1)" }, "invalid_field"),
		"a web site with markup is refused":             bad(func(r *institution.Register) { r.WebSite = "https://a.tn/<b>" }, "invalid_field"),
		"a day that is not in the calendar is refused":  bad(func(r *institution.Register) { r.BeginDate = "2023-02-30" }, "invalid_field"),
		"a category of another code list is refused":    bad(func(r *institution.Register) { r.EducationOrganizationCategory = active }, "invalid_field"),
		"a command before the registration is not done": {When: institution.Rename{NameOfInstitution: name, BeginDate: "2001-01-01"}, Code: "not_found"},
	})
}

func TestChanges(t *testing.T) {
	renamed := domain.Text{"fr": "Lycée pilote de Carthage"}
	up := at(institution.Region, other)
	scenario.Run(t, institution.Decider, map[string]c{
		"a school is renamed from a day on": {
			Given: f{registered}, When: institution.Rename{NameOfInstitution: renamed, ShortNameOfInstitution: "LPC", BeginDate: "2010-09-01"},
			Then: f{institution.InstitutionRenamed{NameOfInstitution: renamed, ShortNameOfInstitution: "LPC", BeginDate: "2010-09-01"}},
		},
		"the name it has already changes nothing":  {Given: f{registered}, When: institution.Rename{NameOfInstitution: name, BeginDate: "2010-09-01"}},
		"a name before its first day is refused":   {Given: f{registered}, When: institution.Rename{NameOfInstitution: renamed, BeginDate: "1999-09-01"}, Code: "date_out_of_order"},
		"a name on no day is refused":              {Given: f{registered}, When: institution.Rename{NameOfInstitution: renamed}, Code: "invalid_field"},
		"an empty name is refused":                 {Given: f{registered}, When: institution.Rename{NameOfInstitution: domain.Text{"fr": ""}, BeginDate: "2010-09-01"}, Code: "invalid_field"},
		"a school moves to another region":         {Given: f{registered}, When: institution.ChangeParent{Self: school, Parent: up, BeginDate: "2012-01-01"}, Then: f{institution.ParentOrganizationChanged{ParentOrganization: other, BeginDate: "2012-01-01"}}},
		"a move to where it is changes nothing":    {Given: f{registered}, When: institution.ChangeParent{Self: school, Parent: at(institution.Region, region), BeginDate: "2012-01-01"}},
		"a move to a school is refused":            {Given: f{registered}, When: institution.ChangeParent{Self: school, Parent: at(institution.School, other), BeginDate: "2012-01-01"}, Code: "parent_wrong_tier"},
		"the root is moved nowhere":                {Given: f{root}, When: institution.ChangeParent{Self: ministry, Parent: up, BeginDate: "2012-01-01"}, Code: "root_has_no_parent"},
		"nobody is moved before the last move":     {Given: f{registered, institution.ParentOrganizationChanged{ParentOrganization: other, BeginDate: "2012-01-01"}}, When: institution.ChangeParent{Self: school, Parent: at(institution.Region, region), BeginDate: "2011-01-01"}, Code: "date_out_of_order"},
		"a region is not put below its own region": {Given: f{regionRegistered}, When: institution.ChangeParent{Self: region, Parent: up, ParentChain: []domain.ID{region, ministry}, BeginDate: "2012-01-01"}, Code: "parent_cycle"},
		"a region is not put below itself":         {Given: f{regionRegistered}, When: institution.ChangeParent{Self: region, Parent: at(institution.Region, region), BeginDate: "2012-01-01"}, Code: "parent_cycle"},
		"a closing school names who keeps its records": {
			Given: f{registered}, When: institution.ChangeStatus{Self: school, OperationalStatus: closed, BeginDate: "2020-07-01", RecordsCustodian: at(institution.Region, region)}, Then: f{shut},
		},
		"a closing without a custodian is refused":      {Given: f{registered}, When: institution.ChangeStatus{Self: school, OperationalStatus: closed, BeginDate: "2020-07-01"}, Code: "records_custodian_required"},
		"nobody is their own custodian":                 {Given: f{registered}, When: institution.ChangeStatus{Self: school, OperationalStatus: closed, BeginDate: "2020-07-01", RecordsCustodian: at(institution.School, school)}, Code: "records_custodian_unknown"},
		"a custodian that is not there is refused":      {Given: f{registered}, When: institution.ChangeStatus{Self: school, OperationalStatus: closed, BeginDate: "2020-07-01", RecordsCustodian: institution.Evidence{ID: other}}, Code: "records_custodian_unknown"},
		"a closed custodian is refused":                 {Given: f{registered}, When: institution.ChangeStatus{Self: school, OperationalStatus: closed, BeginDate: "2020-07-01", RecordsCustodian: institution.Evidence{ID: other, Tier: institution.School}}, Code: "records_custodian_not_operating"},
		"a custodian of an open school is refused":      {Given: f{registered}, When: institution.ChangeStatus{Self: school, OperationalStatus: reopen, BeginDate: "2020-07-01", RecordsCustodian: at(institution.Region, region)}, Code: "invalid_field"},
		"a status no rule knows is refused":             {Given: f{registered}, When: institution.ChangeStatus{Self: school, OperationalStatus: "uri://example.org/OperationalStatusDescriptor#Sleeping", BeginDate: "2020-07-01"}, Code: "invalid_field"},
		"a code of another list is refused":             {Given: f{registered}, When: institution.ChangeStatus{Self: school, OperationalStatus: domain.EdFi("Term", "Closed"), BeginDate: "2020-07-01"}, Code: "invalid_field"},
		"the status it has already changes nothing":     {Given: f{registered}, When: institution.ChangeStatus{Self: school, OperationalStatus: active, BeginDate: "2020-07-01"}},
		"a closed school reopens":                       {Given: f{registered, shut}, When: institution.ChangeStatus{Self: school, OperationalStatus: reopen, BeginDate: "2021-09-01"}, Then: f{institution.OperationalStatusChanged{OperationalStatus: reopen, BeginDate: "2021-09-01"}}},
		"a school that closed cannot have been open on": {Given: f{registered, shut}, When: institution.ChangeStatus{Self: school, OperationalStatus: reopen, BeginDate: "2020-01-01"}, Code: "date_out_of_order"},
		"another school continues a school": {
			Given: f{registered, shut}, When: institution.DesignateSuccessor{Self: school, Successor: at(institution.School, other), BeginDate: "2020-07-01"},
			Then: f{institution.SuccessorDesignated{Successor: other, BeginDate: "2020-07-01"}},
		},
		"a region does not continue a school":             {Given: f{registered}, When: institution.DesignateSuccessor{Self: school, Successor: at(institution.Region, region), BeginDate: "2020-07-01"}, Code: "successor_unknown"},
		"nobody continues itself":                         {Given: f{registered}, When: institution.DesignateSuccessor{Self: school, Successor: at(institution.School, school), BeginDate: "2020-07-01"}, Code: "successor_unknown"},
		"a closed school continues nobody":                {Given: f{registered}, When: institution.DesignateSuccessor{Self: school, Successor: institution.Evidence{ID: other, Tier: institution.School}, BeginDate: "2020-07-01"}, Code: "successor_not_operating"},
		"a successor before the school's days is refused": {Given: f{registered}, When: institution.DesignateSuccessor{Self: school, Successor: at(institution.School, other), BeginDate: "1990-07-01"}, Code: "date_out_of_order"},
		"the same successor again changes nothing":        {Given: f{registered, institution.SuccessorDesignated{Successor: other, BeginDate: "2020-07-01"}}, When: institution.DesignateSuccessor{Self: school, Successor: at(institution.School, other), BeginDate: "2021-07-01"}},
	})
}

var regionRegistered = institution.InstitutionRegistered{
	IdentificationCode: "TN-R", NameOfInstitution: name, Tier: institution.Region,
	ParentOrganization: ministry, CountryCode: "TN", BeginDate: "2000-09-01",
}

// TestWhatHeldOnADay reads dated facts back by day.
func TestWhatHeldOnADay(t *testing.T) {
	s := institution.Decider.Fold(institution.State{}, registered,
		institution.InstitutionRenamed{NameOfInstitution: domain.Text{"fr": "Lycée pilote"}, BeginDate: "2010-09-01"},
		institution.ParentOrganizationChanged{ParentOrganization: other, BeginDate: "2012-01-01"}, shut)
	for _, c := range []struct {
		day                domain.Date
		name               string
		parent, custodian  domain.ID
		operating, enrolls bool
	}{
		{"1999-12-31", "Lycée de Carthage", "", school, false, false},
		{"2000-09-01", "Lycée de Carthage", region, school, true, true},
		{"2010-08-31", "Lycée de Carthage", region, school, true, true},
		{"2010-09-01", "Lycée pilote", region, school, true, true},
		{"2012-01-01", "Lycée pilote", other, school, true, true},
		{"2020-06-30", "Lycée pilote", other, school, true, true},
		{"2020-07-01", "Lycée pilote", other, region, false, false},
	} {
		if got := s.NameOn(c.day).Name.In("fr"); got != c.name {
			t.Errorf("on %s it is called %q, want %q", c.day, got, c.name)
		}
		if got := s.ParentOn(c.day); got != c.parent {
			t.Errorf("on %s its parent is %q, want %q", c.day, got, c.parent)
		}
		if s.OperatingOn(c.day) != c.operating || s.EnrollsOn(c.day) != c.enrolls {
			t.Errorf("on %s it operates: %v, enrolls: %v", c.day, s.OperatingOn(c.day), s.EnrollsOn(c.day))
		}
		if got := s.CustodianOn(school, c.day); got != c.custodian {
			t.Errorf("on %s %q keeps its records, want %q", c.day, got, c.custodian)
		}
	}
	next := institution.Decider.Fold(s, institution.SuccessorDesignated{Successor: other, BeginDate: "2020-08-01"})
	if next.SuccessorOn("2020-07-31") != "" || next.SuccessorOn("2020-08-01") != other {
		t.Error("a successor does not begin on its day")
	}
	if r := institution.Decider.Fold(institution.State{}, root); r.EnrollsOn("2020-01-01") {
		t.Error("a ministry enrolls students")
	}
}
