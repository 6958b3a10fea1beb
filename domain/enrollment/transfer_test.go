package enrollment_test

import (
	"testing"

	"sijil/domain"
	"sijil/domain/enrollment"
)

func TestRequestTransfer(t *testing.T) {
	ask := func(change func(*enrollment.RequestTransfer)) enrollment.RequestTransfer {
		c := enrollment.RequestTransfer{
			Transfer: move, To: schoolB, EntryDate: "2026-12-01", GradeLevel: ninth, Today: today, LapseDate: lapses, Evidence: fine,
		}
		if change != nil {
			change(&c)
		}
		return c
	}
	again := func(c *enrollment.RequestTransfer) { c.Transfer, c.Today, c.LapseDate = move2, lapses, "2027-07-01" }
	requestedAgain := requested
	requestedAgain.Transfer, requestedAgain.Requested, requestedAgain.LapseDate = move2, lapses, "2027-07-01"
	run(t, map[string]testCase{
		"a school asks for a student of another":      {given: given(atA), when: ask(nil), then: given(requested)},
		"one transfer at a time":                      {given: given(atA, requested), when: ask(func(c *enrollment.RequestTransfer) { c.Transfer = move2 }), code: "transfer_open"},
		"a request after the last one's term":         {given: given(atA, requested), when: ask(again), then: given(enrollment.TransferLapsed{move}, requestedAgain)},
		"a request after one that was refused":        {given: given(atA, requested, released, enrollment.TransferRefused{Transfer: move, Reason: why}), when: ask(again), then: given(requestedAgain)},
		"who is nowhere is enrolled, not transferred": {given: given(atA, withdrawn), when: ask(nil), code: "not_enrolled"},
		"nobody is transferred to their own school":   {given: given(atA), when: ask(func(c *enrollment.RequestTransfer) { c.To = schoolA }), code: "already_enrolled"},
		"a closed school asks for nobody":             {given: given(atA), when: ask(func(c *enrollment.RequestTransfer) { c.SchoolEnrolls = false }), code: "institution_not_operating"},
		"nobody asks for an unknown student":          {when: ask(func(c *enrollment.RequestTransfer) { c.StudentRegistered = false }), code: "not_found"},
		"nobody asks for a merged student":            {given: given(atA), when: ask(func(c *enrollment.RequestTransfer) { c.StudentMerged = true }), code: "student_merged"},
		"a transfer begins after the old enrollment":  {given: given(atA), when: ask(func(c *enrollment.RequestTransfer) { c.EntryDate = "2026-09-14" }), code: "exit_before_entry"},
		"a request lapses after today":                {given: given(atA), when: ask(func(c *enrollment.RequestTransfer) { c.LapseDate = today }), code: "invalid_field"},
		"a request has an entry date":                 {given: given(atA), when: ask(func(c *enrollment.RequestTransfer) { c.EntryDate = "" }), code: "invalid_field"},
		"a request names a school":                    {given: given(atA), when: ask(func(c *enrollment.RequestTransfer) { c.To = "x" }), code: "invalid_field"},
	})
}

func by(who domain.ID) enrollment.Party {
	return enrollment.Party{Transfer: move, By: who, Today: today}
}

func above(old, young bool) enrollment.Party {
	p := by(region)
	p.AboveOld, p.AboveNew = old, young
	return p
}

func late(p enrollment.Party) enrollment.Party { p.Today = lapses; return p }

func TestAnswerTransfer(t *testing.T) {
	cancelled := enrollment.TransferCancelled{Transfer: move}
	byRegion := enrollment.TransferReleased{Transfer: move, By: region, ExitDate: "2026-12-01"}
	run(t, map[string]testCase{
		"the old school releases":                            {given: given(atA, requested), when: enrollment.ReleaseTransfer{by(schoolA), "2026-11-30"}, then: given(released)},
		"a release without a day is for the entry":           {given: given(atA, requested), when: enrollment.ReleaseTransfer{by(schoolA), ""}, then: given(enrollment.TransferReleased{move, schoolA, "2026-12-01"})},
		"the new school does not release":                    {given: given(atA, requested), when: enrollment.ReleaseTransfer{by(schoolB), ""}, code: "not_your_decision"},
		"an authority waits for the old school":              {given: given(atA, requested), when: enrollment.ReleaseTransfer{above(true, false), ""}, code: "not_your_decision"},
		"an authority releases after a contest":              {given: given(atA, requested, contested), when: enrollment.ReleaseTransfer{above(true, false), ""}, then: given(byRegion)},
		"the old school thinks better of it":                 {given: given(atA, requested, contested), when: enrollment.ReleaseTransfer{by(schoolA), "2026-11-30"}, then: given(released)},
		"nothing is released twice":                          {given: given(atA, requested, released), when: enrollment.ReleaseTransfer{by(schoolA), ""}, code: "transfer_released"},
		"nobody leaves before coming":                        {given: given(atA, requested), when: enrollment.ReleaseTransfer{by(schoolA), "2026-09-01"}, code: "exit_before_entry"},
		"a release has a day of the calendar":                {given: given(atA, requested), when: enrollment.ReleaseTransfer{by(schoolA), "soon"}, code: "invalid_field"},
		"an unknown transfer is not released":                {given: given(atA), when: enrollment.ReleaseTransfer{by(schoolA), ""}, code: "not_found"},
		"a late release is too late":                         {given: given(atA, requested), when: enrollment.ReleaseTransfer{late(by(schoolA)), ""}, code: "transfer_lapsed"},
		"the old school contests":                            {given: given(atA, requested), when: enrollment.ContestTransfer{by(schoolA), why, domain.Private{}}, then: given(contested)},
		"the new school does not contest":                    {given: given(atA, requested), when: enrollment.ContestTransfer{by(schoolB), why, domain.Private{}}, code: "not_your_decision"},
		"a contest says why":                                 {given: given(atA, requested), when: enrollment.ContestTransfer{by(schoolA), "", domain.Private{}}, code: "invalid_field"},
		"nothing is contested twice":                         {given: given(atA, requested, contested), when: enrollment.ContestTransfer{by(schoolA), why, domain.Private{}}, code: "transfer_contested"},
		"what was released is not contested":                 {given: given(atA, requested, released), when: enrollment.ContestTransfer{by(schoolA), why, domain.Private{}}, code: "transfer_released"},
		"the new school refuses what was released":           {given: given(atA, requested, released), when: enrollment.RefuseTransfer{by(schoolB), why, record}, then: given(enrollment.TransferRefused{move, why, record})},
		"nothing is refused before the release":              {given: given(atA, requested), when: enrollment.RefuseTransfer{by(schoolB), why, record}, code: "transfer_not_released"},
		"the old school does not refuse":                     {given: given(atA, requested, released), when: enrollment.RefuseTransfer{by(schoolA), why, record}, code: "not_your_decision"},
		"a refusal says why":                                 {given: given(atA, requested, released), when: enrollment.RefuseTransfer{by(schoolB), "no", record}, code: "invalid_field"},
		"the new school cancels":                             {given: given(atA, requested), when: enrollment.CancelTransfer{by(schoolB)}, then: given(cancelled)},
		"the new school cancels after a contest":             {given: given(atA, requested, contested), when: enrollment.CancelTransfer{by(schoolB)}, then: given(cancelled)},
		"an authority cancels":                               {given: given(atA, requested), when: enrollment.CancelTransfer{above(false, true)}, then: given(cancelled)},
		"an authority above the old school does not cancel":  {given: given(atA, requested), when: enrollment.CancelTransfer{above(true, false)}, code: "not_your_decision"},
		"an authority above the new school does not release": {given: given(atA, requested, contested), when: enrollment.ReleaseTransfer{above(false, true), ""}, code: "not_your_decision"},
		"the old school does not cancel":                     {given: given(atA, requested), when: enrollment.CancelTransfer{by(schoolA)}, code: "not_your_decision"},
		"what was released is refused, not undone":           {given: given(atA, requested, released), when: enrollment.CancelTransfer{by(schoolB)}, code: "transfer_released"},
		"what was cancelled has ended":                       {given: given(atA, requested, cancelled), when: enrollment.ReleaseTransfer{by(schoolA), ""}, code: "transfer_ended"},
		"a request lapses":                                   {given: given(atA, requested), when: enrollment.LapseTransfer{move, lapses}, then: given(enrollment.TransferLapsed{move})},
		"a released request lapses":                          {given: given(atA, requested, released), when: enrollment.LapseTransfer{move, lapses}, then: given(enrollment.TransferLapsed{move})},
		"nothing lapses before its day":                      {given: given(atA, requested), when: enrollment.LapseTransfer{move, "2027-03-23"}, code: "transfer_open"},
		"what has ended does not lapse":                      {given: given(atA, requested, cancelled), when: enrollment.LapseTransfer{move, lapses}},
		"an unknown transfer does not lapse":                 {when: enrollment.LapseTransfer{move, lapses}, code: "not_found"},
		"a lapsed transfer has ended, whoever asks":          {given: given(atA, requested, enrollment.TransferLapsed{move}), when: enrollment.CancelTransfer{by(schoolB)}, code: "transfer_ended"},
	})
}

func TestAcceptTransfer(t *testing.T) {
	accept := func(change func(*enrollment.AcceptTransfer)) enrollment.AcceptTransfer {
		c := enrollment.AcceptTransfer{
			Party: by(schoolB), Placement: enrollment.Placement{Enrollment: second}, Evidence: fine, RecordDigest: "d1", Record: record,
		}
		if change != nil {
			change(&c)
		}
		return c
	}
	gone := enrollment.StudentWithdrawn{first, "2026-11-30", enrollment.Day, enrollment.Transferred}
	done := enrollment.TransferCompleted{move, second, "d1", record}
	atB := enrollment.StudentEnrolled{
		Enrollment: second, School: schoolB, EntryDate: "2026-12-01", DatePrecision: enrollment.Day,
		EntryType: enrollment.ByTransfer, GradeLevel: ninth, Primary: true,
	}
	atBLater := atB
	atBLater.EntryDate, atBLater.GradeLevel, atBLater.Program = "2027-01-07", tenth, module
	ended := enrollment.TransferCompleted{Transfer: move, Enrollment: second}
	run(t, map[string]testCase{
		"the old enrollment closes and the new one opens at once": {
			given: given(atA, requested, released), when: accept(nil), then: given(gone, done, atB),
		},
		"the new school places the student as it sees fit": {
			given: given(atA, requested, released),
			when: accept(func(c *enrollment.AcceptTransfer) {
				c.EntryDate, c.GradeLevel, c.Program = "2027-01-07", tenth, module
			}),
			then: given(gone, done, atBLater),
		},
		"a student who left already is only enrolled": {
			given: given(atA, requested, withdrawn, enrollment.TransferReleased{move, schoolA, "2026-11-20"}),
			when:  accept(nil), then: given(done, atB),
		},
		"nothing is accepted before the release":   {given: given(atA, requested), when: accept(nil), code: "transfer_not_released"},
		"what is contested is not accepted":        {given: given(atA, requested, contested), when: accept(nil), code: "transfer_not_released"},
		"the old school does not accept":           {given: given(atA, requested, released), when: accept(func(c *enrollment.AcceptTransfer) { c.By = schoolA }), code: "not_your_decision"},
		"an authority does not accept":             {given: given(atA, requested, released), when: accept(func(c *enrollment.AcceptTransfer) { c.Party = above(true, true) }), code: "not_your_decision"},
		"a school closed meanwhile accepts nobody": {given: given(atA, requested, released), when: accept(func(c *enrollment.AcceptTransfer) { c.SchoolEnrolls = false }), code: "institution_not_operating"},
		"a student merged meanwhile stays":         {given: given(atA, requested, released), when: accept(func(c *enrollment.AcceptTransfer) { c.StudentMerged = true }), code: "student_merged"},
		"nobody enters before leaving":             {given: given(atA, requested, released), when: accept(func(c *enrollment.AcceptTransfer) { c.EntryDate = "2026-11-29" }), code: "entry_before_exit"},
		"nothing is accepted twice":                {given: given(atA, requested, released, gone, ended, atB), when: accept(nil), code: "transfer_ended"},
		"an acceptance after the term is too late": {given: given(atA, requested, released), when: accept(func(c *enrollment.AcceptTransfer) { c.Today = lapses }), code: "transfer_lapsed"},
		"a level is of its list":                   {given: given(atA, requested, released), when: accept(func(c *enrollment.AcceptTransfer) { c.GradeLevel = why }), code: "invalid_field"},
	})
}
