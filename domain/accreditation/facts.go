// Package accreditation holds what one accrediting agent decided about one institution's
// right to award one program, or everything at one level, and from when to when.
package accreditation

import "sijil/domain"

// Event is a fact about one accreditation.
type Event interface{ isAccreditationEvent() }

// AccreditationGranted: the institution may award from From until Until. A later grant to
// the same institution for the same thing stands in the same stream.
type AccreditationGranted struct {
	Institution      domain.ID `json:"institution"`
	AccreditingAgent domain.ID `json:"accreditingAgent"`
	// Program is what may be awarded; empty when the grant is for a whole level.
	Program domain.ID `json:"program,omitzero"`
	// Level is the level of which every program may be awarded; empty when it is for one program.
	Level domain.Descriptor `json:"level,omitzero"`
	From  domain.Date       `json:"from"`
	// Until is the first day it no longer holds; empty for no end.
	Until domain.Date `json:"until,omitzero"`
	// Decision is the reference of the legal act, such as a gazette number.
	Decision string `json:"decision,omitzero"`
}

// AccreditationRenewed: the running grant now ends at Until (empty for no end).
type AccreditationRenewed struct {
	Until    domain.Date `json:"until,omitzero"`
	Decision string      `json:"decision,omitzero"`
}

// AccreditationSuspended: nothing may be awarded from From on, until reinstated.
type AccreditationSuspended struct {
	From     domain.Date `json:"from"`
	Decision string      `json:"decision,omitzero"`
}

// AccreditationReinstated: a suspension ended; awards are possible again from From on.
type AccreditationReinstated struct {
	From     domain.Date `json:"from"`
	Decision string      `json:"decision,omitzero"`
}

// AccreditationWithdrawn: the running grant ended at From. AbInitio: it never held, so
// awards made under it lose their ground.
type AccreditationWithdrawn struct {
	From     domain.Date `json:"from"`
	AbInitio bool        `json:"abInitio,omitzero"`
	Decision string      `json:"decision,omitzero"`
}

func (AccreditationGranted) isAccreditationEvent()    {}
func (AccreditationRenewed) isAccreditationEvent()    {}
func (AccreditationSuspended) isAccreditationEvent()  {}
func (AccreditationReinstated) isAccreditationEvent() {}
func (AccreditationWithdrawn) isAccreditationEvent()  {}
