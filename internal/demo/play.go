package demo

import (
	"context"
	"fmt"
	"strings"
)

// school is one institution and its people.
type school struct {
	id, name        string
	office          *person // the school's own system
	registrar, dean *person // two officers
	scheme          string
	session         string
	program, plan   string
	courses         map[string]string
}

// pupil is a child of the story.
type pupil struct {
	id, name string
}

// country is what the chapters share.
type country struct {
	ministry                *person
	ministryID              string
	regions                 [2]string
	khaldoun, hannibal      *school
	bihac, cazin            *school
	pupils                  []pupil // at Ibn Khaldoun
	bosnian                 []pupil // at Bihać
	amina, yassine, nour    pupil
	token, bosnianToken     string // signed diplomas
	holding                 string // Amina's own link
	link                    string // what she gave to an employer
	grade                   string // one of Amina's
	forms                   []form // of Amina's diploma
	credential, bosnianCred string
}

func (s *Story) play(ctx context.Context) {
	c := &country{}
	s.authorities(ctx, c)
	s.schools(ctx, c)
	s.class(ctx, c)
	s.grades(ctx, c)
	s.transfer(ctx, c)
	s.graduation(ctx, c)
	s.claim(ctx, c)
	s.verification(ctx, c)
	s.refusals(ctx, c)
	s.replay(ctx)
}

func (s *Story) authorities(ctx context.Context, c *country) {
	s.chapter("1. A ministry, its regions and four schools")
	c.ministry = s.hire(ctx, "ministry office", "ministry", "")
	a := c.ministry.post(ctx, "/v1/institutions", m{
		"identificationCode": "MIN", "tier": "country", "countryCode": "TN", "beginDate": "1956-03-20",
		"nameOfInstitution": m{"en": "Ministry of Education", "fr": "Ministère de l’Éducation", "ar": "وزارة التربية", "bs": "Ministarstvo obrazovanja"},
	})
	c.ministryID = a.text("id")
	s.check(c.ministryID != "", "the ministry is registered: وزارة التربية — Ministère de l’Éducation")
	for i, r := range []struct{ code, fr, ar, bs string }{
		{"TUN", "Région de Tunis", "جهة تونس", "Regija Tunis"}, {"USK", "Canton d’Una-Sana", "كانتون أونا سانا", "Unsko-sanski kanton"},
	} {
		a := c.ministry.post(ctx, "/v1/institutions", m{
			"identificationCode": r.code, "tier": "region", "countryCode": "TN", "beginDate": "1970-01-01",
			"parentOrganization": c.ministryID, "nameOfInstitution": m{"fr": r.fr, "ar": r.ar, "bs": r.bs},
		})
		c.regions[i] = a.text("id")
	}
	c.khaldoun = s.found(ctx, c, 0, "LIK", m{"fr": "Lycée Ibn Khaldoun", "ar": "معهد ابن خلدون"}, "معهد ابن خلدون — Lycée Ibn Khaldoun")
	c.hannibal = s.found(ctx, c, 0, "LHA", m{"fr": "Lycée Hannibal", "ar": "معهد حنبعل"}, "معهد حنبعل — Lycée Hannibal")
	c.bihac = s.found(ctx, c, 1, "GBI", m{"bs": "Gimnazija „Bosanska“ Bihać"}, "Gimnazija Bihać")
	c.cazin = s.found(ctx, c, 1, "SSC", m{"bs": "Srednja škola Cazin"}, "Srednja škola Cazin")
	list := c.ministry.read(ctx, "/v1/institutions?limit=50")
	n, _ := list.get("items").([]any)
	s.check(len(n) == 7, "the register lists all 7 institutions, each in its own languages")
}

// found registers a school and hires its people.
func (s *Story) found(ctx context.Context, c *country, region int, code string, names m, name string) *school {
	a := c.ministry.post(ctx, "/v1/institutions", m{
		"identificationCode": code, "tier": "school", "countryCode": "TN", "beginDate": "1980-09-01",
		"parentOrganization": c.regions[region], "nameOfInstitution": names,
	})
	sc := &school{id: a.text("id"), name: name, courses: map[string]string{}}
	sc.office = s.hire(ctx, code+" school system", "school", sc.id)
	sc.registrar = s.hire(ctx, code+" registrar", "registrar", sc.id)
	sc.dean = s.hire(ctx, code+" dean", "approver", sc.id)
	for _, kind := range []m{{"purpose": "credential"}, {"purpose": "status"}, {"purpose": "credential", "alg": "ES256"}} {
		key := sc.office.post(ctx, "/v1/institutions/"+sc.id+"/signingKeyPairs", kind)
		c.ministry.post(ctx, "/v1/institutions/"+sc.id+"/signingKeyProposals/"+key.text("id")+"/approvals", nil)
	}
	s.check(true, "%s works, with signing keys of its own, which its office proposed and the ministry approved", name)
	return sc
}

func (s *Story) schools(ctx context.Context, c *country) {
	s.chapter("2. How they mark, and what a diploma takes")
	twenty := c.ministry.post(ctx, "/v1/gradingSchemes", m{
		"identificationCode": "TN-20", "name": m{"fr": "Sur 20", "ar": "على 20"},
		"minScore": 0, "maxScore": 20, "passMark": 10, "step": 0.25,
		"labels": []m{{"label": "Très bien", "score": 16}, {"label": "Bien", "score": 14}, {"label": "Assez bien", "score": 12}, {"label": "Passable", "score": 10}},
	}).text("id")
	five := c.ministry.post(ctx, "/v1/gradingSchemes", m{
		"identificationCode": "BA-5", "name": m{"bs": "Ocjene 1–5"}, "minScore": 1, "maxScore": 5, "passMark": 2, "step": 1,
	}).text("id")
	s.check(twenty != "" && five != "", "two grading schemes: 0–20 with coefficients, and 1–5")
	s.equip(ctx, c, c.khaldoun, twenty, []string{"MATH", "PHYS", "ARAB", "FRAN"}, []float64{4, 3, 2, 1}, 10, 0)
	s.equip(ctx, c, c.hannibal, twenty, []string{"MATH", "PHYS", "ARAB", "FRAN"}, []float64{4, 3, 2, 1}, 10, 0)
	s.equip(ctx, c, c.bihac, five, []string{"MAT", "FIZ", "BOS"}, []float64{1, 1, 1}, 2, 1)
	s.check(true, "programs, courses, terms and graduation plans are published, and the ministry accredits three schools")
}

// subjects are the courses' titles by code.
var subjects = map[string]m{
	"MATH": {"fr": "Mathématiques", "ar": "الرياضيات"},
	"PHYS": {"fr": "Physique", "ar": "الفيزياء"},
	"ARAB": {"fr": "Arabe", "ar": "العربية"},
	"FRAN": {"fr": "Français", "ar": "الفرنسية"},
	"MAT":  {"bs": "Matematika"},
	"FIZ":  {"bs": "Fizika"},
	"BOS":  {"bs": "Bosanski jezik i književnost"},
}

// equip gives a school its courses, program, plan, accreditation and a term.
func (s *Story) equip(ctx context.Context, c *country, sc *school, scheme string, codes []string, coefficients []float64, average, lowest float64) {
	sc.scheme = scheme
	var required []m
	for i, code := range codes {
		id := sc.office.post(ctx, "/v1/courses", m{"courseCode": code, "courseTitle": subjects[code]}).text("id")
		sc.courses[code] = id
		required = append(required, m{"course": id, "coefficient": coefficients[i]})
	}
	sc.program = sc.office.post(ctx, "/v1/programs", m{
		"programId": "BAC", "programName": m{"fr": "Baccalauréat, mathématiques", "ar": "بكالوريا رياضيات", "bs": "Gimnazija, opći smjer"},
		"awardTitle":      m{"fr": "Diplôme du baccalauréat", "ar": "شهادة البكالوريا", "bs": "Diploma o završenoj gimnaziji", "en": "Secondary school diploma"},
		"achievementType": "Diploma",
	}).text("id")
	sc.plan = sc.office.post(ctx, "/v1/graduationPlans", m{
		"identificationCode": "BAC-PLAN", "name": m{"fr": "Plan du baccalauréat", "bs": "Plan mature"}, "program": sc.program,
		"from": s.day(-900), "requirements": m{
			"gradingScheme": scheme, "minAverage": average, "rounding": m{"step": 0.01}, "courses": required,
			"passMark": average, "absentScore": lowest, "compensation": m{"maxCourses": 1, "average": average, "floor": average / 2},
		},
	}).text("id")
	c.ministry.post(ctx, "/v1/accreditations", m{"institution": sc.id, "program": sc.program, "from": s.day(-900)})
	sc.session = sc.office.post(ctx, "/v1/sessions", m{
		"schoolYear": s.Now.AddDate(0, 0, -20).Year(), "sessionName": "Trimestre 3",
		"beginDate": s.day(-120), "endDate": s.day(-1),
	}).text("id")
}

func (s *Story) class(ctx context.Context, c *country) {
	s.chapter("3. A class of students")
	names := []struct{ ar, latin, sex string }{
		{"أمينة بن صالح", "Amina Ben Salah", "Female"},
		{"ياسين الطرابلسي", "Yassine Trabelsi", "Male"},
		{"نور الهمامي", "Nour Hammami", "Female"},
		{"محمد علي الغربي", "Mohamed Ali Gharbi", "Male"},
		{"سلمى الماجري", "Salma Mejri", "Female"},
		{"إلياس بوعزيزي", "Elyes Bouazizi", "Male"},
	}
	for i, n := range names {
		body := m{
			"personalNames": []m{{"language": "ar-Arab", "fullName": n.ar}, {"language": "fr-Latn", "fullName": n.latin}},
			"sex":           "uri://ed-fi.org/SexDescriptor#" + n.sex, "birthDate": fmt.Sprintf("2008-%02d-15", i+1), "identityAssurance": "documented",
			"studentIdentificationCodes": []m{{
				"studentIdentificationSystemDescriptor":   "uri://ed-fi.org/StudentIdentificationSystemDescriptor#National",
				"assigningOrganizationIdentificationCode": "TN", "identificationCode": fmt.Sprintf("0%d4417%03d", i+1, i*37+11),
			}},
		}
		if i == 2 { // Nour arrives without papers: she is registered all the same
			delete(body, "studentIdentificationCodes")
			delete(body, "birthDate")
			body["birthYear"], body["identityAssurance"] = 2008, "undocumented"
		}
		c.pupils = append(c.pupils, s.enroll(ctx, c.khaldoun, body, n.ar+" — "+n.latin))
	}
	c.amina, c.yassine, c.nour = c.pupils[0], c.pupils[1], c.pupils[2]
	for i, n := range []struct{ name, sex string }{{"Lejla Hadžić", "Female"}, {"Đorđe Šarić", "Male"}} {
		c.bosnian = append(c.bosnian, s.enroll(ctx, c.bihac, m{
			"personalNames": []m{{"language": "bs-Latn", "fullName": n.name}}, "sex": "uri://ed-fi.org/SexDescriptor#" + n.sex,
			"birthDate": fmt.Sprintf("2007-1%d-02", i), "identityAssurance": "verified",
		}, n.name))
	}
	s.check(len(c.pupils) == 6, "six students are registered and enrolled at %s; %s came without papers", c.khaldoun.name, c.nour.name)
	a := c.khaldoun.office.read(ctx, "/v1/enrollments?school="+c.khaldoun.id)
	n, _ := a.get("items").([]any)
	s.check(len(n) == 6, "the roster shows all six by name, opened for this school only")
	look := c.hannibal.office.try(ctx, "/v1/students/lookups", "look", m{
		"studentIdentificationSystemDescriptor":   "uri://ed-fi.org/StudentIdentificationSystemDescriptor#National",
		"assigningOrganizationIdentificationCode": "TN", "identificationCode": "014417011",
	})
	s.check(look.text("status") == "at_another_school" && look.text("studentUniqueId") == "",
		"another school that asks for her national id learns %q and no more", look.text("status"))
}

func (s *Story) enroll(ctx context.Context, sc *school, body m, name string) pupil {
	id := sc.office.post(ctx, "/v1/students", body).text("id")
	sc.office.post(ctx, "/v1/students/"+id+"/enrollments", m{
		"program": sc.program, "entryDate": s.day(-120), "entryGradeLevel": "uri://ed-fi.org/GradeLevelDescriptor#TwelfthGrade",
	})
	return pupil{id, name}
}

func (s *Story) grades(ctx context.Context, c *country) {
	s.chapter("4. A term's grades, and one that was wrong")
	sc := c.khaldoun
	var rows []m
	for i, p := range c.pupils {
		for j, code := range []string{"MATH", "PHYS", "ARAB", "FRAN"} {
			rows = append(rows, m{
				"studentUniqueId": p.id, "course": sc.courses[code], "session": sc.session, "gradingScheme": sc.scheme,
				"numericGradeEarned": 11.25 + float64((i*3+j*5)%8), "eventDate": s.day(-10),
			})
		}
	}
	a := sc.office.post(ctx, "/v1/grades/batches", m{"grades": rows})
	s.check(a.text("recorded") == "24", "24 grades in one request, an answer per row: %s recorded, %s refused", a.text("recorded"), a.text("refused"))
	var bs []m
	for _, p := range c.bosnian {
		for _, code := range []string{"MAT", "FIZ", "BOS"} {
			bs = append(bs, m{
				"studentUniqueId": p.id, "course": c.bihac.courses[code], "session": c.bihac.session, "gradingScheme": c.bihac.scheme,
				"numericGradeEarned": 4, "eventDate": s.day(-10),
			})
		}
	}
	b := c.bihac.office.post(ctx, "/v1/grades/batches", m{"grades": bs})
	s.check(b.text("recorded") == "6", "%s marks on its own scale: a 4 stays a 4", c.bihac.name)

	grade := a.text("grades", 0, "id")
	before := sc.office.read(ctx, "/v1/students/"+c.amina.id+"/transcript")
	entry := before.get("records", 0, "entries", 0)
	recorded, _ := entry.(m)["recorded"].(m)
	amended := sc.registrar.try(ctx, "/v1/grades/"+grade+"/amendments", "amend", m{
		"studentUniqueId": c.amina.id, "schoolYear": s.Now.AddDate(0, 0, -20).Year(), "gradingScheme": sc.scheme, "numericGradeEarned": 17.5,
		"reasonCode": "uri://ed-fi.org/AmendmentReasonDescriptor#TranscriptionError", "reason": "Copie relue : une page n’avait pas été comptée.", "eventDate": s.day(0),
	})
	c.grade = `"17.5"`
	s.check(amended.ok(), "%s: her mathematics paper was read again, 11.25 becomes 17.5", c.amina.name)
	after := sc.office.read(ctx, "/v1/students/"+c.amina.id+"/transcript")
	chain, _ := after.get("records", 0, "entries", 0).(m)["amendments"].([]any)
	s.check(len(chain) == 1, "the transcript shows both: the first mark stays, the amendment says why and who")
	then := sc.office.read(ctx, "/v1/students/"+c.amina.id+"/transcript?knownAt="+fmt.Sprint(recorded["recordedAt"]))
	was, _ := then.get("records", 0, "entries", 0).(m)["amendments"].([]any)
	s.check(then.ok() && len(was) == 0, "asked what was known before, it answers without the amendment")
}

func (s *Story) transfer(ctx context.Context, c *country) {
	s.chapter("5. A transfer between two schools")
	p := c.yassine
	a := c.hannibal.office.post(ctx, "/v1/transfers", m{
		"studentIdentificationCode": m{
			"studentIdentificationSystemDescriptor":   "uri://ed-fi.org/StudentIdentificationSystemDescriptor#National",
			"assigningOrganizationIdentificationCode": "TN", "identificationCode": "024417048",
		}, "entryDate": s.day(0), "entryGradeLevel": "uri://ed-fi.org/GradeLevelDescriptor#TwelfthGrade",
	})
	id := a.text("id")
	s.check(id != "", "%s asks for %s, by national id", c.hannibal.name, p.name)
	hidden := c.hannibal.office.read(ctx, "/v1/students/"+p.id+"/transcript")
	s.check(hidden.status == 404, "until it is released, %s cannot read the record: %d", c.hannibal.name, hidden.status)
	rel := c.khaldoun.office.try(ctx, "/v1/transfers/"+id+"/releases", "release", m{"exitWithdrawDate": s.day(0)})
	s.check(rel.ok(), "%s releases him", c.khaldoun.name)
	acc := c.hannibal.office.try(ctx, "/v1/transfers/"+id+"/acceptances", "accept", m{"program": c.hannibal.program})
	s.check(acc.ok(), "%s accepts: the old enrollment closes and the new one opens in one step %s", c.hannibal.name, hint(acc))
	t := c.hannibal.office.read(ctx, "/v1/students/"+p.id+"/transcript")
	entries, _ := t.get("records", 0, "entries").([]any)
	s.check(len(entries) == 4, "his record came along: %d grades of %s, as they were given", len(entries), c.khaldoun.name)
}

// hint shows why something did not work.
func hint(a answer) string {
	if a.ok() {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("(%d %s)", a.status, a.body))
}
