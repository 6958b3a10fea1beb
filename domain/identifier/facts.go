// Package identifier is the rule that one number names one student in a whole
// authority: the number's stream, found by keyed hash, is held by at most one at a time.
package identifier

import "sijil/domain"

// Event is a fact about one number.
type Event interface{ isIdentifierEvent() }

// IdentifierReserved: the number is held from now on.
type IdentifierReserved struct {
	// KeyVersion is that of the key in the stream's name.
	KeyVersion int `json:"keyVersion"`
	// Holder is a keyed hash of student and link: it says whether two holders are the same
	// and not who they are.
	Holder domain.ID `json:"holder"`
	// Student is a [Reference], sealed under the authority, not the person: it must be
	// found by the number alone.
	Student domain.Private `json:"-"`
}

// IdentifierReleased: nobody holds the number; it can be reserved again.
type IdentifierReleased struct {
	Holder domain.ID `json:"holder"`
	Reason Reason    `json:"reason"`
}

// Reference is what the sealed part holds: whose link the number serves.
type Reference struct {
	Student domain.ID `json:"student"`
	Link    domain.ID `json:"link"`
}

// Reason says why a number was released.
type Reason string

const (
	// Abandoned: the link it was reserved for never came.
	Abandoned Reason = "abandoned"
	// Replaced: the student has another number instead.
	Replaced Reason = "replaced"
	// Erased: the person's data was erased.
	Erased Reason = "erased"
)

func (IdentifierReserved) isIdentifierEvent() {}
func (IdentifierReleased) isIdentifierEvent() {}
