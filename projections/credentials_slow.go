package projections

import (
	"fmt"

	"sijil/domain"
	"sijil/domain/award"
)

type credentialRow struct {
	Tenant          domain.ID    `json:"tenant"`
	Institution     domain.ID    `json:"institution"`
	Student         domain.ID    `json:"student"`
	Program         domain.ID    `json:"program"`
	Award           domain.ID    `json:"award"`
	Edition         int          `json:"edition"`
	State           string       `json:"state"`
	AwardDate       domain.Date  `json:"award_date"`
	AchievementType string       `json:"achievement_type"`
	Title           domain.Text  `json:"title"`
	Credential      *domain.ID   `json:"credential"`
	Format          string       `json:"format"`
	Kid             string       `json:"kid"`
	StatusList      *int         `json:"status_list"`
	StatusIndex     *int         `json:"status_index"`
	PayloadSHA256   string       `json:"payload_sha256"`
	Digest          string       `json:"digest"`
	Reason          string       `json:"reason"`
	RevokedFrom     *domain.Date `json:"revoked_from"`
	SupersededBy    *int         `json:"superseded_by"`
	Claims          blob         `json:"claims"`
	Token           blob         `json:"token"`
	AwardedAt       stamp        `json:"awarded_at"`
	SignedAt        *stamp       `json:"signed_at"`
	ChangedAt       stamp        `json:"changed_at"`

	forms []credentialFormRow
}

type credentialFormRow struct {
	Tenant        domain.ID `json:"tenant"`
	Institution   domain.ID `json:"institution"`
	Credential    domain.ID `json:"credential"`
	Format        string    `json:"format"`
	Kid           string    `json:"kid"`
	PayloadSHA256 string    `json:"payload_sha256"`
	Digest        string    `json:"digest"`
	SignedAt      stamp     `json:"signed_at"`
}

type slowCredentials map[string]*credentialRow

func (s slowCredentials) Add(e Event) {
	at := stamp(e.Meta.RecordedAt)
	edition := func(n int, state string) *credentialRow {
		r := s[fmt.Sprint(e.Stream, n)]
		r.State, r.ChangedAt = state, at
		return r
	}
	switch f := e.Fact.(type) {
	case award.DiplomaAwarded:
		s[fmt.Sprint(e.Stream, f.Edition)] = &credentialRow{
			Tenant: e.Tenant, Institution: f.Institution, Student: e.IDs[0], Program: e.IDs[1], Award: e.IDs[2], Edition: f.Edition,
			AwardDate: f.AwardDate, AchievementType: f.AchievementType, Title: f.Title, Claims: f.Claims.Envelope(), AwardedAt: at,
		}
		edition(f.Edition, StateAwarded)
	case award.AwardAnnulled:
		edition(f.Edition, StateAnnulled).Reason = f.Reason
	case award.CredentialPrepared:
		r := edition(f.Edition, StatePrepared)
		r.Credential, r.Format, r.Kid, r.PayloadSHA256 = &f.Credential, f.Format, f.KeyID, f.PayloadSHA256
		r.StatusList, r.StatusIndex = &f.StatusList, &f.StatusIndex
	case award.CredentialSigned:
		r := edition(f.Edition, StateSigned)
		r.Digest, r.Token, r.SignedAt = f.Digest, f.Token.Envelope(), &at
	case award.FormSigned:
		r := s[fmt.Sprint(e.Stream, f.Edition)]
		r.forms = append(r.forms, credentialFormRow{r.Tenant, r.Institution, f.Credential, f.Format, f.KeyID, f.PayloadSHA256, f.Digest, at})
	case award.CredentialSuspended:
		edition(f.Edition, StateSuspended).Reason = string(f.Reason)
	case award.CredentialReinstated:
		edition(f.Edition, StateSigned).Reason = ""
	case award.CredentialSuperseded:
		edition(f.Edition, StateSuperseded).SupersededBy = &f.By
	case award.CredentialRevoked:
		r := edition(f.Edition, StateRevoked)
		r.Reason, r.RevokedFrom = string(f.Reason), &f.EffectiveAt
	}
}

func (s slowCredentials) Rows() map[string][]any {
	var rows, forms []any
	for _, r := range s {
		rows = append(rows, r)
		for _, f := range r.forms {
			forms = append(forms, f)
		}
	}
	return map[string][]any{"credentials": rows, "credential_forms": forms}
}
