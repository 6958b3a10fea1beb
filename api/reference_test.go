package api_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"sijil/internal/apitest"
)

type object map[string]any

// homeland is a tenant as its users build it: a ministry, a region, two schools.
type homeland struct {
	*apitest.World
	ministry, region, schoolA, schoolB *apitest.Client
}

const agency = "agency-1"

func institutionBody(code, tier, parent string, change ...object) object {
	o := object{
		"identificationCode": code, "nameOfInstitution": object{"fr": "Institution " + code, "ar": "مؤسسة"}, "tier": tier,
		"countryCode": "TN", "beginDate": "2000-09-01",
	}
	if parent != "" {
		o["parentOrganization"] = parent
	}
	for _, c := range change {
		for k, v := range c {
			o[k] = v
		}
	}
	return o
}

func newHomeland(t *testing.T) *homeland {
	t.Helper()
	w := apitest.New(t)
	c := &homeland{World: w}
	c.ministry = w.Client("ministry", "")
	root := c.ministry.Post("/v1/institutions", institutionBody("TN", "country", "", object{"beginDate": "1956-03-20"})).Want(201).Field("id")
	region := c.ministry.Post("/v1/institutions", institutionBody("TN-11", "region", root)).Want(201).Field("id")
	a := c.ministry.Post("/v1/institutions", institutionBody("TN-11-A", "school", region)).Want(201).Field("id")
	b := c.ministry.Post("/v1/institutions", institutionBody("TN-B", "school", root)).Want(201).Field("id")
	c.region = w.Client("region", id(region))
	c.schoolA = w.Client("school", id(a))
	c.schoolB = w.Client("school", id(b))
	return c
}

// get reads at the newest position any of the usual callers wrote at, as often as it takes on a busy machine.
func (h *homeland) get(c *apitest.Client, path string) *apitest.Response {
	for deadline := time.Now().Add(15 * time.Second); ; {
		r := c.Do("GET", path, nil, "X-Sijil-Position", h.newest())
		if r.Code() != "read_behind" || time.Now().After(deadline) {
			return r
		}
	}
}

func (h *homeland) newest() (position string) {
	best := -1
	for _, c := range []*apitest.Client{h.ministry, h.region, h.schoolA, h.schoolB} {
		_, digits, _ := strings.Cut(c.Position, ":")
		if n, err := strconv.Atoi(digits); err == nil && n > best {
			best, position = n, c.Position
		}
	}
	return position
}

func TestInstitutionsOverHTTP(t *testing.T) {
	t.Parallel()
	c := newHomeland(t)
	a, b := string(c.schoolA.Institution), string(c.schoolB.Institution)
	region := string(c.region.Institution)
	one := "/v1/institutions/" + a

	if got := c.get(c.ministry, "/v1/institutions/"+string(c.Tenant())).Want(200).Field("identificationCode"); got != "TN" {
		t.Errorf("the tenant's id leads to %q, not to its authority", got)
	}
	created := c.ministry.Post("/v1/institutions", institutionBody("TN-C", "school", region)).Want(201)
	if got := c.get(c.ministry, created.Header.Get("Location")).Want(200).Field("parentOrganization"); got != region {
		t.Errorf("parent %q, want %q", got, region)
	}
	c.ministry.Post("/v1/institutions", institutionBody("TN-C", "school", region)).WantProblem(409, "already_registered")
	c.ministry.Post("/v1/institutions", institutionBody("TN", "school", region)).WantProblem(409, "already_registered")
	c.ministry.Post("/v1/institutions", institutionBody("TN-D", "school", a)).WantProblem(422, "parent_wrong_tier")
	c.ministry.Post("/v1/institutions", institutionBody("TN-E", "school", region, object{"nameOfInstitution": object{"fr": "a\u202eb"}})).WantProblem(422, "invalid_field")
	c.ministry.Post("/v1/institutions", institutionBody("TN-E", "school", region, object{"recordedAt": "2000-01-01"})).WantProblem(422, "unknown_field")

	// A region decides below itself and nowhere else; a school about itself hardly anything.
	c.region.Post("/v1/institutions", institutionBody("TN-11-F", "school", region)).Want(201)
	c.region.Post("/v1/institutions", institutionBody("TN-G", "school", string(c.Tenant()))).WantProblem(404, "not_found")
	c.schoolA.Post("/v1/institutions", institutionBody("TN-H", "school", region)).WantProblem(403, "insufficient_scope")
	renaming := object{"nameOfInstitution": object{"fr": "Lycée pilote"}, "beginDate": "2020-09-01"}
	c.region.Post("/v1/institutions/"+b+"/renamings", renaming).WantProblem(404, "not_found")
	c.region.Post("/v1/institutions/"+region+"/renamings", renaming).WantProblem(403, "not_the_authority")
	c.region.Post(one+"/renamings", renaming).Want(201)

	c.ministry.Post(one+"/parentChanges", object{"parentOrganization": string(c.Tenant()), "beginDate": "2021-01-01"}).Want(201)
	c.region.Post(one+"/renamings", renaming).WantProblem(404, "not_found") // no longer below the region
	c.ministry.Post(one+"/statusChanges", object{"operationalStatus": "uri://ed-fi.org/OperationalStatusDescriptor#Closed", "beginDate": "2024-07-01"}).
		WantProblem(422, "records_custodian_required")
	c.ministry.Post(one+"/statusChanges", object{"operationalStatus": "uri://ed-fi.org/OperationalStatusDescriptor#Closed", "beginDate": "2024-07-01", "recordsCustodian": b}).Want(201)
	c.ministry.Post(one+"/successors", object{"successor": b, "beginDate": "2024-07-01"}).Want(201)

	for _, x := range []struct{ query, name, parent, status, custodian string }{
		{"?asOf=2020-08-31", "Institution TN-11-A", region, "uri://ed-fi.org/OperationalStatusDescriptor#Active", ""},
		{"?asOf=2020-09-01", "Lycée pilote", region, "uri://ed-fi.org/OperationalStatusDescriptor#Active", ""},
		{"?asOf=2021-01-01", "Lycée pilote", string(c.Tenant()), "uri://ed-fi.org/OperationalStatusDescriptor#Active", ""},
		{"", "Lycée pilote", string(c.Tenant()), "uri://ed-fi.org/OperationalStatusDescriptor#Closed", b},
	} {
		r := c.get(c.ministry, one+x.query).Want(200)
		got := []string{r.Field("nameOfInstitution", "fr"), r.Field("parentOrganization"), r.Field("operationalStatus"), r.Field("recordsCustodian")}
		if want := []string{x.name, x.parent, x.status, x.custodian}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %q, want %q", x.query, got, want)
		}
	}
	r := c.get(c.ministry, one).Want(200)
	if got := r.Field("history", "1", "type"); got != "institution.InstitutionRenamed.v1" {
		t.Errorf("the second fact is %q", got)
	}
	if got := r.Field("history", "1", "actor"); got != string(c.region.Subject) {
		t.Errorf("renamed by %q, not by the region", got)
	}
	before := r.Field("history", "1", "recordedAt")
	r = c.get(c.ministry, one+"?knownAt="+before).Want(200)
	if r.Field("history", "1", "type") == "" || r.Field("history", "2", "type") != "" || r.Field("parentOrganization") != region {
		t.Errorf("what was known at %s: %s", before, r.Body)
	}
	c.get(c.ministry, one+"?knownAt=1999-01-01T00:00:00Z").WantProblem(404, "not_found")

	// Another tenant sees nothing and reaches nothing.
	other := c.ClientOf("elsewhere", "", "institutions:read", "institutions:write")
	other.Get(one).WantProblem(404, "not_found")
	other.Post(one+"/renamings", renaming).WantProblem(404, "not_found")
	if n := other.Get("/v1/institutions").Want(200).Field("items"); n != "[]" {
		t.Errorf("another tenant lists %s", n)
	}
}

func TestAnInstitutionIsListedPageByPage(t *testing.T) {
	t.Parallel()
	c := newHomeland(t)
	for i := range 5 {
		c.ministry.Post("/v1/institutions", institutionBody(fmt.Sprintf("S-%d", i), "school", string(c.Tenant()))).Want(201)
	}
	seen := map[string]bool{}
	cursor := ""
	for page := 0; ; page++ {
		r := c.get(c.schoolA, "/v1/institutions?limit=4"+cursor).Want(200)
		for i := range 4 {
			if at := r.Field("items", fmt.Sprint(i), "id"); at != "" {
				if seen[at] {
					t.Errorf("%s is listed twice", at)
				}
				seen[at] = true
			}
		}
		next := r.Field("next")
		if next == "" {
			break
		}
		cursor = "&cursor=" + next
	}
	if len(seen) != 9 {
		t.Errorf("%d institutions are listed, want 9", len(seen))
	}
	r := c.get(c.ministry, "/v1/institutions?identificationCode=S-3").Want(200)
	if r.Field("items", "0", "identificationCode") != "S-3" || r.Field("items", "1", "id") != "" {
		t.Errorf("by code: %s", r.Body)
	}
}

func TestAccreditationsOverHTTP(t *testing.T) {
	t.Parallel()
	c := newHomeland(t)
	school := string(c.schoolA.Institution)
	prog := c.ministry.Post("/v1/programs", object{"programId": "BAC", "programName": object{"fr": "Bac"}, "achievementType": "Diploma"}).Want(201).Field("id")
	grant := object{"institution": school, "program": prog, "from": "2020-09-01", "until": "2026-09-01", "decision": "JORT n° 57"}
	acc := c.ministry.Post("/v1/accreditations", grant).Want(201)
	one := acc.Header.Get("Location")

	c.schoolB.Post("/v1/accreditations", grant).WantProblem(403, "insufficient_scope")
	self := c.ClientOf(apitest.Slug, c.schoolA.Institution, "accreditations:write")
	self.Post(one+"/renewals", object{}).WantProblem(403, "not_the_accrediting_agent")
	stranger := c.ClientOf(apitest.Slug, c.schoolB.Institution, "accreditations:write")
	stranger.Post(one+"/renewals", object{}).WantProblem(404, "not_found")
	own := object{"institution": string(c.schoolB.Institution), "program": prog, "from": "2020-09-01"}
	stranger.Post("/v1/accreditations", own).WantProblem(422, "invalid_field")
	bac := object{"institution": school, "program": string(c.Tenant()), "from": "2020-09-01"}
	c.ministry.Post("/v1/accreditations", bac).WantProblem(404, "program_unknown")
	c.ministry.Post(one+"/suspensions", object{"from": "2022-01-01"}).Want(201)
	c.ministry.Post(one+"/suspensions", object{"from": "2022-02-01"}).WantProblem(409, "accreditation_suspended")
	c.ministry.Post(one+"/reinstatements", object{"from": "2022-06-01", "decision": "JORT n° 61"}).Want(201)
	c.ministry.Post(one+"/renewals", object{"until": "2030-09-01"}).Want(201)
	c.ministry.Post(one+"/withdrawals", object{"from": "2025-01-01"}).Want(201)
	c.ministry.Post(one+"/renewals", object{"until": "2031-09-01"}).WantProblem(409, "accreditation_withdrawn")

	for day, want := range map[string]string{
		"2020-08-31": "false", "2020-09-01": "true", "2022-01-01": "false", "2022-06-01": "true", "2024-12-31": "true", "2025-01-01": "false",
	} {
		if got := c.get(c.schoolA, one+"?asOf="+day).Want(200).Field("accredited"); got != want {
			t.Errorf("accredited on %s: %s, want %s", day, got, want)
		}
	}
	r := c.get(c.schoolA, "/v1/accreditations?institution="+school+"&program="+prog+"&asOf=2024-01-01").Want(200)
	if r.Field("items", "0", "accredited") != "true" || r.Field("items", "0", "grants", "0", "suspensions", "0", "until") != "2022-06-01" || r.Field("items", "1") != "" {
		t.Errorf("listed: %s", r.Body)
	}

	// An agency accredits what stands below the country it stands under.
	body := institutionBody(agency, "agency", string(c.Tenant()))
	by := c.ClientOf(apitest.Slug, id(c.ministry.Post("/v1/institutions", body).Want(201).Field("id")), "accreditations:write", "accreditations:read")
	level := "uri://europa.eu/EqfLevelDescriptor#4"
	second := by.Post("/v1/accreditations", object{"institution": school, "level": level, "from": "2024-01-01"}).Want(201)
	c.ministry.Position = by.Position
	if got := c.get(by, second.Header.Get("Location")).Want(200).Field("accreditingAgent"); got != string(by.Institution) {
		t.Errorf("the agent is %q", got)
	}
	c.ministry.Post(second.Header.Get("Location")+"/withdrawals", object{"abInitio": true}).WantProblem(403, "not_the_accrediting_agent")
	by.Post(second.Header.Get("Location")+"/withdrawals", object{"abInitio": true}).Want(201)
}
