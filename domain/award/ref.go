package award

import (
	"strconv"

	"sijil/domain"
)

// Ref names an award's stream.
type Ref struct {
	Student domain.ID `json:"student"`
	Program domain.ID `json:"program"`
	Award   domain.ID `json:"award"`
}

// MaxNth is how many awards one student can have of one program: each but the last was revoked.
const MaxNth = 20

// NthRef is the n-th award of a program to a student, from 1. Because the id follows from the
// three, there is one stream in which "awarded already" is decided.
func NthRef(student, program domain.ID, n int) Ref {
	return Ref{student, program, domain.DeriveID(program, "award", string(student), strconv.Itoa(n))}
}

// Stream is the award's stream, "award-{student}-{program}-{award}".
func (r Ref) Stream() string { return Decider.Stream(r.Student, r.Program, r.Award) }

// ParseRef takes a stream's name apart; ok is false when it is not an award's.
func ParseRef(stream string) (r Ref, ok bool) {
	ids := domain.StreamIDs(stream)
	if domain.CategoryOf(stream) != Decider.Category || len(ids) != 3 {
		return Ref{}, false
	}
	return Ref{ids[0], ids[1], ids[2]}, true
}
