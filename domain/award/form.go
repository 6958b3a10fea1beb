package award

import (
	"slices"

	"sijil/domain"
)

// The forms in which a signed credential is given beside its token, in the names that a
// verifier has for them. All are the same credential: one id, one place in the status list.
const (
	// OpenBadge is the payload as JSON with an embedded proof.
	OpenBadge = "eddsa-rdfc-2022"
	// SDPayload is the payload with parts that the holder can withhold.
	SDPayload = "vc+sd-jwt"
	// SDWallet says the same as claims, for wallets.
	SDWallet = "dc+sd-jwt"
)

// FormPrepared holds exactly what will be signed of a credential in another form than its token.
type FormPrepared struct {
	Edition    int       `json:"edition"`
	Credential domain.ID `json:"credential"`
	// Format is the form: "eddsa-rdfc-2022", "vc+sd-jwt" or "dc+sd-jwt".
	Format string `json:"format"`
	// KeyID is the institution's authorized key, VerificationMethod its absolute name.
	KeyID              string `json:"kid"`
	VerificationMethod string `json:"verificationMethod"`
	// PayloadSHA256 is the hash, in hexadecimal, by which a verifier asks whether the form was
	// recorded: of an embedded proof's document without the proof, of the payload of an SD-JWT's JWS.
	PayloadSHA256 string `json:"payloadSHA256"`
	// Replaces is the key of the same form as it was signed before, which was compromised since.
	Replaces string `json:"replaces,omitzero"`
	// Content is a [FormContent].
	Content domain.Private `json:"-"`
}

// FormSigned: the form exists. It leaves the house only after this is durable.
type FormSigned struct {
	Edition       int       `json:"edition"`
	Credential    domain.ID `json:"credential"`
	Format        string    `json:"format"`
	KeyID         string    `json:"kid"`
	PayloadSHA256 string    `json:"payloadSHA256"`
	// Digest is the SHA-256 of the whole form, in hexadecimal.
	Digest string `json:"digest"`
	// Token is a JSON string: the document, or the SD-JWT with all its disclosures.
	Token domain.Private `json:"-"`
}

// FormContent is the sealed part of [FormPrepared].
type FormContent struct {
	Payload string `json:"payload"`
	// Disclosures bring back what the payload withholds.
	Disclosures []string `json:"disclosures,omitzero"`
}

// PrepareForm settles what will be signed in another form.
type PrepareForm struct{ FormPrepared }

// SignForm records the signed form.
type SignForm struct{ FormSigned }

func (FormPrepared) isAwardEvent() {}
func (FormSigned) isAwardEvent()   {}

func (PrepareForm) isAwardCommand() {}
func (SignForm) isAwardCommand()    {}

// Form is how far one form of an edition has come.
type Form struct {
	Format, KeyID, PayloadSHA256 string
	// Digest is empty until the form is signed.
	Digest string
}

// Form is the edition's form of this format; zero when there is none.
func (e Edition) Form(format string) Form {
	i := slices.IndexFunc(e.Forms, func(f Form) bool { return f.Format == format })
	if i < 0 {
		return Form{}
	}
	return e.Forms[i]
}

func prepareForm(s State, c PrepareForm) ([]Event, error) {
	n, ed, err := s.signed(c.Credential)
	if err != nil {
		return nil, err
	}
	if err := domain.Check(
		domain.Rule{Field: "format", Holds: slices.Contains([]string{OpenBadge, SDPayload, SDWallet}, c.Format), Says: "is eddsa-rdfc-2022, vc+sd-jwt or dc+sd-jwt"},
		domain.Rule{Field: "edition", Holds: c.Edition == n, Says: "is that of the credential"},
		domain.Rule{Field: "kid", Holds: c.KeyID != "" && c.PayloadSHA256 != "" && !c.Content.IsZero(), Says: "stands with the form's payload"},
	); err != nil {
		return nil, err
	}
	if ed.Suspended {
		return nil, domain.Refuse(domain.Conflict, "credential_suspended", "the credential is suspended: nothing is signed of it until it is reinstated")
	}
	was := ed.Form(c.Format)
	switch {
	case was.Digest != "" && c.Replaces != was.KeyID:
		return nil, nil // the form exists, and is the one to give
	case was.Digest != "" && c.KeyID == was.KeyID:
		return nil, domain.Refuse(domain.Conflict, "another_key", "a form whose key was compromised is signed with another one")
	case was.Digest == "" && was.KeyID == c.KeyID:
		return nil, nil // what was settled first is signed
	}
	return []Event{c.FormPrepared}, nil
}

func signForm(s State, c SignForm) ([]Event, error) {
	_, ed, err := s.signed(c.Credential)
	if err != nil {
		return nil, err
	}
	was := ed.Form(c.Format)
	switch {
	case was.Digest != "" && was.KeyID == c.KeyID && was.PayloadSHA256 == c.PayloadSHA256:
		return nil, nil // another process was quicker: its signature stands
	case was.KeyID == "" || was.Digest != "":
		return nil, domain.Refuse(domain.Conflict, "not_prepared", "the form is not prepared for signing")
	case was.KeyID != c.KeyID || was.PayloadSHA256 != c.PayloadSHA256:
		return nil, domain.Refuse(domain.Conflict, "not_as_prepared", "what was signed is not what was recorded to be signed")
	case c.Digest == "" || c.Token.IsZero():
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "a signed form has a token and its digest")
	}
	return []Event{c.FormSigned}, nil
}

// withForm is the edition with one form set, in a copy.
func (e *Edition) withForm(f Form) {
	forms := slices.DeleteFunc(slices.Clone(e.Forms), func(old Form) bool { return old.Format == f.Format })
	e.Forms = append(forms, f)
}
