package enrollment_test

import (
	"reflect"
	"testing"

	"sijil/domain"
	"sijil/domain/enrollment"
)

const (
	person  domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f01"
	schoolA domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f0a"
	schoolB domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f0b"
	region  domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f0c"
	first   domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f11"
	second  domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f12"
	module  domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f13"
	session domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f14"
	move    domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f21"
	move2   domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f22"

	today  = domain.Date("2026-11-22")
	lapses = domain.Date("2027-03-24")

	why domain.Descriptor = "uri://example.org/TransferReasonDescriptor#Because"
)

var (
	ninth, tenth = domain.EdFi("GradeLevel", "NinthGrade"), domain.EdFi("GradeLevel", "TenthGrade")
	left         = domain.EdFi("ExitWithdrawType", "Dropout")
	fine         = enrollment.Evidence{StudentRegistered: true, SchoolEnrolls: true, ProgramKnown: true, SessionDays: domain.Span{From: "2026-09-15", Until: "2027-07-01"}}

	atA = enrollment.StudentEnrolled{
		Enrollment: first, School: schoolA, EntryDate: "2026-09-15", DatePrecision: enrollment.Day, GradeLevel: ninth, Primary: true,
	}
	requested = enrollment.TransferRequested{
		Transfer: move, Enrollment: first, FromSchool: schoolA, ToSchool: schoolB, Requested: today,
		EntryDate: "2026-12-01", GradeLevel: ninth, LapseDate: lapses,
	}
	released  = enrollment.TransferReleased{Transfer: move, By: schoolA, ExitDate: "2026-11-30"}
	contested = enrollment.TransferContested{Transfer: move, Reason: why}
	withdrawn = enrollment.StudentWithdrawn{Enrollment: first, ExitDate: "2026-11-20", DatePrecision: enrollment.Day, ExitType: left}
	voided    = enrollment.EnrollmentVoided{Enrollment: first, Reason: why}
	record    = private("carried")
)

func private(what string) domain.Private {
	p, err := domain.Conceal(person, domain.ClassRecord, what)
	if err != nil {
		panic(err)
	}
	return p
}

// testCase is one rule: given facts, when a command, then facts or a code.
type testCase struct {
	given []enrollment.Event
	when  enrollment.Command
	then  []enrollment.Event
	code  string
}

func given(facts ...enrollment.Event) []enrollment.Event { return facts }

func run(t *testing.T, cases map[string]testCase) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := enrollment.Decider.Decide(enrollment.Decider.Fold(enrollment.State{}, c.given...), c.when)
			if code := domain.CodeOf(err); code != c.code || err != nil && code == "" {
				t.Fatalf("error %v, want code %q", err, c.code)
			}
			if !reflect.DeepEqual(got, c.then) && len(got)+len(c.then) > 0 {
				t.Errorf("got  %#v\nwant %#v", got, c.then)
			}
		})
	}
}

// place is an enrollment at school A from September on, changed.
func place(change func(*enrollment.Enroll)) enrollment.Enroll {
	c := enrollment.Enroll{
		Placement: enrollment.Placement{Enrollment: second, School: schoolA, EntryDate: "2026-09-15", GradeLevel: ninth, Primary: true},
		Evidence:  fine, Today: today,
	}
	if change != nil {
		change(&c)
	}
	return c
}

// enrolled is what place leads to, changed.
func enrolled(change func(*enrollment.StudentEnrolled)) enrollment.StudentEnrolled {
	e := atA
	e.Enrollment = second
	if change != nil {
		change(&e)
	}
	return e
}

func TestEnroll(t *testing.T) {
	asModule := func(c *enrollment.Enroll) { c.Primary, c.Program, c.Session = false, module, session }
	moduleFact := enrolled(func(e *enrollment.StudentEnrolled) { e.Primary, e.Program, e.Session = false, module, session })
	run(t, map[string]testCase{
		"a school enrolls a student": {when: place(nil), then: given(enrolled(nil))},
		"nobody enrolls twice at a school": {
			given: given(atA), when: place(nil), code: "already_enrolled",
		},
		"nobody has two primary schools at a time": {
			given: given(atA), when: place(func(c *enrollment.Enroll) { c.School = schoolB }), code: "enrolled_elsewhere",
		},
		"who left may enroll elsewhere the same day": {
			given: given(atA, withdrawn),
			when:  place(func(c *enrollment.Enroll) { c.School, c.EntryDate = schoolB, "2026-11-20" }),
			then:  given(enrolled(func(e *enrollment.StudentEnrolled) { e.School, e.EntryDate = schoolB, "2026-11-20" })),
		},
		"who left may not have enrolled elsewhere before": {
			given: given(atA, withdrawn),
			when:  place(func(c *enrollment.Enroll) { c.School, c.EntryDate = schoolB, "2026-11-19" }), code: "enrolled_elsewhere",
		},
		"a voided enrollment is in nobody's way": {
			given: given(atA, voided), when: place(func(c *enrollment.Enroll) { c.School = schoolB }),
			then: given(enrolled(func(e *enrollment.StudentEnrolled) { e.School = schoolB })),
		},
		"a module enrollment overlaps a primary one": {given: given(atA), when: place(asModule), then: given(moduleFact)},
		"modules overlap each other": {
			given: given(moduleFact),
			when: place(func(c *enrollment.Enroll) {
				asModule(c)
				c.Enrollment, c.Program = first, second
			}),
			then: given(enrolled(func(e *enrollment.StudentEnrolled) {
				e.Enrollment, e.Primary, e.Program, e.Session = first, false, second, session
			})),
		},
		"a module is taken again in another session": {
			given: given(moduleFact),
			when: place(func(c *enrollment.Enroll) {
				asModule(c)
				c.Enrollment, c.Session = first, person
			}),
			then: given(enrolled(func(e *enrollment.StudentEnrolled) {
				e.Enrollment, e.Primary, e.Program, e.Session = first, false, module, person
			})),
		},
		"the same module in the same session is one enrollment": {given: given(moduleFact), when: place(asModule), code: "already_enrolled"},
		"a date is known by its session": {
			when: place(func(c *enrollment.Enroll) { c.Session, c.DatePrecision = session, enrollment.Session }),
			then: given(enrolled(func(e *enrollment.StudentEnrolled) { e.Session, e.DatePrecision = session, enrollment.Session })),
		},
		"a date known by its session names the session": {
			when: place(func(c *enrollment.Enroll) { c.DatePrecision = enrollment.Session }), code: "invalid_field",
		},
		"a closed school cannot enroll":     {when: place(func(c *enrollment.Enroll) { c.SchoolEnrolls = false }), code: "institution_not_operating"},
		"an unknown student cannot enroll":  {when: place(func(c *enrollment.Enroll) { c.StudentRegistered = false }), code: "not_found"},
		"a merged student cannot enroll":    {when: place(func(c *enrollment.Enroll) { c.StudentMerged = true }), code: "student_merged"},
		"a program is one of the school's":  {when: place(func(c *enrollment.Enroll) { c.ProgramKnown = false }), code: "program_unknown"},
		"a session is one of the school's":  {when: place(func(c *enrollment.Enroll) { c.Session, c.SessionDays = session, domain.Span{} }), code: "session_unknown"},
		"an entry is not after the session": {when: place(func(c *enrollment.Enroll) { c.Session, c.EntryDate = session, "2027-07-01" }), code: "invalid_field"},
		"an entry may be before a session":  {when: place(func(c *enrollment.Enroll) { c.Session, c.EntryDate = session, "2026-09-01" }), then: given(enrolled(func(e *enrollment.StudentEnrolled) { e.Session, e.EntryDate = session, "2026-09-01" }))},
		"a session's day lies in it": {
			when: place(func(c *enrollment.Enroll) {
				c.Session, c.EntryDate, c.DatePrecision = session, "2026-09-01", enrollment.Session
			}), code: "invalid_field",
		},
		"an entry date is a day":            {when: place(func(c *enrollment.Enroll) { c.EntryDate = "2026-02-30" }), code: "invalid_field"},
		"an entry type is of its list":      {when: place(func(c *enrollment.Enroll) { c.EntryType = left }), code: "invalid_field"},
		"a grade level is of its list":      {when: place(func(c *enrollment.Enroll) { c.GradeLevel = left }), code: "invalid_field"},
		"a precision is day or session":     {when: place(func(c *enrollment.Enroll) { c.DatePrecision = "week" }), code: "invalid_field"},
		"a school has an id":                {when: place(func(c *enrollment.Enroll) { c.School = "" }), code: "invalid_field"},
		"a program has an id":               {when: place(func(c *enrollment.Enroll) { c.Program = "BBB" }), code: "invalid_field"},
		"an enrollment has an id":           {when: place(func(c *enrollment.Enroll) { c.Enrollment = "1" }), code: "invalid_field"},
		"a session has an id":               {when: place(func(c *enrollment.Enroll) { c.Session = "2013J" }), code: "invalid_field"},
		"nobody enrolls past a transfer":    {given: given(atA, requested, withdrawn), when: place(func(c *enrollment.Enroll) { c.EntryDate = "2026-11-21" }), code: "transfer_open"},
		"a module is open during transfers": {given: given(atA, requested), when: place(asModule), then: given(moduleFact)},
		"a lapsed transfer is in nobody's way": {
			given: given(atA, requested, withdrawn),
			when:  place(func(c *enrollment.Enroll) { c.EntryDate, c.Today = lapses, lapses }),
			then: given(enrollment.TransferLapsed{Transfer: move},
				enrolled(func(e *enrollment.StudentEnrolled) { e.EntryDate = lapses })),
		},
	})
}

func TestLevels(t *testing.T) {
	day := domain.Date("2026-10-01")
	promoted := enrollment.StudentPromoted{Enrollment: first, From: ninth, GradeLevel: tenth, Effective: "2027-06-30"}
	run(t, map[string]testCase{
		"a level is changed":                    {given: given(atA), when: enrollment.ChangeGradeLevel{first, tenth, day}, then: given(enrollment.GradeLevelChanged{first, tenth, day})},
		"the same level is no change":           {given: given(atA), when: enrollment.ChangeGradeLevel{first, ninth, day}},
		"a level is of its list":                {given: given(atA), when: enrollment.ChangeGradeLevel{first, left, day}, code: "invalid_field"},
		"a level is named":                      {given: given(atA), when: enrollment.Promote{first, "", day}, code: "invalid_field"},
		"a change has a day":                    {given: given(atA), when: enrollment.ChangeGradeLevel{first, tenth, ""}, code: "invalid_field"},
		"a student is promoted":                 {given: given(atA), when: enrollment.Promote{first, tenth, "2027-06-30"}, then: given(promoted)},
		"a promotion leads to another level":    {given: given(atA, promoted), when: enrollment.Promote{first, tenth, "2028-06-30"}, code: "same_grade_level"},
		"a student is retained at the level":    {given: given(atA, promoted), when: enrollment.Retain{first, "2028-06-30", ""}, then: given(enrollment.StudentRetained{first, tenth, "2028-06-30", ""})},
		"a retention's reason is a code":        {given: given(atA), when: enrollment.Retain{first, day, "lazy"}, code: "invalid_field"},
		"a level does not change before entry":  {given: given(atA), when: enrollment.ChangeGradeLevel{first, tenth, "2026-09-14"}, code: "date_before_last_change"},
		"changes come in the order of the days": {given: given(atA, promoted), when: enrollment.ChangeGradeLevel{first, ninth, "2027-06-29"}, code: "date_before_last_change"},
		"who left is not promoted":              {given: given(atA, withdrawn), when: enrollment.Promote{first, tenth, day}, code: "enrollment_ended"},
		"who left is not retained":              {given: given(atA, withdrawn), when: enrollment.Retain{first, day, ""}, code: "enrollment_ended"},
		"a voided enrollment has no level":      {given: given(atA, voided), when: enrollment.Promote{first, tenth, day}, code: "enrollment_voided"},
		"an unknown enrollment has no level":    {given: given(atA), when: enrollment.Retain{second, day, ""}, code: "not_found"},
	})
}

func TestWithdrawAndVoid(t *testing.T) {
	leave := func(day domain.Date) enrollment.Withdraw {
		return enrollment.Withdraw{Enrollment: first, ExitDate: day, ExitType: left, Today: today}
	}
	run(t, map[string]testCase{
		"a student leaves":                    {given: given(atA), when: leave("2026-11-20"), then: given(withdrawn)},
		"a student may leave on the day":      {given: given(atA), when: leave("2026-09-15"), then: given(enrollment.StudentWithdrawn{first, "2026-09-15", enrollment.Day, left})},
		"nobody leaves before coming":         {given: given(atA), when: leave("2026-09-14"), code: "exit_before_entry"},
		"nobody has left in the future":       {given: given(atA), when: leave("2026-11-24"), code: "date_in_future"},
		"it is tomorrow already in the east":  {given: given(atA), when: leave("2026-11-23"), then: given(enrollment.StudentWithdrawn{first, "2026-11-23", enrollment.Day, left})},
		"a session's end may lie ahead":       {given: given(atA), when: enrollment.Withdraw{first, "2027-06-30", enrollment.Session, left, today}, then: given(enrollment.StudentWithdrawn{first, "2027-06-30", enrollment.Session, left})},
		"nobody leaves twice":                 {given: given(atA, withdrawn), when: leave("2026-11-21"), code: "enrollment_ended"},
		"an exit type is of its list":         {given: given(atA), when: enrollment.Withdraw{first, "2026-11-20", "", ninth, today}, code: "invalid_field"},
		"an exit has a day":                   {given: given(atA), when: leave(""), code: "invalid_field"},
		"nobody leaves an unknown enrollment": {when: leave("2026-11-20"), code: "not_found"},
		"nobody leaves a voided enrollment":   {given: given(atA, voided), when: leave("2026-11-20"), code: "enrollment_voided"},
		"who lets a student go releases the request": {
			given: given(atA, requested, contested), when: leave("2026-11-20"),
			then: given(withdrawn, enrollment.TransferReleased{move, schoolA, "2026-11-20"}),
		},
		"a released request stays released": {given: given(atA, requested, released), when: leave("2026-11-20"), then: given(withdrawn)},
		"an enrollment is voided":           {given: given(atA), when: enrollment.Void{first, why}, then: given(voided)},
		"an ended enrollment is voided":     {given: given(atA, withdrawn), when: enrollment.Void{first, why}, then: given(voided)},
		"nothing is voided twice":           {given: given(atA, voided), when: enrollment.Void{first, why}, code: "enrollment_voided"},
		"an unknown one is not voided":      {when: enrollment.Void{first, why}, code: "not_found"},
		"a voiding says why":                {given: given(atA), when: enrollment.Void{first, ""}, code: "invalid_field"},
		"nothing is voided under transfer":  {given: given(atA, requested), when: enrollment.Void{first, why}, code: "transfer_open"},
	})
}
