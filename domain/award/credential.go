package award

import "sijil/domain"

// live is the number of the live edition, or why there is none.
func (s State) live() (int, error) {
	if n := s.Live(); n != 0 {
		return n, nil
	}
	if s.Ended() {
		return 0, errEnded()
	}
	if len(s.Editions) > 0 {
		return 0, domain.Refuse(domain.Conflict, "award_annulled", "the award was annulled before anything was signed")
	}
	return 0, errNotFound()
}

func prepare(s State, c PrepareCredential) ([]Event, error) {
	ed, ok := s.Edition(c.Edition)
	switch {
	case !ok:
		return nil, errNotFound()
	case ed.Phase == Prepared && ed.PayloadSHA256 == c.PayloadSHA256 && ed.KeyID == c.KeyID:
		return nil, nil
	case ed.Phase != Awarded:
		return nil, domain.Refuse(domain.Conflict, "not_awaiting_credential", "edition %d is not waiting for a credential", c.Edition)
	case !c.Credential.Valid() || c.KeyID == "" || c.PayloadSHA256 == "" || c.Payload.IsZero():
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "a prepared credential names itself, its key and its payload")
	}
	return []Event{c.CredentialPrepared}, nil
}

func sign(s State, c SignCredential) ([]Event, error) {
	ed, ok := s.Edition(c.Edition)
	switch {
	case !ok:
		return nil, errNotFound()
	case ed.Credential == c.Credential && ed.Digest != "" && ed.Digest == c.Digest:
		return nil, nil
	case ed.Phase != Prepared:
		return nil, domain.Refuse(domain.Conflict, "not_prepared", "edition %d is not prepared for signing", c.Edition)
	case ed.Credential != c.Credential || ed.KeyID != c.KeyID || ed.PayloadSHA256 != c.PayloadSHA256:
		return nil, domain.Refuse(domain.Conflict, "not_as_prepared", "what was signed is not what was recorded to be signed")
	case c.Digest == "" || c.Token.IsZero():
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "a signed credential has a token and its digest")
	}
	return []Event{c.CredentialSigned}, nil
}

// signed is the edition of a credential that stands, or why it does not.
func (s State) signed(credential domain.ID) (int, Edition, error) {
	n := s.Of(credential)
	ed, ok := s.Edition(n)
	switch {
	case !ok:
		return 0, Edition{}, errNotFound()
	case ed.Phase == Revoked:
		return 0, Edition{}, domain.Refuse(domain.Conflict, "credential_revoked", "the credential is revoked, which is final")
	case ed.Phase == Superseded:
		return 0, Edition{}, domain.Refuse(domain.Conflict, "credential_superseded", "a later edition has taken the credential's place")
	case ed.Phase != Signed:
		return 0, Edition{}, domain.Refuse(domain.Conflict, "not_signed", "the credential is not signed")
	}
	return n, ed, nil
}

// Standing is nil for a credential that is signed and neither superseded nor revoked, else
// the refusal that says what became of it.
func (s State) Standing(credential domain.ID) error {
	_, _, err := s.signed(credential)
	return err
}

func suspend(s State, c SuspendCredential) ([]Event, error) {
	n, ed, err := s.signed(c.Credential)
	if err != nil {
		return nil, err
	}
	if !c.Reason.Suspends() {
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "reasonClass is one of under_investigation, issued_in_error, fraud, degree_withdrawn, accreditation_void, court_order")
	}
	if ed.Suspended {
		return nil, nil
	}
	return []Event{CredentialSuspended{Edition: n, Credential: c.Credential, Reason: c.Reason, Authority: c.Authority}}, nil
}

func reinstate(s State, c ReinstateCredential) ([]Event, error) {
	n, ed, err := s.signed(c.Credential)
	if err != nil {
		return nil, err
	}
	if !ed.Suspended {
		return nil, domain.Refuse(domain.Conflict, "not_suspended", "the credential is not suspended")
	}
	return []Event{CredentialReinstated{Edition: n, Credential: c.Credential, Authority: c.Authority}}, nil
}

func proposeRevocation(s State, c ProposeRevocation) ([]Event, error) {
	n, ed, err := s.signed(c.Credential)
	if err != nil {
		return nil, err
	}
	if err := domain.Check(
		domain.Rule{Field: "reasonClass", Holds: c.Reason.Revokes(), Says: "is one of issued_in_error, fraud, degree_withdrawn, accreditation_void, court_order"},
		domain.Rule{Field: "effectiveAt", Holds: c.EffectiveAt.Valid() && c.EffectiveAt <= c.Today && c.EffectiveAt >= ed.AwardDate, Says: "is a day from the award date to today"},
		domain.Rule{Field: "revocation", Holds: c.Revocation.Valid() && c.By != "", Says: "has an id and an officer"},
	); err != nil {
		return nil, err
	}
	return []Event{RevocationProposed{
		Revocation: c.Revocation, Edition: n, Credential: c.Credential, Reason: c.Reason,
		Authority: c.Authority, ProposedBy: c.By, EffectiveAt: c.EffectiveAt,
	}}, nil
}

func approveRevocation(s State, c ApproveRevocation) ([]Event, error) {
	for _, ed := range s.Editions {
		p := ed.Proposal
		if c.Revocation == "" || p.Revocation != c.Revocation {
			continue
		}
		if p.ProposedBy == c.By {
			return nil, domain.Refuse(domain.Forbidden, "needs_second_approval", "another officer than the one who proposed it has to approve a revocation")
		}
		return []Event{CredentialRevoked{
			Revocation: p.Revocation, Edition: p.Edition, Credential: p.Credential, Reason: p.Reason,
			Authority: p.Authority, EffectiveAt: p.EffectiveAt, Officers: []string{p.ProposedBy, c.By},
		}}, nil
	}
	if s.Ended() {
		return nil, domain.Refuse(domain.Conflict, "credential_revoked", "the credential is revoked, which is final")
	}
	return nil, errNotFound()
}
