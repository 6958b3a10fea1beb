package award

import "slices"

func evolve(s State, e Event) State {
	switch e := e.(type) {
	case DateExceptionGranted:
		s.Exceptions = append(slices.Clip(s.Exceptions), Exception{e.AwardDate, e.Authority})
	case DiplomaAwarded:
		s.Editions = append(slices.Clip(s.Editions), Edition{Institution: e.Institution, AwardDate: e.AwardDate, Phase: Awarded})
	case AwardAnnulled:
		return s.with(e.Edition, func(d *Edition) { d.Phase = Annulled })
	case CredentialPrepared:
		return s.with(e.Edition, func(d *Edition) {
			d.Phase, d.Credential, d.KeyID, d.PayloadSHA256 = Prepared, e.Credential, e.KeyID, e.PayloadSHA256
		})
	case CredentialSigned:
		return s.with(e.Edition, func(d *Edition) { d.Phase, d.Digest = Signed, e.Digest })
	case FormPrepared:
		return s.with(e.Edition, func(d *Edition) {
			d.withForm(Form{Format: e.Format, KeyID: e.KeyID, PayloadSHA256: e.PayloadSHA256})
		})
	case FormSigned:
		return s.with(e.Edition, func(d *Edition) {
			d.withForm(Form{Format: e.Format, KeyID: e.KeyID, PayloadSHA256: e.PayloadSHA256, Digest: e.Digest})
		})
	case CredentialSuperseded:
		return s.with(e.Edition, func(d *Edition) { d.Phase, d.Suspended, d.Proposal = Superseded, false, RevocationProposed{} })
	case CredentialSuspended:
		return s.with(e.Edition, func(d *Edition) { d.Suspended = true })
	case CredentialReinstated:
		return s.with(e.Edition, func(d *Edition) { d.Suspended = false })
	case RevocationProposed:
		return s.with(e.Edition, func(d *Edition) { d.Proposal = e })
	case CredentialRevoked:
		return s.with(e.Edition, func(d *Edition) {
			d.Phase, d.Suspended, d.Proposal, d.Revocation = Revoked, false, RevocationProposed{}, e.Revocation
		})
	}
	return s
}

// with is s with edition n changed in a copy.
func (s State) with(n int, change func(*Edition)) State {
	s.Editions = slices.Clone(s.Editions)
	change(&s.Editions[n-1])
	return s
}
