package student

import (
	"slices"

	"sijil/domain"
)

// State is what the rules need to know of a student.
type State struct {
	Registered bool
	// School is the one that registered.
	School    domain.ID
	BirthYear int
	Assurance Assurance
	Links     []Link
	// Abandoned are links that can never be made.
	Abandoned []domain.ID
	// MergedInto is empty while the student stands by itself.
	MergedInto domain.ID
	// Erased are the retention classes whose keys were ordered destroyed.
	Erased []domain.Class
}

// Link is an identifier that names or named the student.
type Link struct {
	ID       domain.ID
	National bool
	Active   bool
}

// National is the active national link, if there is one.
func (s State) National() (Link, bool) {
	for _, l := range s.Links {
		if l.Active && l.National {
			return l, true
		}
	}
	return Link{}, false
}

// Link is the link with this id, whether active or not.
func (s State) Link(id domain.ID) (Link, bool) {
	for _, l := range s.Links {
		if l.ID == id {
			return l, true
		}
	}
	return Link{}, false
}

func evolve(s State, e Event) State {
	switch e := e.(type) {
	case StudentRegistered:
		s.Registered, s.School, s.BirthYear, s.Assurance = true, e.School, e.BirthYear, e.Assurance
	case IdentifierLinked:
		links := slices.Clone(s.Links)
		for i := range links {
			if links[i].ID == e.Replaces {
				links[i].Active = false
			}
		}
		s.Links, s.Assurance = append(links, Link{e.Link, e.National, true}), e.Assurance
	case IdentifierLinkAbandoned:
		s.Abandoned = append(slices.Clip(s.Abandoned), e.Link)
	case BirthDataCorrected:
		if e.BirthYear != 0 {
			s.BirthYear = e.BirthYear
		}
	case StudentMerged:
		s.MergedInto = e.Into
	case StudentUnmerged:
		s.MergedInto = ""
	case PersonalDataErased:
		s.Erased = append(slices.Clip(s.Erased), e.Classes...)
	}
	return s
}
