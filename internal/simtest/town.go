package simtest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"
)

// School is one school and what its clerks need.
type School struct {
	ID string
	// Office is the school's system, Registrar and Dean its two officers.
	Office, Registrar, Dean *Office

	program, plan, session, scheme string
	courses                        []string
}

// m is a JSON object.
type m = map[string]any

// id is the id that a command was answered.
func (c *Command) id() string { return c.text("id") }

// text is a member of the answer.
func (c *Command) text(member string) string {
	var a m
	if err := json.Unmarshal(c.Answer, &a); err != nil {
		return ""
	}
	s, _ := a[member].(string)
	return s
}

// day is a date of the story.
func (c *Crowd) day(offset int) string {
	return c.cfg.Today.AddDate(0, 0, offset).Format(time.DateOnly)
}

// founder writes one thing after the other, and stops at the first error.
type founder struct {
	ctx context.Context
	rng *rand.Rand
	err error
}

func (f *founder) do(o *Office, path string, body any, facts ...string) string {
	if f.err != nil {
		return ""
	}
	c, err := o.Do(f.ctx, f.rng, path, body, facts...)
	if err != nil {
		f.err = err
		return ""
	}
	return c.id()
}

// Found makes the authority: a ministry, a region, two schools that award diplomas. The
// ledger may be hurt meanwhile, except while clients are made.
func (c *Crowd) Found(ctx context.Context) error {
	f := &founder{ctx: ctx, rng: rand.New(rand.NewPCG(c.cfg.Seed, 0))}
	hired, err := c.hire(ctx, "", "ministry")
	if err != nil {
		return err
	}
	ministry := hired[0]
	c.ministry = ministry
	institution := func(code, tier, parent string) string {
		body := m{
			"identificationCode": code, "tier": tier, "countryCode": "TN", "beginDate": "1970-01-01",
			"nameOfInstitution": m{"fr": "Établissement " + code, "ar": "مؤسسة " + code},
		}
		if parent != "" {
			body["parentOrganization"] = parent
		}
		return f.do(ministry, "/v1/institutions", body, "institution.InstitutionRegistered")
	}
	country := institution("MIN", "country", "")
	region := institution("REG", "region", country)
	scheme := f.do(ministry, "/v1/gradingSchemes", m{
		"identificationCode": "TN-20", "name": m{"fr": "Sur 20"}, "minScore": 0, "maxScore": 20, "passMark": 10, "step": 0.25,
	}, "gradingScheme.GradingSchemeDefined")
	for i := range c.schools {
		c.schools[i] = &School{ID: institution(fmt.Sprintf("S%d", i), "school", region), scheme: scheme}
	}
	if f.err != nil {
		return f.err
	}
	for _, s := range c.schools {
		if hired, err = c.hire(ctx, s.ID, "school", "registrar", "approver"); err != nil {
			return err
		}
		s.Office, s.Registrar, s.Dean = hired[0], hired[1], hired[2]
		c.equip(f, ministry, s)
	}
	return f.err
}

// equip gives a school its keys, courses, program, plan, accreditation and a term.
func (c *Crowd) equip(f *founder, ministry *Office, s *School) {
	for _, purpose := range []string{"credential", "status"} {
		proposal := f.do(s.Office, "/v1/institutions/"+s.ID+"/signingKeyPairs", m{"purpose": purpose}, keyProposed)
		f.do(ministry, approvalOf(s, proposal), nil, "institution.SigningKeyAuthorized")
	}
	var required []m
	for _, code := range []string{"MATH", "PHYS", "ARAB"} {
		id := f.do(s.Office, "/v1/courses", m{"courseCode": code, "courseTitle": m{"fr": code}}, "course.CourseDefined")
		s.courses, required = append(s.courses, id), append(required, m{"course": id, "coefficient": 1})
	}
	s.program = f.do(s.Office, "/v1/programs", m{
		"programId": "BAC", "programName": m{"fr": "Baccalauréat"}, "awardTitle": m{"fr": "Diplôme du baccalauréat"}, "achievementType": "Diploma",
	}, "program.ProgramDefined")
	s.plan = f.do(s.Office, "/v1/graduationPlans", m{
		"identificationCode": "PLAN", "name": m{"fr": "Plan"}, "program": s.program, "from": c.day(-900),
		"requirements": m{"gradingScheme": s.scheme, "minAverage": 10, "rounding": m{"step": 0.01}, "courses": required, "passMark": 10, "absentScore": 0},
	}, "graduationPlan.GraduationPlanPublished")
	f.do(ministry, "/v1/accreditations", m{"institution": s.ID, "program": s.program, "from": c.day(-900)}, "accreditation.AccreditationGranted")
	s.session = f.do(s.Office, "/v1/sessions", m{
		"schoolYear": c.year(), "sessionName": "T3", "beginDate": c.day(-150), "endDate": c.day(-3),
	}, "academicSession.SessionOpened")
}

// year is the school year of the story's term.
func (c *Crowd) year() int { return c.cfg.Today.AddDate(0, 0, -20).Year() }
