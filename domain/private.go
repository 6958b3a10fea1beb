package domain

import (
	"encoding/json"
	"errors"
	"fmt"
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

// Private is personal data about Subject. A command carries it plain, the log and
// every decoded fact carry it sealed, and no rule looks inside: deciders pass it on.
// It prints as "[private]" and does not marshal, so that it cannot slip into a log
// line or an answer.
type Private struct {
	Subject ID
	Class   Class
	plain   []byte
	sealed  []byte
}

// Conceal wraps v, any JSON value, as personal data about subject.
func Conceal(subject ID, class Class, v any) (Private, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return Private{}, fmt.Errorf("concealing personal data: %w", err)
	}
	return Private{Subject: subject, Class: class, plain: b}, nil
}

// SealedPrivate wraps what the vault sealed.
func SealedPrivate(subject ID, class Class, sealed []byte) Private {
	return Private{Subject: subject, Class: class, sealed: sealed}
}

// Plain is the JSON before sealing; nil once sealed.
func (p Private) Plain() []byte { return p.plain }

// Sealed is the vault's blob; nil before sealing.
func (p Private) Sealed() []byte { return p.sealed }

// IsZero reports whether there is nothing inside.
func (p Private) IsZero() bool { return p.plain == nil && p.sealed == nil }

func (Private) String() string       { return "[private]" }
func (Private) GoString() string     { return "[private]" }
func (Private) LogValue() slog.Value { return slog.StringValue("[private]") }

// MarshalJSON refuses: a Private leaves only through the vault.
func (Private) MarshalJSON() ([]byte, error) {
	return nil, errors.New("private data does not marshal: seal or open it through the vault")
}
