package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"sijil/domain"
	"sijil/domain/accreditation"
	"sijil/domain/graduationplan"
	"sijil/domain/program"
	"sijil/internal/access"
	"sijil/internal/ledger"
)

func TestAGraduationTakesTwoOfficers(t *testing.T) {
	t.Parallel()
	g := newGradebook(t)
	licence, plan := g.id("licence"), g.id("plan")
	put(g, program.Decider, licence, program.Event(program.ProgramDefined{EducationOrganization: g.tenant, ProgramID: "LIC-INF", AchievementType: "BachelorDegree"}))
	put(g, graduationplan.Decider, plan, graduationplan.Event(graduationplan.GraduationPlanPublished{
		EducationOrganization: g.tenant, IdentificationCode: "LIC-INF", Program: licence, Version: 1, From: "2020-01-01",
		Requirements: graduationplan.Requirements{GradingScheme: g.scheme, PassMark: domain.Whole(10), Courses: []graduationplan.CourseRequirement{{Course: g.course, Credits: domain.Whole(6), Coefficient: domain.Whole(1)}}},
	}))
	ask := func(s domain.ID) string {
		return fmt.Sprintf(`{"studentUniqueId":%q,"program":%q,"graduationPlan":%q,"eventDate":"2026-11-22"}`, s, licence, plan)
	}
	g.post("/v1/graduations", ask(g.othersPupil)).is(404, "not_found")
	g.post("/v1/graduations", ask(g.notEnrolled)).is(409, "not_enrolled")
	g.post("/v1/graduations", ask(g.amina)).is(409, "not_accredited")
	put(g, accreditation.Decider, ledger.AccreditationID(g.tenant, g.tenant, g.school, licence, ""),
		accreditation.Event(accreditation.AccreditationGranted{Institution: g.school, AccreditingAgent: g.tenant, Program: licence, From: "2020-01-01"}))
	assess := func() (a Assessment) {
		r := g.post("/v1/graduations", ask(g.amina)).created()
		if err := json.Unmarshal([]byte(r.body), &a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	path := fmt.Sprintf("/v1/graduations/%s/%s", g.amina, licence)
	names := func(a Assessment) string { return fmt.Sprintf(`{"event":%q,"digest":%q}`, a.Event, a.Digest) }
	a := assess()
	if a.Outcome != "unmet" || len(a.Gaps) != 1 || a.Gaps[0].Code != "course_missing" || a.Gaps[0].Course != g.course {
		t.Fatalf("found %+v", a)
	}
	g.post(path+"/approvals", names(a)).is(409, "requirements_not_met")
	g.post("/v1/grades", g.grade()).created()
	old := a
	if a = assess(); a.Outcome != "met" || len(a.Gaps) != 0 || a.EarnedCredits != domain.Whole(6) {
		t.Fatalf("found %+v", a)
	}
	g.post(path+"/approvals", names(old)).is(409, "assessment_superseded")
	g.post(path+"/approvals", strings.Replace(names(a), a.Digest[:8], "00000000", 1)).is(409, "digest_mismatch")
	g.post(path+"/confirmations", names(a)).is(409, "needs_approval")
	g.post(path+"/approvals", names(a)).created()
	g.post(path+"/confirmations", names(a), "X-Sijil-On-Behalf-Of: inspector").is(403, "needs_second_approval")
	g.as(g.tokenIn("testland", g.id("school B"), access.GraduationsApprove), func() {
		g.post(path+"/confirmations", names(a)).is(404, "not_found")
	})
	g.as(g.tokenIn("testland", "", access.GraduationsApprove), func() { // an officer of the ministry
		g.post(path+"/confirmations", names(a)).created()
		g.post(path+"/rescissions", `{"eventDate":"2026-11-22","reasonCode":"uri://ed-fi.org/RescissionReasonDescriptor#Fraud","reason":"achetée"}`).created()
	})
	g.post(path+"/confirmations", names(a)).is(409, "graduation_not_assessed")
}
