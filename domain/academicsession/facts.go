// Package academicsession holds a school's terms: when each begins and ends, and
// when its marks are final.
package academicsession

import "sijil/domain"

// Event is a fact about one session.
type Event interface{ isAcademicSessionEvent() }

// SessionOpened: the school teaches from BeginDate to EndDate, both included.
type SessionOpened struct {
	School domain.ID `json:"school"`
	// SchoolYear is the year in which the school year ends: 2014 for 2013–2014.
	SchoolYear int `json:"schoolYear"`
	// SessionName is unique in the school and year: "2013J", "Trimestre 1".
	SessionName string `json:"sessionName"`
	// Term is a code of a TermDescriptor list.
	Term      domain.Descriptor `json:"term,omitzero"`
	BeginDate domain.Date       `json:"beginDate"`
	EndDate   domain.Date       `json:"endDate"`
}

// SessionFinalized: from now on its marks are amended only, and by two officers.
type SessionFinalized struct {
	FinalizedOn domain.Date `json:"finalizedOn"`
}

func (SessionOpened) isAcademicSessionEvent()    {}
func (SessionFinalized) isAcademicSessionEvent() {}
