package student_test

import (
	"reflect"
	"testing"

	"sijil/domain"
	"sijil/domain/student"
)

const (
	self   domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f01"
	other  domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f02"
	school domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f03"
	linkA  domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f0a"
	linkB  domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f0b"
	today            = domain.Date("2026-11-22")

	reason domain.Descriptor = "uri://example.org/StudentMergeReasonDescriptor#EnteredTwice"
	proof  domain.Descriptor = "uri://ed-fi.org/PersonalInformationVerificationDescriptor#Other"
)

func private(what string) domain.Private {
	p, err := domain.Conceal(self, domain.ClassRecord, what)
	if err != nil {
		panic(err)
	}
	return p
}

var (
	person   = private("person")
	number   = private("number")
	register = student.Register{School: school, Sex: domain.EdFi("Sex", "Female"), BirthYear: 2011, Named: true, Person: person, Today: today}

	registered = student.StudentRegistered{School: school, Sex: domain.EdFi("Sex", "Female"), BirthYear: 2011, Assurance: student.Declared, Person: person}
	paperless  = student.StudentRegistered{School: school, Assurance: student.Undocumented, Person: person}
	nationalA  = student.IdentifierLinked{Link: linkA, National: true, Assurance: student.Documented, Number: number}
	localA     = student.IdentifierLinked{Link: linkA, Assurance: student.Declared, Number: number}
	merged     = student.StudentMerged{Into: other, Reason: reason}
	erased     = student.PersonalDataErased{Classes: []domain.Class{domain.ClassRecord}, Reason: reason}
)

func given(facts ...student.Event) []student.Event { return facts }

func with(change func(*student.Register)) student.Register {
	c := register
	change(&c)
	return c
}

func TestDecide(t *testing.T) {
	newLink := func(id domain.ID, national bool) student.NewLink {
		return student.NewLink{ID: id, National: national, Number: number}
	}
	merge := student.Merge{Self: self, Into: other, Reason: reason, IntoRegistered: true}
	for name, c := range map[string]struct {
		given []student.Event
		when  student.Command
		then  []student.Event
		code  string
	}{
		"a school registers a person": {when: register, then: given(registered)},
		"a child without papers is registered": {
			when: student.Register{School: school, Assurance: student.Undocumented, Named: true, Person: person, Today: today},
			then: given(paperless),
		},
		"a person is registered with a national and a local number at once": {
			when: with(func(r *student.Register) {
				r.Assurance = student.Documented
				r.Links = []student.NewLink{newLink(linkA, true), newLink(linkB, false)}
			}),
			then: given(
				student.StudentRegistered{School: school, Sex: registered.Sex, BirthYear: 2011, Assurance: student.Documented, Person: person},
				nationalA, student.IdentifierLinked{Link: linkB, Assurance: student.Documented, Number: number}),
		},
		"a person without a name is known by a number": {
			when: student.Register{School: school, Links: []student.NewLink{newLink(linkA, false)}, Today: today},
			then: given(student.StudentRegistered{School: school, Assurance: student.Declared}, localA),
		},
		"nobody is registered without a name and a number": {when: with(func(r *student.Register) { r.Named = false }), code: "name_missing"},
		"nobody is registered twice":                       {given: given(registered), when: register, code: "already_registered"},
		"two national ids are one too many": {
			when: with(func(r *student.Register) {
				r.Links = []student.NewLink{newLink(linkA, true), newLink(linkB, true)}
			}), code: "national_id_active",
		},
		"whoever has a national id is not undocumented": {
			when: with(func(r *student.Register) {
				r.Assurance, r.Links = student.Undocumented, []student.NewLink{newLink(linkA, true)}
			}), code: "assurance_mismatch",
		},
		"nobody is born in the future":     {when: with(func(r *student.Register) { r.BirthYear = 2027 }), code: "invalid_field"},
		"nobody is born in a distant past": {when: with(func(r *student.Register) { r.BirthYear = 211 }), code: "invalid_field"},
		"sex is a code of the sex list":    {when: with(func(r *student.Register) { r.Sex = domain.EdFi("Term", "Fall") }), code: "invalid_field"},
		"assurance is one of four levels":  {when: with(func(r *student.Register) { r.Assurance = "sure" }), code: "invalid_field"},
		"a registering school has an id":   {when: with(func(r *student.Register) { r.School = "x" }), code: "invalid_field"},
		"a registration whose reservation was given up is too late": {
			given: given(student.IdentifierLinkAbandoned{Link: linkA}),
			when:  with(func(r *student.Register) { r.Links = []student.NewLink{newLink(linkA, false)} }),
			code:  "reservation_lapsed",
		},
		"a registration with another number than the one given up goes on": {
			given: given(student.IdentifierLinkAbandoned{Link: linkB}),
			when:  student.Register{School: school, Links: []student.NewLink{newLink(linkA, false)}, Today: today},
			then:  given(student.StudentRegistered{School: school, Assurance: student.Declared}, localA),
		},

		"identity comes later and raises the level": {
			given: given(paperless),
			when:  student.LinkIdentifier{NewLink: newLink(linkA, true), Assurance: student.Documented},
			then:  given(nationalA),
		},
		"a link that raises nothing keeps the level": {
			given: given(registered), when: student.LinkIdentifier{NewLink: newLink(linkA, false)}, then: given(localA),
		},
		"a level does not fall": {
			given: given(registered, nationalA),
			when:  student.LinkIdentifier{NewLink: newLink(linkB, false), Assurance: student.Declared}, code: "assurance_lowered",
		},
		"an undocumented person has no national id": {
			given: given(paperless), when: student.LinkIdentifier{NewLink: newLink(linkA, true)}, code: "assurance_mismatch",
		},
		"a second national id is refused": {
			given: given(registered, nationalA), when: student.LinkIdentifier{NewLink: newLink(linkB, true)}, code: "national_id_active",
		},
		"a national id takes another's place": {
			given: given(registered, nationalA),
			when:  student.LinkIdentifier{NewLink: newLink(linkB, true), Replaces: linkA},
			then:  given(student.IdentifierLinked{Link: linkB, National: true, Replaces: linkA, Assurance: student.Documented, Number: number}),
		},
		"a local number does not take the place of a national one": {
			given: given(registered, nationalA),
			when:  student.LinkIdentifier{NewLink: newLink(linkB, false), Replaces: linkA}, code: "identifier_not_active",
		},
		"a link replaced once is not replaced again": {
			given: given(registered, nationalA, student.IdentifierLinked{Link: linkB, National: true, Replaces: linkA, Assurance: student.Documented}),
			when:  student.LinkIdentifier{NewLink: newLink(other, true), Replaces: linkA}, code: "identifier_not_active",
		},
		"linking twice changes nothing": {given: given(registered, localA), when: student.LinkIdentifier{NewLink: newLink(linkA, false)}},
		"an abandoned link cannot be made": {
			given: given(registered, student.IdentifierLinkAbandoned{Link: linkA}),
			when:  student.LinkIdentifier{NewLink: newLink(linkA, false)}, code: "reservation_lapsed",
		},
		"a link that happened is not abandoned":                {given: given(registered, localA), when: student.AbandonLink{Link: linkA}},
		"a link is abandoned before its student is there":      {when: student.AbandonLink{Link: linkA}, then: given(student.IdentifierLinkAbandoned{Link: linkA})},
		"a link is abandoned once":                             {given: given(student.IdentifierLinkAbandoned{Link: linkA}), when: student.AbandonLink{Link: linkA}},
		"nothing is linked to a student who is not there":      {when: student.LinkIdentifier{NewLink: newLink(linkA, false)}, code: "not_found"},
		"an abandoned link alone does not make a student":      {given: given(student.IdentifierLinkAbandoned{Link: linkA}), when: student.Unmerge{Reason: reason}, code: "not_found"},
		"a name changes on evidence":                           {given: given(registered), when: student.ChangeLegalName{Evidence: proof, Names: person}, then: given(student.LegalNameChanged{Evidence: proof, Names: person})},
		"a name does not change without evidence":              {given: given(registered), when: student.ChangeLegalName{Names: person}, code: "evidence_missing"},
		"evidence is a code":                                   {given: given(registered), when: student.ChangeLegalName{Evidence: "seen", Names: person}, code: "invalid_field"},
		"birth data is corrected on evidence":                  {given: given(registered), when: student.CorrectBirthData{BirthYear: 2010, Evidence: proof, Birth: person, Today: today}, then: given(student.BirthDataCorrected{BirthYear: 2010, Evidence: proof, Birth: person})},
		"birth data is not corrected without evidence":         {given: given(registered), when: student.CorrectBirthData{BirthYear: 2010, Birth: person, Today: today}, code: "evidence_missing"},
		"a corrected birth lies in the past":                   {given: given(registered), when: student.CorrectBirthData{BirthYear: 2030, Evidence: proof, Today: today}, code: "invalid_field"},
		"two entries of one person are merged":                 {given: given(registered), when: merge, then: given(merged)},
		"a student is not merged into itself":                  {given: given(registered), when: student.Merge{Self: self, Into: self, Reason: reason, IntoRegistered: true}, code: "merge_into_itself"},
		"a student is not merged into nobody":                  {given: given(registered), when: student.Merge{Self: self, Into: other, Reason: reason}, code: "not_found"},
		"a student is not merged into a merged one":            {given: given(registered), when: student.Merge{Self: self, Into: other, Reason: reason, IntoRegistered: true, IntoMerged: true}, code: "student_merged"},
		"a student with an open enrollment is not merged":      {given: given(registered), when: student.Merge{Self: self, Into: other, Reason: reason, IntoRegistered: true, Enrolled: true}, code: "enrollment_open"},
		"a merge says why":                                     {given: given(registered), when: student.Merge{Self: self, Into: other, IntoRegistered: true}, code: "invalid_field"},
		"a merged student is not merged again":                 {given: given(registered, merged), when: merge, code: "student_merged"},
		"a merged student takes no name":                       {given: given(registered, merged), when: student.ChangeLegalName{Evidence: proof, Names: person}, code: "student_merged"},
		"a merged student takes no birth data":                 {given: given(registered, merged), when: student.CorrectBirthData{Evidence: proof, Today: today}, code: "student_merged"},
		"a merged student takes no identifier":                 {given: given(registered, merged), when: student.LinkIdentifier{NewLink: newLink(linkA, false)}, code: "student_merged"},
		"a merge is taken back":                                {given: given(registered, merged), when: student.Unmerge{Reason: reason}, then: given(student.StudentUnmerged{From: other, Reason: reason})},
		"what was not merged is not unmerged":                  {given: given(registered), when: student.Unmerge{Reason: reason}, code: "not_merged"},
		"an unmerged student goes on":                          {given: given(registered, merged, student.StudentUnmerged{From: other, Reason: reason}), when: merge, then: given(merged)},
		"a merged student's data is erased too":                {given: given(registered, merged), when: student.ErasePersonalData{Classes: erased.Classes, Reason: reason}, then: given(erased)},
		"data is erased":                                       {given: given(registered), when: student.ErasePersonalData{Classes: erased.Classes, Reason: reason}, then: given(erased)},
		"data is erased once":                                  {given: given(registered, erased), when: student.ErasePersonalData{Classes: erased.Classes, Reason: reason}},
		"an erasure names known classes":                       {given: given(registered), when: student.ErasePersonalData{Classes: []domain.Class{"all"}, Reason: reason}, code: "invalid_field"},
		"an erasure names a class":                             {given: given(registered), when: student.ErasePersonalData{Reason: reason}, code: "invalid_field"},
		"an erasure says on which ground":                      {given: given(registered), when: student.ErasePersonalData{Classes: erased.Classes}, code: "invalid_field"},
		"an erased student takes no new name":                  {given: given(registered, erased), when: student.ChangeLegalName{Evidence: proof, Names: person}, code: "personal_data_erased"},
		"an erased student takes no birth data":                {given: given(registered, erased), when: student.CorrectBirthData{Evidence: proof, Today: today}, code: "personal_data_erased"},
		"an erased student takes no identifier":                {given: given(registered, erased), when: student.LinkIdentifier{NewLink: newLink(linkA, false)}, code: "personal_data_erased"},
		"erasing the register leaves the record open to names": {given: given(registered, student.PersonalDataErased{Classes: []domain.Class{domain.ClassRegister}, Reason: reason}), when: student.ChangeLegalName{Evidence: proof, Names: person}, then: given(student.LegalNameChanged{Evidence: proof, Names: person})},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := student.Decider.Decide(student.Decider.Fold(student.State{}, c.given...), c.when)
			if code := domain.CodeOf(err); code != c.code || err != nil && code == "" {
				t.Fatalf("error %v, want code %q", err, c.code)
			}
			if !reflect.DeepEqual(got, c.then) && len(got)+len(c.then) > 0 {
				t.Errorf("got  %#v\nwant %#v", got, c.then)
			}
		})
	}
}
