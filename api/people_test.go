package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"sijil/domain"
	"sijil/internal/apitest"
)

// schools is a service with a ministry, two regions and three schools, each with a client.
type schools struct {
	*apitest.World
	ministry, north, south, lycee, college, gimnazija *apitest.Client
}

func newSchools(t *testing.T) *schools {
	t.Helper()
	w := &schools{World: apitest.New(t)}
	w.ministry = w.Client("ministry", "")
	w.ministry.Post("/v1/institutions", country("TN")).Want(201)
	found := func(above *apitest.Client, parent domain.ID, tier, code string) domain.ID {
		return domain.ID(above.Post("/v1/institutions", below(parent, tier, code)).Want(201).Field("id"))
	}
	north, south := found(w.ministry, w.Tenant(), "region", "N"), found(w.ministry, w.Tenant(), "region", "S")
	w.north, w.south = w.Client("region", north), w.Client("region", south)
	w.lycee = w.Client("school", found(w.ministry, north, "school", "L"))
	w.college = w.Client("school", found(w.ministry, north, "school", "C"))
	w.gimnazija = w.Client("school", found(w.ministry, south, "school", "G"))
	return w
}

func national(code string) object {
	return object{
		"studentIdentificationSystemDescriptor":   "uri://ed-fi.org/StudentIdentificationSystemDescriptor#National",
		"assigningOrganizationIdentificationCode": "TN", "identificationCode": code,
	}
}

func amina(numbers ...object) object {
	b := object{
		"personalNames": []object{
			{"language": "ar-Arab", "fullName": "أمينة بن صالح"},
			{"language": "fr-Latn", "firstName": "Amina", "patronymic": "Ali", "lastSurname": "Ben Salah"},
		},
		"sex": "uri://ed-fi.org/SexDescriptor#Female", "birthDate": "2011-03-20", "birthCity": "Béja", "birthCountry": "TN",
		"identityAssurance": "documented",
	}
	if len(numbers) > 0 {
		b["studentIdentificationCodes"] = numbers
	}
	return b
}

const (
	because = "uri://example.org/ReasonDescriptor#Because"
	papers  = "uri://ed-fi.org/PersonalInformationVerificationDescriptor#Other"
	ninth   = "uri://ed-fi.org/GradeLevelDescriptor#NinthGrade"
	tenth   = "uri://ed-fi.org/GradeLevelDescriptor#TenthGrade"
	dropout = "uri://ed-fi.org/ExitWithdrawTypeDescriptor#DropOut"
)

func (w *schools) register(at *apitest.Client, numbers ...object) string {
	return at.Post("/v1/students", amina(numbers...)).Want(201).Field("id")
}

func (w *schools) enroll(at *apitest.Client, who string) string {
	return at.Post("/v1/students/"+who+"/enrollments", object{"entryDate": w.day(-60), "entryGradeLevel": ninth}).Want(201).Field("id")
}

// day is the day so many days from the service's today.
func (w *schools) day(offset int) string {
	return w.Clock.Now().AddDate(0, 0, offset).Format(time.DateOnly)
}

func TestAStudentIsRegisteredAndRead(t *testing.T) {
	t.Parallel()
	w := newSchools(t)
	made := w.lycee.Post("/v1/students", amina(national("12345678"))).Want(201)
	path := made.Header.Get("Location")
	got := w.lycee.Get(path).Want(200)
	for want, field := range map[string][]string{
		made.Field("id"):      {"studentUniqueId"},
		"أمينة بن صالح":       {"personalNames", "0", "fullName"},
		"Amina Ali Ben Salah": {"personalNames", "1", "fullName"},
		"2011-03-20":          {"birthDate"},
		"Béja":                {"birthCity"},
		"2011":                {"birthYear"},
		"12345678":            {"studentIdentificationCodes", "0", "identificationCode"},
		"true":                {"studentIdentificationCodes", "0", "national"},
		"documented":          {"identityAssurance"},
	} {
		if got.Field(field...) != want {
			t.Errorf("%v is %q, want %q", field, got.Field(field...), want)
		}
	}
	for name, c := range map[string]*apitest.Client{"the region above": w.north, "the ministry": w.ministry} {
		c.Position = w.lycee.Position
		if c.Get(path).Want(200).Field("personalNames", "0", "fullName") != "أمينة بن صالح" {
			t.Errorf("%s does not read the name", name)
		}
	}
	for _, c := range []*apitest.Client{w.college, w.gimnazija, w.south} {
		c.Position = w.lycee.Position
		c.Get(path).WantProblem(404, "not_found")
		c.Get("/v1/students/"+uuid.NewString()).WantProblem(404, "not_found")
		if n := c.Get("/v1/students").Want(200).Field("items"); n != "[]" {
			t.Errorf("a stranger lists %s", n)
		}
	}
	if strings.Contains(w.Logged.String(), "Amina") || strings.Contains(w.Logged.String(), "12345678") {
		t.Error("the log of the service holds personal data")
	}
}

func TestRegisteringSaysNoWithoutSayingTheName(t *testing.T) {
	t.Parallel()
	w := newSchools(t)
	secret := "Zahra\u202eneB"
	for name, c := range map[string]struct {
		body   object
		status int
		code   string
	}{
		"a direction override in a name": {object{"personalNames": []object{{"language": "fr-Latn", "fullName": secret}}}, 422, "invalid_field"},
		"a number under a name":          {object{"personalNames": []object{{"language": "fr-Latn", "fullName": 7}}}, 422, "invalid_field"},
		"a member that is not there":     {object{"Zahra": "x"}, 422, "unknown_field"},
		"nobody":                         {object{}, 422, "name_missing"},
		"an undocumented citizen":        {object{"identityAssurance": "undocumented", "studentIdentificationCodes": []object{national("9")}}, 422, "assurance_mismatch"},
		"a birth to come":                {object{"personalNames": []object{{"language": "fr-Latn", "fullName": "Z"}}, "birthDate": "2199-01-01"}, 422, "invalid_field"},
	} {
		r := w.lycee.Post("/v1/students", c.body).WantProblem(c.status, c.code)
		if strings.Contains(string(r.Body), "Zahra") && name != "a member that is not there" {
			t.Errorf("%s: the problem repeats the name: %s", name, r.Body)
		}
	}
	w.Client("teacher", w.lycee.Institution).Post("/v1/students", amina()).WantProblem(403, "insufficient_scope")
}

func TestOneNumberOneStudent(t *testing.T) {
	t.Parallel()
	w := newSchools(t)
	key := []string{"Idempotency-Key", uuid.NewString()}
	first := w.lycee.Do("POST", "/v1/students", amina(national("AB 12")), key...).Want(201)
	again := w.lycee.Do("POST", "/v1/students", amina(national("AB 12")), key...).Want(201)
	if string(first.Body) != string(again.Body) {
		t.Errorf("the retry answers %s, the first time %s", again.Body, first.Body)
	}
	w.lycee.Do("POST", "/v1/students", amina(national("AB 13")), key...).WantProblem(422, "idempotency_key_reused")
	w.gimnazija.Post("/v1/students", amina(national("ab-١٢"))).WantProblem(409, "identifier_taken")

	look := func(c *apitest.Client) string {
		r := c.Do("POST", "/v1/students/lookups", national("AB12")).Want(200)
		return r.Field("status") + " " + r.Field("studentUniqueId")
	}
	who := first.Field("id")
	if got := look(w.lycee); got != "known "+who {
		t.Error("the own school reads", got)
	}
	if got := look(w.gimnazija); got != "known " {
		t.Error("another school reads", got)
	}
	w.enroll(w.lycee, who)
	if got := look(w.gimnazija); got != "at_another_school " {
		t.Error("another school reads", got)
	}
	if got := w.gimnazija.Do("POST", "/v1/students/lookups", national("AB14")).Want(200).Field("status"); got != "unknown" {
		t.Error(got)
	}
}

func TestIdentityComesLater(t *testing.T) {
	t.Parallel()
	w := newSchools(t)
	who := w.lycee.Post("/v1/students", object{"personalNames": []object{{"language": "bs-Cyrl", "fullName": "Ћамила"}}, "identityAssurance": "undocumented"}).Want(201).Field("id")
	path := "/v1/students/" + who
	number := national("7")
	number["identityAssurance"] = "verified"
	link := w.lycee.Post(path+"/identifiers", number).Want(201).Field("id")
	w.lycee.Post(path+"/identifiers", national("8")).WantProblem(409, "national_id_active")
	other := national("8")
	other["replaces"] = link
	w.lycee.Post(path+"/identifiers", other).Want(201)
	w.lycee.Post(path+"/legalNames", object{"personalNames": []object{{"language": "bs-Latn", "fullName": "Ćamila Šarić"}}}).WantProblem(422, "invalid_field")
	w.lycee.Post(path+"/legalNames", object{"personalNames": []object{{"language": "bs-Latn", "fullName": "Ćamila Šarić"}}, "evidence": papers, "evidenceReference": "17/2026"}).Want(201)
	w.college.Post(path+"/birthData", object{"birthDate": "2012-01-01", "evidence": papers}).WantProblem(404, "not_found")
	w.lycee.Post(path+"/birthData", object{"birthDate": "2012-01-01", "evidence": papers}).Want(201)
	got := w.lycee.Get(path).Want(200)
	if got.Field("personalNames", "0", "fullName") != "Ćamila Šarić" || got.Field("birthYear") != "2012" || got.Field("identityAssurance") != "verified" {
		t.Errorf("%s", got.Body)
	}
	// The number replaced is free once the process came by.
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		r := w.college.Post("/v1/students", amina(national("7")))
		if r.Status == 201 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the replaced number is still taken: %s", r.Body)
		}
	}
}

func TestMergeAndErase(t *testing.T) {
	t.Parallel()
	w := newSchools(t)
	a, b := w.register(w.lycee, national("1")), w.register(w.lycee)
	w.lycee.Post("/v1/students/"+b+"/merges", object{"into": b, "reasonCode": because}).WantProblem(422, "merge_into_itself")
	w.lycee.Post("/v1/students/"+b+"/merges", object{"into": a, "reasonCode": because}).Want(201)
	w.lycee.Post("/v1/students/"+b+"/enrollments", object{"entryDate": w.day(-1)}).WantProblem(409, "student_merged")
	if got := w.lycee.Get("/v1/students/" + b).Want(200).Field("mergedInto"); got != a {
		t.Errorf("merged into %q", got)
	}
	w.lycee.Post("/v1/students/"+b+"/unmerges", object{"reasonCode": because}).Want(201)
	w.lycee.Post("/v1/students/"+a+"/erasures", object{"reasonCode": because}).WantProblem(403, "not_the_authority")
	erased := w.north.Post("/v1/students/"+a+"/erasures", object{"reasonCode": because, "retentionClasses": []string{"record"}}).Want(201)
	w.lycee.Position = erased.Header.Get("X-Sijil-Position")
	got := w.lycee.Get("/v1/students/" + a).Want(200)
	if got.Field("erased") != "true" || got.Field("personalNames") != "[]" || got.Field("birthYear") != "2011" || strings.Contains(string(got.Body), "Amina") {
		t.Errorf("%s", got.Body)
	}
	w.lycee.Post("/v1/students/"+a+"/legalNames", object{"personalNames": []object{{"language": "fr-Latn", "fullName": "X"}}, "evidence": papers}).WantProblem(409, "personal_data_erased")
}

func TestAnEnrollmentFromEntryToExit(t *testing.T) {
	t.Parallel()
	w := newSchools(t)
	who := w.register(w.lycee, national("1"))
	w.college.Post("/v1/students/"+who+"/enrollments", object{"entryDate": w.day(-1)}).WantProblem(404, "not_found")
	enrolled := w.enroll(w.lycee, who)
	path := "/v1/students/" + who + "/enrollments/" + enrolled
	w.lycee.Post("/v1/students/"+who+"/enrollments", object{"entryDate": w.day(-1)}).WantProblem(409, "already_enrolled")
	w.college.Post("/v1/enrollments", object{"studentIdentificationCode": national("1"), "entryDate": w.day(-1)}).WantProblem(409, "enrolled_elsewhere")
	w.lycee.Post(path+"/gradeLevels", object{"gradeLevel": tenth, "effectiveDate": w.day(-50)}).Want(201)
	w.lycee.Post(path+"/retentions", object{"effectiveDate": w.day(-40)}).Want(201)
	w.lycee.Post(path+"/promotions", object{"gradeLevel": tenth, "effectiveDate": w.day(-30)}).WantProblem(409, "same_grade_level")
	w.lycee.Post(path+"/promotions", object{"gradeLevel": ninth, "effectiveDate": w.day(-30)}).Want(201)
	roster := w.lycee.Get("/v1/enrollments?gradeLevel=" + strings.ReplaceAll(ninth, "#", "%23") + "&asOf=" + w.day(-1)).Want(200)
	if roster.Field("items", "0", "studentUniqueId") != who || roster.Field("items", "0", "personalNames", "0", "fullName") != "أمينة بن صالح" {
		t.Errorf("the roster is %s", roster.Body)
	}
	w.college.Post(path+"/withdrawals", object{"exitWithdrawDate": w.day(-20), "exitWithdrawType": dropout}).WantProblem(404, "not_found")
	w.lycee.Post(path+"/withdrawals", object{"exitWithdrawDate": w.day(-70), "exitWithdrawType": dropout}).WantProblem(422, "exit_before_entry")
	w.lycee.Post(path+"/withdrawals", object{"exitWithdrawDate": w.day(-20), "exitWithdrawType": dropout}).Want(201)
	second := w.college.Post("/v1/enrollments", object{"studentIdentificationCode": national("1"), "entryDate": w.day(-19)}).Want(201)
	if second.Field("studentUniqueId") != who {
		t.Errorf("enrolled %s", second.Body)
	}
	w.college.Post("/v1/students/"+who+"/enrollments/"+second.Field("id")+"/voids", object{"reasonCode": because}).Want(201)
	history := w.college.Get("/v1/students/" + who + "/enrollments").Want(200)
	if history.Field("items", "0", "exitWithdrawDate") != w.day(-20) || history.Field("items", "1", "voided") != "true" {
		t.Errorf("the history is %s", history.Body)
	}
}

func TestATransferBetweenTwoSchools(t *testing.T) {
	t.Parallel()
	w := newSchools(t)
	who := w.register(w.lycee, national("1"))
	w.enroll(w.lycee, who)
	w.gimnazija.Post("/v1/transfers", object{"studentUniqueId": who, "entryDate": w.day(1)}).WantProblem(404, "not_found")
	w.gimnazija.Post("/v1/transfers", object{"studentIdentificationCode": national("404"), "entryDate": w.day(1)}).WantProblem(404, "not_found")
	asked := w.gimnazija.Post("/v1/transfers", object{"studentIdentificationCode": national("1"), "entryDate": w.day(1), "entryGradeLevel": ninth}).Want(201)
	path := asked.Header.Get("Location")
	w.gimnazija.Get("/v1/students/"+who).WantProblem(404, "not_found")
	w.college.Post(path+"/releases", object{}).WantProblem(404, "not_found")
	w.gimnazija.Post(path+"/acceptances", object{}).WantProblem(409, "transfer_not_released")
	w.lycee.Post(path+"/contests", object{"reasonCode": because, "note": "Le père s’y oppose."}).Want(201)
	w.gimnazija.Position = w.lycee.Position
	seen := w.gimnazija.Get(path).Want(200)
	if seen.Field("state") != "contested" || seen.Field("note") != "Le père s’y oppose." {
		t.Errorf("the requester reads %s", seen.Body)
	}
	w.south.Post(path+"/releases", object{}).WantProblem(403, "not_your_decision")
	w.north.Post(path+"/releases", object{"exitWithdrawDate": w.day(0)}).Want(201)
	key := []string{"Idempotency-Key", uuid.NewString()}
	first := w.gimnazija.Do("POST", path+"/acceptances", object{"entryGradeLevel": tenth}, key...).Want(201)
	again := w.gimnazija.Do("POST", path+"/acceptances", object{"entryGradeLevel": tenth}, key...).Want(201)
	if string(first.Body) != string(again.Body) || first.Header.Get("X-Sijil-Position") != again.Header.Get("X-Sijil-Position") {
		t.Errorf("the retry answers %s, the first time %s", again.Body, first.Body)
	}
	w.gimnazija.Post(path+"/acceptances", object{}).WantProblem(409, "transfer_ended")

	done := w.gimnazija.Get(path).Want(200)
	if done.Field("state") != "completed" || done.Field("newEnrollment") != first.Field("id") || len(done.Field("recordDigest")) != 64 {
		t.Errorf("the transfer is %s", done.Body)
	}
	w.gimnazija.Get("/v1/students/" + who).Want(200)
	w.gimnazija.Get("/v1/students/" + who + "/transcript").Want(200)
	history := w.gimnazija.Get("/v1/students/" + who + "/enrollments").Want(200)
	if history.Field("items", "0", "exitWithdrawDate") != w.day(0) || history.Field("items", "1", "school") != string(w.gimnazija.Institution) {
		t.Errorf("the history is %s", history.Body)
	}
	for query, c := range map[string]*apitest.Client{
		"toSchool=" + string(w.gimnazija.Institution): w.gimnazija, "fromSchool=" + string(w.lycee.Institution): w.lycee, "state=completed": w.north,
	} {
		c.Position = w.gimnazija.Position
		if got := c.Get("/v1/transfers?"+query).Want(200).Field("items", "0", "studentUniqueId"); got != who {
			t.Errorf("%s lists %q", query, got)
		}
	}
	w.college.Position = w.gimnazija.Position
	w.college.Get(path).WantProblem(404, "not_found")
	if got := w.college.Get("/v1/transfers").Want(200).Field("items"); got != "[]" {
		t.Errorf("a school that has no part lists %s", got)
	}
}

func TestATransferLapses(t *testing.T) {
	t.Parallel()
	w := newSchools(t)
	who := w.register(w.lycee, national("1"))
	w.enroll(w.lycee, who)
	asked := w.gimnazija.Post("/v1/transfers", object{"studentIdentificationCode": national("1"), "entryDate": w.day(1)}).Want(201)
	path := asked.Header.Get("Location")
	w.gimnazija.Get(path).Want(200)
	w.Clock.Advance(122 * 24 * time.Hour)
	lycee, gimnazija := w.Client("school", w.lycee.Institution), w.Client("school", w.gimnazija.Institution) // tokens end sooner
	gimnazija.Position = w.gimnazija.Position
	if r := lycee.Post(path+"/releases", object{}); r.Code() != "transfer_lapsed" && r.Code() != "transfer_ended" {
		t.Errorf("a late release: %s", r.Body)
	}
	for deadline := time.Now().Add(10 * time.Second); gimnazija.Get(path).Want(200).Field("state") != "lapsed"; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the transfer is still open")
		}
	}
}

func TestListingsComeInPages(t *testing.T) {
	t.Parallel()
	w := newSchools(t)
	want := map[string]bool{}
	for i := range 5 {
		who := w.register(w.lycee, national(fmt.Sprint(i)))
		w.enroll(w.lycee, who)
		want[who] = true
	}
	for _, path := range []string{"/v1/students?limit=2", "/v1/enrollments?limit=2"} {
		got := map[string]bool{}
		for next := path; next != ""; {
			r := w.lycee.Get(next).Want(200)
			for i := range 2 {
				if id := r.Field("items", fmt.Sprint(i), "studentUniqueId"); id != "" {
					got[id] = true
				}
			}
			next = ""
			if c := r.Field("next"); c != "" {
				next = path + "&cursor=" + c
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s lists %v, want %v", path, got, want)
		}
	}
}
