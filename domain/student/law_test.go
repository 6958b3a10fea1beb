package student_test

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sijil/domain"
	"sijil/domain/student"
)

var links = []domain.ID{linkA, linkB, "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f0c"}

func anyCommand(t *rapid.T) student.Command {
	link := student.NewLink{ID: rapid.SampledFrom(links).Draw(t, "link"), National: rapid.Bool().Draw(t, "national"), Number: number}
	level := rapid.SampledFrom([]student.Assurance{"", student.Undocumented, student.Declared, student.Documented, student.Verified}).Draw(t, "level")
	switch rapid.IntRange(0, 7).Draw(t, "which") {
	case 0:
		return student.Register{School: school, Assurance: level, Named: rapid.Bool().Draw(t, "named"), Person: person, Links: []student.NewLink{link}, Today: today}
	case 1:
		return student.LinkIdentifier{NewLink: link, Assurance: level, Replaces: rapid.SampledFrom(append([]domain.ID{""}, links...)).Draw(t, "replaces")}
	case 2:
		return student.AbandonLink{Link: link.ID}
	case 3:
		return student.ChangeLegalName{Evidence: proof, Names: person}
	case 4:
		return student.CorrectBirthData{BirthYear: 2010, Evidence: proof, Birth: person, Today: today}
	case 5:
		return student.Merge{Self: self, Into: other, Reason: reason, IntoRegistered: true, Enrolled: rapid.Bool().Draw(t, "enrolled")}
	case 6:
		return student.Unmerge{Reason: reason}
	default:
		return student.ErasePersonalData{Classes: []domain.Class{rapid.SampledFrom([]domain.Class{domain.ClassRecord, domain.ClassRegister}).Draw(t, "class")}, Reason: reason}
	}
}

// TestLaws: whatever is asked in whatever order, the promises of the stream hold.
func TestLaws(t *testing.T) {
	levels := []student.Assurance{"", student.Undocumented, student.Declared, student.Documented, student.Verified}
	rapid.Check(t, func(t *rapid.T) {
		var s student.State
		for range rapid.IntRange(1, 30).Draw(t, "length") {
			c := anyCommand(t)
			before := s
			kept := clone(s)
			facts, err := student.Decider.Decide(s, c)
			if err != nil && (domain.CodeOf(err) == "" || len(facts) > 0) {
				t.Fatalf("%#v: facts %v with error %v", c, facts, err)
			}
			s = student.Decider.Fold(s, facts...)
			if !reflect.DeepEqual(before, kept) {
				t.Fatalf("%#v changed the state it was decided on", c)
			}
			national := 0
			for _, l := range s.Links {
				if l.Active && l.National {
					national++
				}
				if slices.Contains(s.Abandoned, l.ID) {
					t.Fatal("a link is both made and abandoned")
				}
			}
			if national > 1 {
				t.Fatal("two national ids are active")
			}
			if slices.Index(levels, s.Assurance) < slices.Index(levels, before.Assurance) {
				t.Fatalf("the assurance fell from %s to %s", before.Assurance, s.Assurance)
			}
			if before.MergedInto != "" {
				for _, f := range facts {
					switch f.(type) {
					case student.StudentUnmerged, student.PersonalDataErased, student.IdentifierLinkAbandoned:
					default:
						t.Fatalf("a merged student took %T", f)
					}
				}
			}
			if len(facts) > 0 && slices.Contains(before.Erased, domain.ClassRecord) && holdsPersonalData(facts) {
				t.Fatal("an erased student took personal data")
			}
		}
	})
}

func holdsPersonalData(facts []student.Event) bool {
	return slices.ContainsFunc(facts, func(f student.Event) bool {
		switch f.(type) {
		case student.StudentRegistered, student.IdentifierLinked, student.LegalNameChanged, student.BirthDataCorrected:
			return true
		}
		return false
	})
}

func clone(s student.State) student.State {
	s.Links, s.Abandoned, s.Erased = slices.Clone(s.Links), slices.Clone(s.Abandoned), slices.Clone(s.Erased)
	return s
}
