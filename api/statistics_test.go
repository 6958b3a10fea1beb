package api_test

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sijil/internal/apitest"
)

const (
	female = "uri://ed-fi.org/SexDescriptor#Female"
	male   = "uri://ed-fi.org/SexDescriptor#Male"
)

// pupil registers and enrolls somebody.
func (w *schools) pupil(at *apitest.Client, sex string, enrollment object) (student, enrolled string) {
	who := amina()
	who["sex"] = sex
	student = at.Post("/v1/students", who).Want(201).Field("id")
	return student, at.Post("/v1/students/"+student+"/enrollments", enrollment).Want(201).Field("id")
}

// schoolYear is the year in which the school year of a day ends.
func schoolYear(day string) int {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return t.AddDate(0, 5, 0).Year()
}

// populated has three girls and two boys in two regions, three schools and two school years;
// one of them left, and one enrollment is voided.
func populated(t *testing.T) *schools {
	w := newSchools(t)
	now := object{"entryDate": w.day(-60), "entryGradeLevel": ninth}
	amina, _ := w.pupil(w.lycee, female, now)
	w.lycee.Post("/v1/students/"+amina+"/enrollments", object{"entryDate": w.day(-60), "primarySchool": false}).Want(201)
	w.pupil(w.lycee, female, now)
	boy, gone := w.pupil(w.lycee, male, object{"entryDate": w.day(-425), "entryGradeLevel": tenth})
	w.lycee.Post("/v1/students/"+boy+"/enrollments/"+gone+"/withdrawals", object{"exitWithdrawDate": w.day(-400), "exitWithdrawType": dropout}).Want(201)
	nobody, never := w.pupil(w.college, male, now)
	w.college.Post("/v1/students/"+nobody+"/enrollments/"+never+"/voids", object{"reasonCode": because}).Want(201)
	w.pupil(w.college, female, object{"entryDate": w.day(-60)})
	last, _ := w.pupil(w.gimnazija, male, now)
	for _, c := range []*apitest.Client{w.ministry, w.north, w.south, w.lycee, w.college} {
		c.Position = w.gimnazija.Position
	}
	if last == "" {
		t.Fatal("nobody was enrolled")
	}
	return w
}

func TestStatisticsCountWhatIsKeptApart(t *testing.T) {
	t.Parallel()
	w := populated(t)
	this, before := schoolYear(w.day(-60)), schoolYear(w.day(-425))
	named := map[string]string{
		string(w.north.Institution): "north", string(w.south.Institution): "south", string(w.lycee.Institution): "lycee",
		string(w.college.Institution): "college", string(w.gimnazija.Institution): "gimnazija",
		ninth: "ninth", tenth: "tenth", female: "F", male: "M", fmt.Sprint(this): "this", fmt.Sprint(before): "before",
	}
	for name, c := range map[string]struct {
		by   *apitest.Client
		ask  string
		want []string // traits: enrollments students withdrawn
	}{
		"the ministry, by region":            {w.ministry, "by=region", []string{"north: 5 4 1", "south: 1 1 0"}},
		"the ministry, by school":            {w.ministry, "by=school", []string{"college: 1 1 0", "gimnazija: 1 1 0", "lycee: 4 3 1"}},
		"the ministry, by region and sex":    {w.ministry, "by=region,sex", []string{"north F: 4 3 0", "north M: 1 1 1", "south M: 1 1 0"}},
		"the ministry, by year":              {w.ministry, "by=year", []string{"before: 1 1 1", "this: 5 4 0"}},
		"the ministry, by level":             {w.ministry, "by=level", []string{": 2 2 0", "ninth: 3 3 0", "tenth: 1 1 1"}},
		"in the order of the alphabet":       {w.ministry, "by=year,sex", []string{"M before: 1 1 1", "F this: 4 3 0", "M this: 1 1 0"}},
		"without modules":                    {w.ministry, "by=sex&primaryOnly=true", []string{"F: 3 3 0", "M: 2 2 1"}},
		"with modules, said":                 {w.ministry, "by=sex&primaryOnly=false", []string{"F: 4 3 0", "M: 2 2 1"}},
		"of one year":                        {w.ministry, "by=school&schoolYear=" + strconv.Itoa(before), []string{"lycee: 1 1 1"}},
		"of a year without anybody":          {w.ministry, "by=school&schoolYear=1950", nil},
		"of one school":                      {w.ministry, "by=sex&school=" + string(w.gimnazija.Institution), []string{"M: 1 1 0"}},
		"a region counts what is below it":   {w.north, "by=school", []string{"college: 1 1 0", "lycee: 4 3 1"}},
		"the other region, too":              {w.south, "by=region,school", []string{"south gimnazija: 1 1 0"}},
		"a school counts its own":            {w.college, "by=region,school,level,sex,year", []string{"north college F this: 1 1 0"}},
		"a school does not see its neighbor": {w.college, "by=sex&school=" + string(w.lycee.Institution), nil},
		"everything apart": {w.lycee, "by=region,school,level,sex,year", []string{
			"north lycee tenth M before: 1 1 1", "north lycee F this: 1 1 0", "north lycee ninth F this: 2 2 0",
		}},
	} {
		r := c.by.Get("/v1/statistics?" + c.ask).Want(200)
		var got struct {
			Items []struct {
				Region, School, GradeLevel, Sex  string
				SchoolYear                       int
				Enrollments, Students, Withdrawn int
			}
		}
		r.Read(&got)
		var lines []string
		for _, i := range got.Items {
			traits := []string{named[i.Region], named[i.School], named[i.GradeLevel], named[i.Sex]}
			if i.SchoolYear != 0 {
				traits = append(traits, named[strconv.Itoa(i.SchoolYear)])
			}
			traits = slices.DeleteFunc(traits, func(s string) bool { return s == "" })
			lines = append(lines, fmt.Sprintf("%s: %d %d %d", strings.Join(traits, " "), i.Enrollments, i.Students, i.Withdrawn))
		}
		// Ids and with them the order of schools and regions differ from run to run.
		if !strings.Contains(c.ask, "year") || c.ask == "by=school&schoolYear=1950" {
			slices.Sort(lines)
		}
		if !slices.Equal(lines, c.want) {
			t.Errorf("%s: %s answers %q, want %q", name, c.ask, lines, c.want)
		}
		if got.Items == nil {
			t.Errorf("%s: the answer has no list: %s", name, r.Body)
		}
	}
	if r := w.ministry.Get("/v1/statistics?by=sex").Want(200); strings.Contains(string(r.Body), `"school"`) || strings.Contains(string(r.Body), `"schoolYear"`) {
		t.Errorf("what is summed up is named: %s", r.Body)
	}
}

func TestStatisticsGoByTheSessionsYear(t *testing.T) {
	t.Parallel()
	w := newSchools(t)
	// A calendar year from January on: the session's own year stands, not August's.
	session := w.lycee.Post("/v1/sessions", object{"schoolYear": 2031, "sessionName": "T1", "beginDate": w.day(-90), "endDate": w.day(30)}).Want(201).Field("id")
	w.pupil(w.lycee, female, object{"entryDate": w.day(-60), "session": session})
	if got := w.lycee.Get("/v1/statistics?by=year").Want(200).Field("items", "0", "schoolYear"); got != "2031" {
		t.Errorf("the school year is %s, want the session's 2031", got)
	}
}

func TestStatisticsSayNo(t *testing.T) {
	t.Parallel()
	w := newSchools(t)
	for name, c := range map[string]struct{ ask, code, where string }{
		"nothing kept apart":    {"", "invalid_field", "query.by"},
		"an empty list":         {"by=", "invalid_field", "query.by"},
		"no trait":              {"by=name", "invalid_field", "query.by[0]"},
		"one of two":            {"by=sex,Region", "invalid_field", "query.by[1]"},
		"one trait twice":       {"by=sex,sex", "invalid_field", "query.by"},
		"a year that is none":   {"by=sex&schoolYear=26", "invalid_field", "query.schoolYear"},
		"a school that is none": {"by=sex&school=G", "invalid_field", "query.school"},
		"neither true nor not":  {"by=sex&primaryOnly=maybe", "invalid_field", "query.primaryOnly"},
		"a member unheard of":   {"by=sex&gender=F", "unknown_field", "query.gender"},
	} {
		if r := w.lycee.Get("/v1/statistics?"+c.ask).WantProblem(422, c.code); r.Field("errors", "0", "location") != c.where {
			t.Errorf("%s: %s is answered %s, want %s", name, url.QueryEscape(c.ask), r.Body, c.where)
		}
	}
	w.Client("teacher", w.lycee.Institution).Get("/v1/statistics?by=sex").WantProblem(403, "insufficient_scope")
	w.Anyone().Get("/v1/statistics?by=sex").WantProblem(401, "unauthenticated")
}
