// Package statuslist gives every credential of an institution a place in a Bitstring Status
// List: unique, never reused, and telling nothing about how many came before.
package statuslist

import "sijil/domain"

// Event is a fact of a status list's stream.
type Event interface{ isStatusListEvent() }

// StatusListOpened begins a list.
type StatusListOpened struct {
	Institution domain.ID `json:"institution"`
	// Number counts the institution's lists from 1.
	Number int `json:"number"`
	// Length is the number of places, at least [MinLength].
	Length int `json:"length"`
	// KeyCheck tells one key of the permutation from another without giving it away.
	KeyCheck string `json:"keyCheck"`
}

// StatusIndexAssigned: the place belongs to this edition of this award for ever.
type StatusIndexAssigned struct {
	Award      domain.ID `json:"award"`
	Edition    int       `json:"edition"`
	Credential domain.ID `json:"credential"`
	// Index counts from 0; bit 0 is the leftmost (Bitstring Status List 1.0 section 3.2).
	Index int `json:"statusListIndex"`
}

func (StatusListOpened) isStatusListEvent()    {}
func (StatusIndexAssigned) isStatusListEvent() {}
