package domain

import (
	"errors"
	"fmt"
)

// Kind says what sort of no a Refusal is; the API maps it to an HTTP status.
type Kind uint8

const (
	// Invalid: the command is wrong in itself, whatever the record says (422).
	Invalid Kind = iota + 1
	// Missing: what the command names is not there, or not for this caller (404).
	Missing
	// Gone: it was there, and is not to be used any more (410).
	Gone
	// Forbidden: the caller may not decide this (403).
	Forbidden
	// Conflict: the command contradicts the record as it stands (409).
	Conflict
	// Unready: something the decision needs is not there yet; trying later may help (503).
	Unready
)

// Refusal is a decision not to act. Code is stable and snake_case: callers branch on
// it. Detail is for people and holds no personal data.
type Refusal struct {
	Kind   Kind
	Code   string
	Detail string
}

// Error gives code and detail.
func (r *Refusal) Error() string { return r.Code + ": " + r.Detail }

// Refuse makes a *Refusal.
func Refuse(kind Kind, code, format string, args ...any) error {
	return &Refusal{Kind: kind, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// CodeOf is the refusal's code, or "" when err is not a refusal.
func CodeOf(err error) string {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r.Code
	}
	return ""
}
