package api_test

import (
	"testing"

	"sijil/domain"
)

func id(s string) domain.ID { return domain.ID(s) }

func TestTheCatalogOverHTTP(t *testing.T) {
	t.Parallel()
	c := newHomeland(t)
	twenty := object{
		"identificationCode": "TN-20", "name": object{"ar": "من عشرين", "fr": "sur vingt"}, "minScore": 0, "maxScore": 20, "passMark": 10, "step": "0.25",
		"labels": []object{{"label": "TB", "score": 16, "title": object{"fr": "très bien"}}, {"label": "P", "score": 10}},
	}
	scheme := c.ministry.Post("/v1/gradingSchemes", twenty).Want(201).Field("id")
	c.ministry.Post("/v1/gradingSchemes", twenty).Want(201)
	changed := object{"identificationCode": "TN-20", "name": object{"fr": "sur vingt"}, "minScore": 0, "maxScore": 20, "passMark": 9, "step": 1}
	c.ministry.Post("/v1/gradingSchemes", changed).WantProblem(409, "already_defined")
	five := c.ministry.Post("/v1/gradingSchemes", object{"identificationCode": "BA-5", "name": object{"bs": "Ocjene 1–5"}, "minScore": 1, "maxScore": 5, "passMark": 2, "step": 1}).Want(201).Field("id")
	table := object{"to": five, "from": "2024-01-01", "table": []object{{"from": 0, "to": 1}, {"from": 10, "to": 3}}, "decision": "Odluka 12/č"}
	c.schoolA.Post("/v1/gradingSchemes/"+scheme+"/conversions", table).WantProblem(404, "not_found")
	c.ministry.Post("/v1/gradingSchemes/"+scheme+"/conversions", object{"to": scheme, "from": "2024-01-01", "table": []object{{"from": 0, "to": 1}}}).WantProblem(404, "grading_scheme_unknown")
	c.ministry.Post("/v1/gradingSchemes/"+scheme+"/conversions", table).Want(201)
	r := c.get(c.schoolA, "/v1/gradingSchemes/"+scheme).Want(200)
	if r.Field("step") != "0.25" || r.Field("labels", "0", "title", "fr") != "très bien" || r.Field("conversions", "0", "table", "1", "to") != "3" {
		t.Errorf("scheme: %s", r.Body)
	}
	if got := c.get(c.ministry, "/v1/gradingSchemes/"+scheme+"?asOf=2023-12-31").Want(200).Field("conversions"); got != "" {
		t.Errorf("converted before the table's first day: %s", got)
	}

	maths := c.ministry.Post("/v1/courses", object{"courseCode": "MATH-4", "courseTitle": object{"ar": "الرياضيات"}, "credits": "7.5"}).Want(201).Field("id")
	own := c.schoolA.Post("/v1/courses", object{"courseCode": "CHESS", "courseTitle": object{"fr": "Échecs"}}).Want(201).Field("id")
	c.schoolA.Post("/v1/courses", object{"educationOrganization": string(c.Tenant()), "courseCode": "X", "courseTitle": object{"fr": "X"}}).WantProblem(404, "not_found")
	c.ministry.Post("/v1/courses", object{"educationOrganization": string(c.schoolB.Institution), "courseCode": "X", "courseTitle": object{"fr": "X"}}).Want(201)
	c.schoolB.Post("/v1/courses/"+own+"/retirements", object{"endDate": "2026-07-01"}).WantProblem(404, "not_found")
	c.schoolA.Post("/v1/courses/"+own+"/retirements", object{"endDate": "2024-07-01", "successor": maths}).Want(201)
	for day, want := range map[string]string{"2024-06-30": "true", "2024-07-01": "false"} {
		if got := c.get(c.schoolA, "/v1/courses/"+own+"?asOf="+day).Want(200).Field("running"); got != want {
			t.Errorf("running on %s: %s", day, got)
		}
	}
	if r := c.get(c.schoolA, "/v1/courses?courseCode=CHESS&educationOrganization="+string(c.schoolA.Institution)).Want(200); r.Field("items", "0", "successor") != maths {
		t.Errorf("listed: %s", r.Body)
	}

	prog := c.ministry.Post("/v1/programs", object{
		"programId": "BAC-MATH", "programName": object{"fr": "Baccalauréat"}, "awardTitle": object{"ar": "شهادة الباكالوريا"}, "achievementType": "Diploma",
		"level": "uri://europa.eu/EqfLevelDescriptor#4", "languageOfInstruction": "ar-TN",
	}).Want(201).Field("id")
	c.ministry.Post("/v1/programs", object{"programId": "P", "programName": object{"fr": "P"}, "achievementType": "Medal"}).WantProblem(422, "invalid_field")
	if got := c.get(c.schoolB, "/v1/programs/"+prog).Want(200).Field("awardTitle", "ar"); got != "شهادة الباكالوريا" {
		t.Errorf("title %q", got)
	}

	plan := func(from, pass string, course string) object {
		return object{
			"identificationCode": "PLAN", "name": object{"fr": "Régime"}, "program": prog, "from": from, "requirements": object{
				"gradingScheme": scheme, "passMark": pass, "rounding": object{"step": "0.01"}, "countedAttempt": "best",
				"compensation": object{"maxCourses": 1, "average": 10, "floor": "7.5"},
				"courses":      []object{{"course": course, "coefficient": 4, "credits": "7.5", "eliminatoryMark": 6}},
			},
		}
	}
	first := c.ministry.Post("/v1/graduationPlans", plan("2020-09-01", "10", maths)).Want(201)
	if first.Field("version") != "1" {
		t.Errorf("the first version is %s", first.Field("version"))
	}
	if v := c.ministry.Post("/v1/graduationPlans", plan("2020-09-01", "10", maths)).Want(201).Field("version"); v != "1" {
		t.Errorf("the same version again is %s", v)
	}
	c.ministry.Post("/v1/graduationPlans", plan("2020-09-01", "9", maths)).WantProblem(409, "date_out_of_order")
	c.ministry.Post("/v1/graduationPlans", plan("2024-09-01", "10", own)).WantProblem(404, "course_unknown") // a school's own course
	if v := c.ministry.Post("/v1/graduationPlans", plan("2024-09-01", "9", maths)).Want(201).Field("version"); v != "2" {
		t.Errorf("the second version is %s", v)
	}
	c.schoolA.Post("/v1/graduationPlans", plan("2024-09-01", "9", own)).Want(201) // a plan of its own, with the ministry's program
	for day, want := range map[string]string{"2020-08-31": "", "2024-08-31": "1", "2024-09-01": "2"} {
		r := c.get(c.ministry, first.Header.Get("Location")+"?asOf="+day).Want(200)
		if r.Field("versionInForce") != want || r.Field("versions", "1", "requirements", "passMark") != "9" {
			t.Errorf("on %s: %s", day, r.Body)
		}
	}

	term := object{"schoolYear": 2025, "sessionName": "T1", "beginDate": "2024-09-15", "endDate": "2024-12-20", "term": "uri://ed-fi.org/TermDescriptor#FirstTrimester"}
	session := c.schoolA.Post("/v1/sessions", term).Want(201)
	c.ministry.Post("/v1/sessions", term).WantProblem(409, "institution_not_operating") // a ministry is no school
	c.schoolB.Post(session.Header.Get("Location")+"/finalizations", object{"finalizedOn": "2025-01-10"}).WantProblem(404, "not_found")
	c.schoolA.Post(session.Header.Get("Location")+"/finalizations", object{"finalizedOn": "2190-10-10"}).WantProblem(422, "date_in_future")
	c.schoolA.Post(session.Header.Get("Location")+"/finalizations", object{"finalizedOn": "2025-01-10"}).Want(201)
	if r := c.get(c.schoolA, "/v1/sessions?school="+string(c.schoolA.Institution)).Want(200); r.Field("items", "0", "finalizedOn") != "2025-01-10" {
		t.Errorf("listed: %s", r.Body)
	}
}

// TestAWriteOfTheCatalogIsRecordedOnce: the same command again, byte for byte, is answered from what is stored.
func TestAWriteOfTheCatalogIsRecordedOnce(t *testing.T) {
	t.Parallel()
	c := newHomeland(t)
	body := `{"courseCode":"MATH-4","courseTitle":{"ar":"الرياضيات"},"credits":7.5}`
	first := c.ministry.Do("POST", "/v1/courses", body, "Idempotency-Key", "once").Want(201)
	second := c.ministry.Do("POST", "/v1/courses", body, "Idempotency-Key", "once").Want(201)
	if string(first.Body) != string(second.Body) || first.Header.Get("X-Sijil-Position") != second.Header.Get("X-Sijil-Position") {
		t.Errorf("answers differ: %s at %s, %s at %s", first.Body, first.Header.Get("X-Sijil-Position"), second.Body, second.Header.Get("X-Sijil-Position"))
	}
	c.ministry.Do("POST", "/v1/courses", `{"courseCode":"MATH-5","courseTitle":{"ar":"الرياضيات"}}`, "Idempotency-Key", "once").WantProblem(422, "idempotency_key_reused")
}
