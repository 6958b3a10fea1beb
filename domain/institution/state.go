package institution

import "sijil/domain"

// State is what rules, here and in other aggregates, need to know of one institution.
type State struct {
	Registered bool
	Tier       Tier
	// IdentificationCode is the authority's own code for it.
	IdentificationCode string
	// CountryCode is ISO 3166-1 alpha-2.
	CountryCode string
	BeginDate   domain.Date
	// Names, Parents, Statuses and Successors are ordered by From; each entry holds until the next begins.
	Names      []Named
	Parents    []Parented
	Statuses   []Status
	Successors []Succeeded
	// Keys in the order they were authorized.
	Keys []Key
	// Proposals are open; lapsed ones are dropped when the next one comes.
	Proposals []SigningKeyChangeProposed
}

// Named is what it is called from From on.
type Named struct {
	Name      domain.Text
	ShortName string
	From      domain.Date
}

// Parented is what stands above it from From on; empty for the root.
type Parented struct {
	Parent domain.ID
	From   domain.Date
}

// Status is how it works from From on.
type Status struct {
	Code             domain.Descriptor
	From             domain.Date
	RecordsCustodian domain.ID
}

// Succeeded is who continues it from From on.
type Succeeded struct {
	Successor domain.ID
	From      domain.Date
}

// holding is the entry of a dated list that holds on day; ok is false before the first.
func holding[T any](list []T, from func(T) domain.Date, day domain.Date) (e T, ok bool) {
	for i := len(list) - 1; i >= 0; i-- {
		if from(list[i]) <= day {
			return list[i], true
		}
	}
	return e, false
}

// ParentOn is the organization above it on day; empty for the root.
func (s State) ParentOn(day domain.Date) domain.ID {
	p, _ := holding(s.Parents, func(p Parented) domain.Date { return p.From }, day)
	return p.Parent
}

// NameOn is its name on day, or its first name before that.
func (s State) NameOn(day domain.Date) Named {
	n, ok := holding(s.Names, func(n Named) domain.Date { return n.From }, day)
	if !ok && len(s.Names) > 0 {
		return s.Names[0]
	}
	return n
}

// SuccessorOn is who continues its work on day; empty when nobody does.
func (s State) SuccessorOn(day domain.Date) domain.ID {
	next, _ := holding(s.Successors, func(n Succeeded) domain.Date { return n.From }, day)
	return next.Successor
}

// StatusOn is its operational status on day; ok is false before it existed.
func (s State) StatusOn(day domain.Date) (Status, bool) {
	return holding(s.Statuses, func(st Status) domain.Date { return st.From }, day)
}

// OperatingOn reports whether it works on day: it exists and is neither closed, nor
// inactive, nor still to come.
func (s State) OperatingOn(day domain.Date) bool {
	st, ok := s.StatusOn(day)
	return ok && operating(st.Code)
}

// EnrollsOn reports whether it may enroll students on day: a school that works.
func (s State) EnrollsOn(day domain.Date) bool { return s.Tier == School && s.OperatingOn(day) }

// CustodianOn is who keeps its records on day: itself, or the custodian named at its closing.
func (s State) CustodianOn(self domain.ID, day domain.Date) domain.ID {
	if st, ok := s.StatusOn(day); ok && st.RecordsCustodian != "" {
		return st.RecordsCustodian
	}
	return self
}

// Active is the status an institution is registered with.
var Active = domain.EdFi("OperationalStatus", "Active")

// statusCodes are the codes of Ed-Fi's OperationalStatusDescriptor and whether an
// institution so described works. A national list uses these codes in its own namespace:
// rules read them, so an unknown one is refused.
var statusCodes = map[string]bool{
	"Active": true, "Added": true, "ChangedAgency": true, "Continuing": true, "New": true, "Reopened": true,
	"Closed": false, "Future": false, "Inactive": false,
}

func operating(status domain.Descriptor) bool { return statusCodes[status.Code()] }

func closed(status domain.Descriptor) bool { return status.Code() == "Closed" }
