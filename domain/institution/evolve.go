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
	case SigningKeyAuthorized:
		s.Keys = added(s.Keys, Key{Kid: e.Kid, Alg: e.Alg, Purpose: e.Purpose, Public: e.PublicKeyJwk, ValidFrom: e.ValidFrom})
	case SigningKeyRetired:
		return s.withKey(e.Kid, func(k *Key) { k.ValidUntil = e.ValidUntil })
	case SigningKeyCompromised:
		return s.withKey(e.Kid, func(k *Key) { k.CompromisedAt = e.CompromisedAt })
	}
	return s
}

// added appends without touching the array behind list, which an older state may share.
func added[T any](list []T, e T) []T { return append(slices.Clip(list), e) }

// withKey changes a copy of one key.
func (s State) withKey(kid string, change func(*Key)) State {
	s.Keys = slices.Clone(s.Keys)
	for i := range s.Keys {
		if s.Keys[i].Kid == kid {
			change(&s.Keys[i])
		}
	}
	return s
}
