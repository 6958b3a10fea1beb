package identifier

import (
	"strconv"

	"sijil/domain"
)

// Decider is the rules of one number's stream. Its name comes from [StreamName], since a
// key version stands in it.
var Decider = domain.Decider[Command, State, Event]{Category: "identifier", Decide: decide, Evolve: evolve}

// KeyVersion is that of the key which new streams are named under.
const KeyVersion = 1

// State says who holds the number.
type State struct {
	// Holder is empty when the number is free.
	Holder domain.ID
}

// Command is something one asks of a number's stream.
type Command interface{ isIdentifierCommand() }

// Reserve takes the number for a holder, once.
type Reserve struct {
	Holder  domain.ID
	Student domain.Private
}

// Release gives it up, if this holder has it.
type Release struct {
	Holder domain.ID
	Reason Reason
}

func (Reserve) isIdentifierCommand() {}
func (Release) isIdentifierCommand() {}

func decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Reserve:
		switch {
		case s.Holder == c.Holder:
			return nil, nil
		case s.Holder != "":
			return nil, domain.Refuse(domain.Conflict, "identifier_taken", "a student with this identifier is known; look the student up and request a transfer, or ask the authority")
		case !c.Holder.Valid() || c.Student.IsZero():
			return nil, domain.Refuse(domain.Invalid, "invalid_field", "a reservation names its holder")
		}
		return []Event{IdentifierReserved{KeyVersion, c.Holder, c.Student}}, nil
	case Release:
		if s.Holder == "" || s.Holder != c.Holder {
			return nil, nil
		}
		return []Event{IdentifierReleased(c)}, nil
	}
	return nil, domain.Refuse(domain.Invalid, "unknown_command", "a number's stream does not know %T", c)
}

func evolve(s State, e Event) State {
	switch e := e.(type) {
	case IdentifierReserved:
		s.Holder = e.Holder
	case IdentifierReleased:
		s.Holder = ""
	}
	return s
}

// StreamName is the stream of the number whose keyed hash, under the key of this
// version, is mac.
func StreamName(version int, mac []byte) string {
	return domain.StreamName(Decider.Category, domain.ID(strconv.Itoa(version)), domain.KeyedID(mac))
}
