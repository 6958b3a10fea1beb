package api

import (
	"context"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/domain/institution"
	"sijil/internal/access"
	"sijil/internal/ledger"
	"sijil/projections"
)

func (s *Server) registerReissues() {
	write(s, op{
		ID: "reissue-credentials", Method: http.MethodPost, Path: keysPath + "/{kid}/reissues", Scope: access.DiplomasRevoke, Tag: "credentials", Status: http.StatusCreated,
		Summary: "Issue the diplomas of a compromised key again, a page at a time",
		Description: "Those that the ledger recorded when somebody else may have held the key, which no verifier takes any more; with `all` also the earlier ones, which stand. " +
			"Each gets a next edition under another key, with what it said before, and the former one is superseded. Repeat with `after` until `next` is absent; doing it all again changes nothing.",
	}, s.reissue)
}

// reissuePage is how many credentials one request issues again.
const reissuePage = 100

type reissueInput struct {
	NamedKey
	Body NewReissue
}

// NewReissue is a page of the drill.
type NewReissue struct {
	All   bool      `json:"all,omitempty" doc:"Also what was recorded before the compromise"`
	After domain.ID `json:"after,omitempty" doc:"The next of the page before; absent for the first page"`
}

// Reissued is what became of a page.
type Reissued struct {
	Reissued int              `json:"reissued" doc:"Diplomas that got another edition"`
	Refused  []RefusedReissue `json:"refused,omitempty"`
	Next     domain.ID        `json:"next,omitempty" doc:"Give it as after; absent when nothing is left"`
}

// RefusedReissue is a credential that was not issued again.
type RefusedReissue struct {
	Credential domain.ID `json:"credential"`
	Code       string    `json:"code" doc:"As in the list of problems"`
}

func (s *Server) reissue(ctx context.Context, in *reissueInput) (*answer[Reissued], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	since, err := s.compromisedSince(ctx, act, in.NamedKey)
	if err != nil {
		return nil, err
	}
	if in.Body.All {
		since = time.Time{}
	}
	if after := callOf(ctx).after; after > 0 {
		if err := s.cfg.Progress.WaitFor(ctx, after, readPatience); err != nil {
			return nil, err
		}
	}
	var page []projections.UnderKey
	err = s.inReach(ctx, func(ctx context.Context, tx pgx.Tx) error {
		page, err = projections.CredentialsUnderKey(ctx, tx, act.Tenant, in.Institution, in.Kid, since, in.Body.After, reissuePage)
		return err
	})
	if err != nil {
		return nil, err
	}
	var out Reissued
	position := act.After
	for _, c := range page {
		done, err := s.cfg.Ledger.ReissueDiploma(ctx, act, in.Institution, ledger.Reissue{
			Ref: award.Ref{Student: c.Student, Program: c.Program, Award: c.Award}, Credential: c.Credential, KeyID: in.Kid,
		})
		switch code := domain.CodeOf(err); {
		case err == nil:
			out.Reissued++
			position = max(position, done.Position)
		case code == "credential_superseded": // the read model was behind
		case code != "" && code != "outcome_unknown" && code != "too_busy":
			out.Refused = append(out.Refused, RefusedReissue{c.Credential, code})
		default:
			return nil, err
		}
	}
	if len(page) == reissuePage {
		out.Next = page[len(page)-1].Credential
	}
	return written(s, position, "/v1/credentials?institution="+string(in.Institution), out), nil
}

// compromisedSince is since when a key within the caller's reach is compromised. There has to
// be another one that signs in its place: else diplomas would end and nothing would follow.
func (s *Server) compromisedSince(ctx context.Context, act ledger.Act, in NamedKey) (time.Time, error) {
	inst, err := s.cfg.Ledger.Reach(ctx, act, in.Institution)
	if err != nil {
		return time.Time{}, err
	}
	k, ok := inst.State.Key(in.Kid)
	switch {
	case !ok:
		return time.Time{}, domain.Refuse(domain.Missing, "key_unknown", "the institution has no key with this kid")
	case k.CompromisedAt.IsZero():
		return time.Time{}, domain.Refuse(domain.Conflict, "key_not_compromised", "the key is not known to be compromised")
	case len(inst.State.UsableKeys(institution.ForCredentials, act.At)) == 0:
		return time.Time{}, domain.Refuse(domain.Conflict, "no_credential_key", "the institution has no other key to sign with")
	}
	return k.CompromisedAt, nil
}
