package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"sijil/domain"
	"sijil/domain/academicsession"
	"sijil/internal/access"
)

func TestAGradeIsRecorded(t *testing.T) {
	t.Parallel()
	g := newGradebook(t)
	r := g.post("/v1/grades", g.grade())
	if r.status != http.StatusCreated || !domain.ID(r.member("id")).Valid() ||
		r.header.Get("Location") != "/v1/students/"+string(g.amina)+"/transcript" || !strings.HasPrefix(r.header.Get("X-Sijil-Position"), logID+":") {
		t.Fatalf("%d %v %s", r.status, r.header, r.body)
	}
	g.post("/v1/grades", g.grade()).is(http.StatusConflict, "grade_already_recorded")
	g.post("/v1/grades", g.grade("courseCode", "", "course", `"`+string(g.course)+`"`, "attempt", "2", "numericGradeEarned", "0")).created()
	g.post("/v1/grades", g.grade("attempt", "3", "numericGradeEarned", "", "gradingScheme", "", "scoreStatus", `"absent"`)).created()
	g.post("/v1/grades", g.grade("attempt", "4", "numericGradeEarned", "")).is(422, "score_missing")
	g.post("/v1/grades", g.grade("attempt", "4", "course", `"`+string(g.course)+`"`)).is(422, "invalid_field")
	g.post("/v1/grades", g.grade("attempt", "4", "courseCode", `"INF999"`)).is(404, "course_unknown")
	g.post("/v1/grades", g.grade("attempt", "4", "scoreStatus", `"late"`)).is(422, "invalid_field")
	g.as(g.tokenIn("testland", g.school, access.RecordsRead), func() {
		g.post("/v1/grades", g.grade("attempt", "4")).is(403, "insufficient_scope")
	})
	g.as(g.tokenIn("testland", g.id("school B"), access.RecordsWrite), func() {
		g.post("/v1/grades", g.grade("attempt", "4")).is(404, "not_found")
	})
}

// created fails unless the answer is 201.
func (r reply) created() reply {
	r.t.Helper()
	if r.status != http.StatusCreated {
		r.t.Errorf("%d %s, want 201", r.status, r.body)
	}
	return r
}

// TestABatchAnswersEachRow: also rows that cannot even be read.
func TestABatchAnswersEachRow(t *testing.T) {
	t.Parallel()
	g := newGradebook(t)
	rows := []string{
		g.grade(), g.grade("attempt", "2", "numericGradeEarned", `"21"`), g.grade("attempt", "2", "numericGradeEarned", `"١٥"`),
		g.grade("attempt", "2", "tenant", `"x"`), g.grade("attempt", "2", "studentUniqueId", `"`+string(g.othersPupil)+`"`),
		g.grade("attempt", "2", "diagnosticStatement", `"ممتاز جدا"`), g.grade(), `{}`,
	}
	body := `{"grades":[` + strings.Join(rows, ",") + `]}`
	before := g.events()
	key := "Idempotency-Key: batch"
	r := g.post("/v1/grades/batches", body, key)
	if r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	var got GradeAnswers
	if err := json.Unmarshal([]byte(r.body), &got); err != nil {
		t.Fatal(err)
	}
	want := []string{"201", "422 invalid_field", "422 invalid_field", "422 unknown_field", "404 not_found", "201", "409 grade_already_recorded", "422 invalid_field"}
	for i, a := range got.Grades {
		if s := strings.TrimSpace(fmt.Sprint(a.Status, " ", a.Code)); s != want[i] || a.Row != i || (a.Status == 201) != a.ID.Valid() {
			t.Errorf("row %d is answered %+v, want %s", i, a, want[i])
		}
	}
	if got.Recorded != 2 || got.Refused != 6 || g.events() != before+2 {
		t.Errorf("%d recorded, %d refused, %d events", got.Recorded, got.Refused, g.events()-before)
	}
	if again := g.post("/v1/grades/batches", body, key); again.body != r.body || g.events() != before+2 {
		t.Errorf("sent again it is answered %s, first %s", again.body, r.body)
	}
	g.post("/v1/grades/batches", `{"grades":[]}`).is(422, "invalid_field")
	many := strings.TrimSuffix(strings.Repeat("{},", 1001), ",")
	g.post("/v1/grades/batches", `{"grades":[`+many+`]}`).is(422, "invalid_field")
	g.post("/v1/grades/batches", `{"grades":[{"a":1,"a":2}]}`).is(400, "invalid_json")
}

func TestAmendmentsTakeTwoOfficersOnceFinal(t *testing.T) {
	t.Parallel()
	g := newGradebook(t)
	grade := g.post("/v1/grades", g.grade()).created().member("id")
	body := func(score string) string {
		return fmt.Sprintf(`{"studentUniqueId":%q,"schoolYear":2026,"gradingScheme":%q,"numericGradeEarned":%s,
			"reasonCode":"uri://ed-fi.org/AmendmentReasonDescriptor#TranscriptionError","eventDate":"2026-11-20","reason":"une copie oubliée"}`, g.amina, g.scheme, score)
	}
	if r := g.post("/v1/grades/"+grade+"/amendments", body("16")).created(); r.member("pending") != "false" {
		t.Errorf("%s", r.body)
	}
	g.post("/v1/grades/"+string(g.id("none"))+"/amendments", body("16")).is(404, "not_found")
	g.post("/v1/grades/17/amendments", body("16")).is(404, "not_found")
	put(g, academicsession.Decider, g.session, academicsession.Event(academicsession.SessionFinalized{FinalizedOn: "2026-07-10"}))
	g.post("/v1/grades", g.grade("attempt", "2")).is(409, "session_finalized")
	r := g.post("/v1/grades/"+grade+"/amendments", body("17")).created()
	if r.member("pending") != "true" {
		t.Errorf("%s", r.body)
	}
	key := fmt.Sprintf(`{"studentUniqueId":%q,"schoolYear":2026}`, g.amina)
	confirm := "/v1/amendments/" + r.member("id") + "/confirmations"
	g.post(confirm, key, "X-Sijil-On-Behalf-Of: head-of-school").is(403, "needs_second_approval")
	g.as(g.tokenIn("testland", g.school, access.RecordsAmend), func() {
		g.post(confirm, key).created()
		void := fmt.Sprintf(`{"studentUniqueId":%q,"schoolYear":2026,"reasonCode":"uri://ed-fi.org/AmendmentReasonDescriptor#WrongStudent","eventDate":"2026-11-20"}`, g.amina)
		v := g.post("/v1/grades/"+grade+"/voids", void).created()
		g.post("/v1/amendments/"+v.member("id")+"/declinations", strings.TrimSuffix(key, "}")+`,"reasonCode":"uri://ed-fi.org/AmendmentReasonDescriptor#Unfounded"}`).created()
	})
}

func TestOtherEntriesAreRecorded(t *testing.T) {
	t.Parallel()
	g := newGradebook(t)
	with := func(s string) string {
		return fmt.Sprintf(`{"studentUniqueId":%q,"eventDate":"2026-06-20",%s}`, g.amina, s)
	}
	session := fmt.Sprintf(`"session":%q`, g.session)
	g.post("/v1/courseResults", with(session+`,"courseCode":"INF101","courseAttemptResult":"uri://ed-fi.org/CourseAttemptResultDescriptor#Pass"`)).created()
	foreign := g.post("/v1/foreignGrades", with(`"schoolYear":2026,"externalEducationOrganizationNameOfInstitution":"Gimnazija “Meša Selimović”","courseTitle":"Matematika","verbatimGrade":"5 (odličan)","foreignGradingScheme":"1–5"`)).created().member("id")
	credit := with(fmt.Sprintf(`"schoolYear":2026,"courseCode":"INF101","earnedCredits":6,"methodCreditEarned":"uri://ed-fi.org/MethodCreditEarnedDescriptor#TransferCredit","foreignGrade":%q`, foreign))
	g.post("/v1/credits", credit).created()
	g.post("/v1/credits", credit).is(409, "credit_already_awarded")
	g.post("/v1/juryDecisions", with(session+`,"decision":"uri://ed-fi.org/JuryDecisionDescriptor#Admitted","reason":"à l'unanimité"`)).created()
	void := fmt.Sprintf(`{"studentUniqueId":%q,"schoolYear":2026,"reasonCode":"uri://ed-fi.org/AmendmentReasonDescriptor#WrongStudent","eventDate":"2026-11-20"}`, g.amina)
	g.post("/v1/foreignGrades/"+foreign+"/voids", void).is(409, "foreign_grade_recognized")
}
