package domain

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Class is a retention class: which key seals a private value, and so how long
// it can be read.
type Class string

const (
	// ClassRecord is the pupil's record; it can be erased.
	ClassRecord Class = "record"
	// ClassRegister is the diploma register's legal minimum; it outlives the record.
	ClassRegister Class = "register"
)

// Place is where an event lies. A seal is bound to it: a blob moved to another event
// does not open.
type Place struct {
	Stream string
	Type   string
	Event  ID
}

// Private is personal data about Subject. A command carries it plain, the log and
// every decoded fact carry it sealed, and no rule looks inside: deciders pass it on.
// It prints as "[private]" and does not marshal, so that it cannot slip into a log
// line or an answer.
type Private struct {
	Subject ID
	Class   Class
	at      Place
	// plain is behind a pointer because fmt calls no method of a value that lies in an
	// unexported field: of a pointer to a string it prints the address under every verb,
	// while it would print bytes, or a struct behind a pointer, in full.
	plain  *string
	sealed []byte
}

// Conceal wraps v, any JSON value, as personal data about subject.
func Conceal(subject ID, class Class, v any) (Private, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return Private{}, fmt.Errorf("concealing personal data: %w", err)
	}
	plain := string(b)
	return Private{Subject: subject, Class: class, plain: &plain}, nil
}

// SealedPrivate wraps what the vault sealed for the event at.
func SealedPrivate(subject ID, class Class, at Place, sealed []byte) Private {
	return Private{Subject: subject, Class: class, at: at, sealed: sealed}
}

// Place is the event a sealed value lies in.
func (p Private) Place() Place { return p.at }

// Plain is the JSON before sealing; nil once sealed.
func (p Private) Plain() []byte {
	if p.plain == nil {
		return nil
	}
	return []byte(*p.plain)
}

// Sealed is the vault's blob; nil before sealing.
func (p Private) Sealed() []byte { return p.sealed }

// IsZero reports whether there is nothing inside.
func (p Private) IsZero() bool { return p.plain == nil && p.sealed == nil }

// envelope is a sealed value with all that opening it takes except the tenant.
type envelope struct {
	Subject ID     `json:"s"`
	Class   Class  `json:"c"`
	Stream  string `json:"n"`
	Type    string `json:"t"`
	Event   ID     `json:"e"`
	Sealed  []byte `json:"b"`
}

// Envelope is the sealed value and its place in one opaque string of bytes, which a
// read model stores and the vault opens; nil when nothing is sealed.
func (p Private) Envelope() []byte {
	if p.sealed == nil {
		return nil
	}
	b, err := json.Marshal(envelope{p.Subject, p.Class, p.at.Stream, p.at.Type, p.at.Event, p.sealed})
	if err != nil { // strings and bytes always marshal
		panic(err)
	}
	return b
}

// ParseEnvelope reads what Envelope wrote.
func ParseEnvelope(b []byte) (Private, error) {
	var e envelope
	if err := json.Unmarshal(b, &e); err != nil {
		return Private{}, fmt.Errorf("reading a sealed envelope: %w", err)
	}
	return SealedPrivate(e.Subject, e.Class, Place{e.Stream, e.Type, e.Event}, e.Sealed), nil
}

const masked = "[private]"

// String, Format and LogValue mask the value. Format is for the verbs that would
// otherwise pass String by, such as %d.
func (Private) String() string             { return masked }
func (Private) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, masked) } // fmt's own buffer takes everything
func (Private) LogValue() slog.Value       { return slog.StringValue(masked) }

// MarshalJSON refuses: a Private leaves only through the vault.
func (Private) MarshalJSON() ([]byte, error) {
	return nil, errors.New("private data does not marshal: seal or open it through the vault")
}
