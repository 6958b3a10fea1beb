package projections

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/domain/academicsession"
	"sijil/domain/enrollment"
	"sijil/domain/institution"
	"sijil/domain/student"
	"sijil/internal/eventlog"
	"sijil/internal/pgtest"
)

var (
	regionN, regionS = domain.DeriveID(tenant, "region", "n"), domain.DeriveID(tenant, "region", "s")
	canton           = domain.DeriveID(tenant, "region", "canton")
	schoolC          = domain.DeriveID(tenant, "school", "c")
	sessionX         = domain.DeriveID(tenant, "session", "x")

	girl, boy    = domain.EdFi("Sex", "Female"), domain.EdFi("Sex", "Male")
	ninth, tenth = domain.EdFi("GradeLevel", "Ninth grade"), domain.EdFi("GradeLevel", "Tenth grade")
)

// aTree is a country with two regions, a canton within the southern one, a school in each
// region and one right below the country.
func aTree(t *testing.T, log eventlog.Log) {
	t.Helper()
	for _, i := range []struct {
		id, parent domain.ID
		tier       institution.Tier
	}{
		{tenant, "", institution.Country},
		{regionN, tenant, institution.Region},
		{regionS, tenant, institution.Region},
		{canton, regionS, institution.Region},
		{schoolA, regionN, institution.School},
		{schoolB, canton, institution.School},
		{schoolC, tenant, institution.School},
	} {
		record(t, log, "institution-"+string(i.id), i.id, institution.InstitutionRegistered{
			IdentificationCode: string(i.id[:8]), NameOfInstitution: domain.Text{"ar": "معهد"}, Tier: i.tier, ParentOrganization: i.parent, CountryCode: "TN", BeginDate: "1990-01-01",
		})
	}
}

// aPupil registers somebody and enrolls them.
func aPupil(t *testing.T, log eventlog.Log, name string, sex domain.Descriptor, e enrollment.StudentEnrolled) (enrollments string, id domain.ID) {
	t.Helper()
	who := domain.DeriveID(tenant, "student", name)
	p, err := domain.Conceal(who, domain.ClassRecord, map[string]string{"fullName": name})
	if err != nil {
		t.Fatal(err)
	}
	record(t, log, "student-"+string(who), e.School, student.StudentRegistered{School: e.School, Sex: sex, BirthYear: 2010, Assurance: student.Documented, Person: p})
	e.Enrollment, e.DatePrecision = domain.DeriveID(who, "enrollment"), enrollment.Day
	record(t, log, "enrollment-"+string(who), e.School, e)
	return "enrollment-" + string(who), e.Enrollment
}

// counted writes counts as "region school level sex year: enrollments students withdrawn".
func counted(t *testing.T, url string, scope Scope, by CountBy, f CountFilter, limit int) []string {
	t.Helper()
	var counts []Count
	err := NewReader(as(t, url, "sijil_app")).View(t.Context(), scope, func(tx pgx.Tx) (err error) {
		counts, err = Counts(t.Context(), tx, tenant, by, f, limit)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	names := map[domain.ID]string{regionN: "north", canton: "canton", schoolA: "A", schoolB: "B", schoolC: "C"}
	words := map[string]string{string(girl): "girls", string(boy): "boys", string(ninth): "ninth", string(tenth): "tenth"}
	lines := []string{}
	for _, c := range counts {
		var traits []string
		for _, id := range []*domain.ID{c.Region, c.Institution} {
			if id != nil {
				traits = append(traits, names[*id])
			}
		}
		for _, code := range []string{c.GradeLevel, c.Sex} {
			if code != "" {
				traits = append(traits, words[code])
			}
		}
		if c.SchoolYear != 0 {
			traits = append(traits, fmt.Sprint(c.SchoolYear))
		}
		lines = append(lines, fmt.Sprintf("%s: %d %d %d", strings.Join(traits, " "), c.Enrollments, c.Students, c.Withdrawn))
	}
	slices.Sort(lines)
	return lines
}

func TestCountsByWhatIsKeptApart(t *testing.T) {
	url, log := pgtest.URL(t), newLog()
	aTree(t, log)
	record(t, log, "academicSession-"+string(sessionX), schoolB, academicsession.SessionOpened{
		School: schoolB, SchoolYear: 2031, SessionName: "X", BeginDate: "2025-02-01", EndDate: "2025-11-30",
	})
	at := func(school domain.ID, day domain.Date, level domain.Descriptor) enrollment.StudentEnrolled {
		return enrollment.StudentEnrolled{School: school, EntryDate: day, GradeLevel: level, Primary: true}
	}
	// A girl goes through two years at A and into a third, and takes a module besides.
	stream, e := aPupil(t, log, "amina", girl, at(schoolA, "2023-09-15", ninth))
	record(t, log, stream, schoolA,
		enrollment.StudentPromoted{Enrollment: e, From: ninth, GradeLevel: tenth, Effective: "2024-06-30"},
		enrollment.StudentRetained{Enrollment: e, GradeLevel: tenth, Effective: "2025-06-30"},
		enrollment.StudentEnrolled{Enrollment: domain.DeriveID(e, "module"), School: schoolA, EntryDate: "2024-02-01", DatePrecision: enrollment.Day},
	)
	// A boy is promoted, and leaves before the next year begins.
	stream, e = aPupil(t, log, "samir", boy, at(schoolA, "2023-09-15", ninth))
	record(t, log, stream, schoolA,
		enrollment.StudentPromoted{Enrollment: e, From: ninth, GradeLevel: tenth, Effective: "2024-06-30"},
		enrollment.StudentWithdrawn{Enrollment: e, ExitDate: "2024-07-15", DatePrecision: enrollment.Day, ExitType: domain.EdFi("ExitWithdrawType", "Other")})
	// Another one changes the level within the year, and leaves in the next.
	stream, e = aPupil(t, log, "đorđe", boy, at(schoolC, "2023-08-01", ninth))
	record(t, log, stream, schoolC,
		enrollment.GradeLevelChanged{Enrollment: e, GradeLevel: tenth, Effective: "2023-10-01"},
		enrollment.StudentRetained{Enrollment: e, Effective: "2024-06-30"},
		enrollment.GradeLevelChanged{Enrollment: e, GradeLevel: ninth, Effective: "2024-10-01"},
		enrollment.StudentWithdrawn{Enrollment: e, ExitDate: "2025-01-31", DatePrecision: enrollment.Day, ExitType: domain.EdFi("ExitWithdrawType", "Other")})
	// One's sex was registered wrongly; the session's year stands for one; one never was there.
	aPupil(t, log, "aida", boy, at(schoolC, "2024-07-31", ninth))
	record(t, log, "student-"+string(domain.DeriveID(tenant, "student", "aida")), schoolC, student.BirthDataCorrected{Sex: girl, BirthYear: 2011, Evidence: domain.EdFi("PersonalInformationVerification", "Other")})
	inSession := at(schoolB, "2025-03-01", "")
	inSession.Session = sessionX
	aPupil(t, log, "lejla", girl, inSession)
	stream, e = aPupil(t, log, "nobody", girl, at(schoolB, "2024-09-01", ninth))
	record(t, log, stream, schoolB, enrollment.StudentRetained{Enrollment: e, Effective: "2025-06-30"}, enrollment.EnrollmentVoided{Enrollment: e, Reason: domain.EdFi("Reason", "Other")})

	r, _ := projecting(t, url, log)
	reached(t, r, log)
	same(t, r)
	all := Scope{Tenant: tenant, All: true}
	only := func(ids ...domain.ID) Scope { return Scope{Tenant: tenant, Institutions: ids} }
	for name, c := range map[string]struct {
		scope Scope
		by    CountBy
		where CountFilter
		want  []string
	}{
		"all together":                 {all, CountBy{}, CountFilter{}, []string{": 6 5 2"}},
		"by region, and none":          {all, CountBy{Region: true}, CountFilter{}, []string{": 2 2 1", "canton: 1 1 0", "north: 3 2 1"}},
		"by school":                    {all, CountBy{School: true}, CountFilter{}, []string{"A: 3 2 1", "B: 1 1 0", "C: 2 2 1"}},
		"by year":                      {all, CountBy{Year: true}, CountFilter{}, []string{"2024: 5 4 1", "2025: 2 2 1", "2026: 1 1 0", "2031: 1 1 0"}},
		"by sex, as corrected":         {all, CountBy{Sex: true}, CountFilter{}, []string{"boys: 2 2 2", "girls: 4 3 0"}},
		"by level and year":            {all, CountBy{Level: true, Year: true}, CountFilter{PrimaryOnly: true}, []string{"2031: 1 1 0", "ninth 2024: 3 3 1", "ninth 2025: 1 1 1", "tenth 2024: 1 1 0", "tenth 2025: 1 1 0", "tenth 2026: 1 1 0"}},
		"without modules":              {all, CountBy{School: true}, CountFilter{PrimaryOnly: true}, []string{"A: 2 2 1", "B: 1 1 0", "C: 2 2 1"}},
		"of one year":                  {all, CountBy{School: true}, CountFilter{SchoolYear: 2025}, []string{"A: 1 1 0", "C: 1 1 1"}},
		"of one school":                {all, CountBy{Sex: true, Year: true}, CountFilter{School: schoolB}, []string{"girls 2031: 1 1 0"}},
		"in a school's scope":          {only(schoolC), CountBy{Region: true, School: true}, CountFilter{}, []string{"C: 2 2 1"}},
		"in a region's scope":          {only(regionS, canton, schoolB), CountBy{Region: true, School: true}, CountFilter{}, []string{"canton B: 1 1 0"}},
		"of a school out of the scope": {only(schoolC), CountBy{School: true}, CountFilter{School: schoolA}, []string{}},
		"in nobody's scope":            {only(), CountBy{School: true}, CountFilter{}, []string{}},
		"in another authority's":       {Scope{Tenant: schoolA, All: true}, CountBy{School: true}, CountFilter{}, []string{}},
	} {
		slices.Sort(c.want)
		if got := counted(t, url, c.scope, c.by, c.where, 100); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := counted(t, url, all, CountBy{School: true}, CountFilter{}, 2); len(got) != 2 {
		t.Errorf("asked for two counts at most: %q", got)
	}
}
