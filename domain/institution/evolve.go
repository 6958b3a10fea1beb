package institution

import "slices"

func evolve(s State, e Event) State {
	switch e := e.(type) {
	case InstitutionRegistered:
		return State{
			Registered: true, Tier: e.Tier, IdentificationCode: e.IdentificationCode, CountryCode: e.CountryCode, BeginDate: e.BeginDate,
			Names:    []Named{{e.NameOfInstitution, e.ShortNameOfInstitution, e.BeginDate}},
			Parents:  []Parented{{e.ParentOrganization, e.BeginDate}},
			Statuses: []Status{{Code: Active, From: e.BeginDate}},
		}
	case InstitutionRenamed:
		s.Names = added(s.Names, Named{e.NameOfInstitution, e.ShortNameOfInstitution, e.BeginDate})
	case ParentOrganizationChanged:
		s.Parents = added(s.Parents, Parented{e.ParentOrganization, e.BeginDate})
	case OperationalStatusChanged:
		s.Statuses = added(s.Statuses, Status{e.OperationalStatus, e.BeginDate, e.RecordsCustodian})
	case SuccessorDesignated:
		s.Successors = added(s.Successors, Succeeded{e.Successor, e.BeginDate})
	default:
		return evolveKeys(s, e)
	}
	return s
}

// added appends without touching the array behind list, which an older state may share.
func added[T any](list []T, e T) []T { return append(slices.Clip(list), e) }
