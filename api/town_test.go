package api_test

import (
	"fmt"
	"testing"
	"time"

	"sijil/domain"
	"sijil/internal/access"
	"sijil/internal/apitest"
)

type m = map[string]any

// town is a tenant with one of everything, made as its users make it, over HTTP.
type town struct {
	w                       *apitest.World
	slug                    string
	ministry                *apitest.Client
	office, registrar, dean *apitest.Client // of the school
	neighbour               *apitest.Client // another school
	// ids by the name that operations' paths and bodies give them.
	ids map[string]string
}

func (t *town) day(n int) string { return string(domain.DateOf(t.w.Clock.Now().AddDate(0, 0, n))) }

// newTown takes a minute of reading: every thing rests on those before it.
func newTown(t *testing.T, w *apitest.World, slug string) *town {
	t.Helper()
	c := &town{w: w, slug: slug, ids: map[string]string{}}
	id := func(r *apitest.Response) string { t.Helper(); return r.Want(201).Field("id") }
	c.ministry = w.ClientOf(slug, "", everything()...)
	country := id(c.ministry.Post("/v1/institutions", m{
		"identificationCode": "MIN", "tier": "country", "countryCode": "TN", "beginDate": "1956-03-20", "nameOfInstitution": m{"ar": "وزارة"},
	}))
	school := func(code string) string {
		return id(c.ministry.Post("/v1/institutions", m{
			"identificationCode": code, "tier": "school", "countryCode": "TN", "beginDate": "1990-01-01", "parentOrganization": country, "nameOfInstitution": m{"ar": "مدرسة"},
		}))
	}
	c.ids["institution"] = school("S1")
	here, there := domain.ID(c.ids["institution"]), domain.ID(school("S2"))
	c.office, c.registrar, c.dean = w.ClientOf(slug, here, everything()...), w.ClientOf(slug, here, everything()...), w.ClientOf(slug, here, everything()...)
	c.neighbour = w.ClientOf(slug, there, everything()...)
	for _, purpose := range []string{"credential", "status"} {
		pair := c.office.Post("/v1/institutions/"+string(here)+"/signingKeyPairs", m{"purpose": purpose}).Want(201)
		c.registrar.Post("/v1/institutions/"+string(here)+"/signingKeyProposals/"+pair.Field("id")+"/approvals", nil).Want(201)
		c.ids["kid"] = pair.Field("kid")
	}
	c.ids["proposal"] = c.office.Post("/v1/institutions/"+string(here)+"/signingKeyPairs", m{"purpose": "authentication"}).Want(201).Field("id")
	scheme := id(c.ministry.Post("/v1/gradingSchemes", m{"identificationCode": "20", "name": m{"fr": "Sur 20"}, "minScore": 0, "maxScore": 20, "passMark": 10, "step": 0.25}))
	course := id(c.office.Post("/v1/courses", m{"courseCode": "MATH", "courseTitle": m{"fr": "Maths"}}))
	program := id(c.office.Post("/v1/programs", m{"programId": "BAC", "programName": m{"fr": "Bac"}, "awardTitle": m{"fr": "Diplôme"}, "achievementType": "Diploma"}))
	plan := id(c.office.Post("/v1/graduationPlans", m{
		"identificationCode": "P", "name": m{"fr": "Plan"}, "program": program, "from": c.day(-900),
		"requirements": m{"gradingScheme": scheme, "minAverage": 10, "rounding": m{"step": 0.01}, "courses": []m{{"course": course, "coefficient": 1}}},
	}))
	c.ids["accreditation"] = id(c.ministry.Post("/v1/accreditations", m{"institution": here, "program": program, "from": c.day(-900)}))
	year := w.Clock.Now().AddDate(0, 0, -20).Year()
	session := id(c.office.Post("/v1/sessions", m{"schoolYear": year, "sessionName": "T3", "beginDate": c.day(-120), "endDate": c.day(-1)}))
	c.ids["gradingScheme"], c.ids["course"], c.ids["program"], c.ids["graduationPlan"], c.ids["session"] = scheme, course, program, plan, session

	number := func(n int) m {
		return m{
			"studentIdentificationSystemDescriptor":   "uri://ed-fi.org/StudentIdentificationSystemDescriptor#National",
			"assigningOrganizationIdentificationCode": "TN", "identificationCode": fmt.Sprintf("0144170%02d", n),
		}
	}
	enroll := func(n int) (student, enrollment string) {
		student = id(c.office.Post("/v1/students", m{
			"personalNames": []m{{"language": "ar-Arab", "fullName": "أمينة بن صالح"}}, "sex": "uri://ed-fi.org/SexDescriptor#Female",
			"birthDate": "2008-01-15", "identityAssurance": "documented", "studentIdentificationCodes": []m{number(n)},
		}))
		return student, id(c.office.Post("/v1/students/"+student+"/enrollments", m{"program": program, "entryDate": c.day(-120), "entryGradeLevel": "uri://ed-fi.org/GradeLevelDescriptor#TwelfthGrade"}))
	}
	student, enrollment := enroll(1)
	c.ids["student"], c.ids["enrollment"] = student, enrollment
	c.ids["entry"] = id(c.office.Post("/v1/grades", m{
		"studentUniqueId": student, "course": course, "session": session, "gradingScheme": scheme, "numericGradeEarned": 15.5, "eventDate": c.day(-10),
	}))
	enroll(2)
	c.ids["transfer"] = id(c.neighbour.Post("/v1/transfers", m{"studentIdentificationCode": number(2), "entryDate": c.day(0)}))

	a := c.office.Post("/v1/graduations", m{"studentUniqueId": student, "program": program, "graduationPlan": plan, "eventDate": c.day(0)}).Want(201)
	approval := m{"event": a.Field("event"), "digest": a.Field("digest")}
	path := "/v1/graduations/" + student + "/" + program
	c.registrar.Post(path+"/approvals", approval).Want(201)
	c.dean.Post(path+"/confirmations", approval).Want(201)
	c.office.Post("/v1/awards", m{"studentUniqueId": student, "program": program, "diplomaAwardDate": c.day(0)}).Want(201)
	c.ids["credential"], c.ids["award"] = c.signed(t, student)
	attested := c.office.Post("/credentials/issue", m{"credential": m{
		"@context": []string{"https://www.w3.org/ns/credentials/v2"}, "type": []string{"VerifiableCredential"}, "credentialSubject": m{"id": "did:example:subject"},
	}}).Want(201).Header.Get("Location")
	c.ids["attestation"] = attested[len(attested)-36:]
	c.ids["revocation"] = id(c.registrar.Post("/v1/credentials/"+c.ids["credential"]+"/revocations", m{"reasonClass": "issued_in_error"}))
	return c
}

// signed waits for the student's credential.
func (t *town) signed(tt *testing.T, student string) (credential, award string) {
	tt.Helper()
	for range 200 {
		list := t.office.Get("/v1/credentials?studentUniqueId=" + student).Want(200)
		if list.Field("items", "0", "state") == "signed" {
			return list.Field("items", "0", "id"), list.Field("items", "0", "award")
		}
		time.Sleep(50 * time.Millisecond)
	}
	tt.Fatal("the diploma was not signed in 10 s")
	return "", ""
}

// everything is every scope, so that only the institution in the token holds a caller back.
func everything() []access.Scope {
	var all []access.Scope
	for _, d := range access.Scopes {
		all = append(all, d.Scope)
	}
	return all
}
