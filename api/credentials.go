package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/internal/access"
	"sijil/internal/vault"
	"sijil/projections"
)

const credentialPath = "/v1/credentials/{credential}"

func (s *Server) registerCredentials() {
	const tag = "credentials"
	read(s, op{
		ID: "list-credentials", Method: http.MethodGet, Path: "/v1/credentials", Scope: access.DiplomasRead, Tag: tag,
		Summary: "The register of diplomas and certificates: every edition, from award to end",
	}, s.listCredentials)
	read(s, op{
		ID: "read-credential", Method: http.MethodGet, Path: credentialPath, Scope: access.DiplomasRead, Tag: tag,
		Summary: "One credential of the register, with what it says about its holder",
	}, s.readCredential)
	raw(s, op{
		ID: "read-credential-token", Method: http.MethodGet, Path: credentialPath + "/token", Scope: access.DiplomasRead, Tag: tag,
		Summary: "The signed credential, as application/vc+jwt", Media: []string{"application/vc+jwt"},
	}, s.readToken)
	s.registerBadges()
	s.registerRevocations()
}

// CredentialEntry is an edition of an award in the register.
type CredentialEntry struct {
	ID               *domain.ID        `json:"id,omitempty" doc:"The credential, once it is prepared"`
	State            string            `json:"state" enum:"awarded,annulled,prepared,signed,suspended,superseded,revoked"`
	Award            domain.ID         `json:"award"`
	Edition          int               `json:"edition"`
	Institution      domain.ID         `json:"institution" doc:"That awarded it and signs it"`
	StudentUniqueID  domain.ID         `json:"studentUniqueId"`
	Program          domain.ID         `json:"program"`
	DiplomaAwardDate domain.Date       `json:"diplomaAwardDate"`
	AchievementType  string            `json:"achievementType"`
	AchievementTitle domain.Text       `json:"achievementTitle"`
	Format           string            `json:"format,omitempty"`
	Kid              string            `json:"kid,omitempty"`
	StatusList       *int              `json:"statusList,omitempty"`
	StatusListIndex  *int              `json:"statusListIndex,omitempty"`
	Digest           string            `json:"digest,omitempty" doc:"SHA-256 of the token, in hexadecimal"`
	Reason           string            `json:"reason,omitempty" doc:"Why it was annulled, suspended or revoked"`
	RevokedFrom      *domain.Date      `json:"revokedFrom,omitempty"`
	SupersededBy     *int              `json:"supersededBy,omitempty" doc:"The edition that counts now"`
	AwardedAt        time.Time         `json:"awardedAt"`
	SignedAt         *time.Time        `json:"signedAt,omitempty"`
	ChangedAt        time.Time         `json:"changedAt"`
	Holder           *CredentialHolder `json:"holder,omitempty" doc:"Of one credential only"`
}

// CredentialHolder is what the diploma says about the person; erased is true when the
// register's data about them was erased.
type CredentialHolder struct {
	PersonalNames []HolderName `json:"personalNames,omitempty"`
	BirthDate     domain.Date  `json:"birthDate,omitempty"`
	BirthCity     string       `json:"birthCity,omitempty"`
	StudentNumber string       `json:"studentNumber,omitempty"`
	Erased        bool         `json:"erased,omitempty"`
}

// HolderName is the full name in one language and script.
type HolderName struct {
	Language string `json:"language"`
	FullName string `json:"fullName"`
}

func credentialEntry(c projections.Credential) CredentialEntry {
	return CredentialEntry{
		ID: c.Credential, State: c.State, Award: c.Award, Edition: c.Edition, Institution: c.Institution,
		StudentUniqueID: c.Student, Program: c.Program, DiplomaAwardDate: c.AwardDate, AchievementType: c.AchievementType, AchievementTitle: c.Title,
		Format: c.Format, Kid: c.Kid, StatusList: c.StatusList, StatusListIndex: c.StatusIndex, Digest: c.Digest, Reason: c.Reason,
		RevokedFrom: c.RevokedFrom, SupersededBy: c.SupersededBy, AwardedAt: c.AwardedAt.UTC(), SignedAt: c.SignedAt, ChangedAt: c.ChangedAt.UTC(),
	}
}

type listCredentialsInput struct {
	Paged
	StudentUniqueID domain.ID `query:"studentUniqueId"`
	Institution     domain.ID `query:"institution"`
	State           string    `query:"state" enum:"awarded,annulled,prepared,signed,suspended,superseded,revoked"`
}

func (s *Server) listCredentials(ctx context.Context, in *listCredentialsInput) (page[CredentialEntry], error) {
	filters := []string{string(in.StudentUniqueID), string(in.Institution), in.State}
	key, err := s.from(ctx, in.Paged, filters...)
	if err != nil {
		return page[CredentialEntry]{}, err
	}
	var after projections.Credential
	if len(key) == 4 {
		after.Student, after.Program, after.Award = domain.ID(key[0]), domain.ID(key[1]), domain.ID(key[2])
		if after.Edition, err = strconv.Atoi(key[3]); err != nil {
			return page[CredentialEntry]{}, fmt.Errorf("reading a cursor: %w", err)
		}
	}
	var rows []projections.Credential
	err = s.inReach(ctx, func(ctx context.Context, tx pgx.Tx) error {
		rows, err = projections.CredentialList(ctx, tx, principal(ctx).Tenant, projections.CredentialFilter{
			Institution: in.Institution, Student: in.StudentUniqueID, State: in.State,
		}, after, in.Limit+1)
		return err
	})
	if err != nil {
		return page[CredentialEntry]{}, err
	}
	items := make([]CredentialEntry, len(rows))
	for i, r := range rows {
		items[i] = credentialEntry(r)
	}
	return pageOf(s, ctx, in.Paged, items, func(c CredentialEntry) []string {
		return []string{string(c.StudentUniqueID), string(c.Program), string(c.Award), strconv.Itoa(c.Edition)}
	}, filters...)
}

type credentialInput struct {
	Credential domain.ID `path:"credential"`
}

func (s *Server) readCredential(ctx context.Context, in *credentialInput) (CredentialEntry, error) {
	c, err := s.credential(ctx, in.Credential)
	if err != nil {
		return CredentialEntry{}, err
	}
	entry := credentialEntry(c)
	entry.Holder, err = s.holderOf(ctx, principal(ctx).Tenant, c.Claims)
	return entry, err
}

// holderOf opens what a credential says about its holder.
func (s *Server) holderOf(ctx context.Context, tenant domain.ID, envelope []byte) (*CredentialHolder, error) {
	b, err := s.cfg.Vault.Open(ctx, tenant, envelope)
	if errors.Is(err, vault.ErrErased) || errors.Is(err, vault.ErrNoKey) {
		return &CredentialHolder{Erased: true}, nil
	} else if err != nil {
		return nil, fmt.Errorf("opening a credential's claims: %w", err)
	}
	var c award.Claims
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, errors.New("a credential's claims are not what their writer wrote")
	}
	return holderFrom(c), nil
}

func holderFrom(c award.Claims) *CredentialHolder {
	h := &CredentialHolder{BirthDate: c.Birth, BirthCity: c.City, StudentNumber: c.Number}
	for _, n := range c.Names {
		h.PersonalNames = append(h.PersonalNames, HolderName{n.Language, n.Full})
	}
	return h
}

type tokenOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte `contentType:"application/vc+jwt"`
}

func (s *Server) readToken(ctx context.Context, in *credentialInput) (*tokenOutput, error) {
	c, err := s.credential(ctx, in.Credential)
	if err != nil {
		return nil, err
	}
	if c.Token == nil {
		return nil, domain.Refuse(domain.Conflict, "not_signed", "the credential is not signed yet")
	}
	token, err := s.openText(ctx, principal(ctx).Tenant, c.Token)
	if err != nil {
		return nil, err
	}
	return tokenFile(in.Credential, token), nil
}

func tokenFile(id domain.ID, token string) *tokenOutput {
	return &tokenOutput{ContentType: "application/vc+jwt", Disposition: `attachment; filename="` + string(id) + `.jwt"`, Body: []byte(token)}
}

// openText opens a sealed JSON string.
func (s *Server) openText(ctx context.Context, tenant domain.ID, envelope []byte) (string, error) {
	b, err := s.cfg.Vault.Open(ctx, tenant, envelope)
	if errors.Is(err, vault.ErrErased) || errors.Is(err, vault.ErrNoKey) {
		return "", domain.Refuse(domain.Conflict, "personal_data_erased", "the person's data was erased, and the credential with it")
	} else if err != nil {
		return "", fmt.Errorf("opening a credential: %w", err)
	}
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return "", errors.New("a sealed credential is not what its writer wrote")
	}
	return text, nil
}

// credential is a row of the register that the caller may see, as fresh as the position
// that the request carries.
func (s *Server) credential(ctx context.Context, id domain.ID) (c projections.Credential, err error) {
	if after := callOf(ctx).after; after > 0 {
		if err := s.cfg.Progress.WaitFor(ctx, after, readPatience); err != nil {
			return c, err
		}
	}
	ok := false
	err = s.inReach(ctx, func(ctx context.Context, tx pgx.Tx) error {
		c, ok, err = projections.CredentialOne(ctx, tx, principal(ctx).Tenant, id)
		return err
	})
	if err == nil && !ok {
		err = newProblem(http.StatusNotFound, "not_found", "")
	}
	return c, err
}

func refOf(c projections.Credential) award.Ref {
	return award.Ref{Student: c.Student, Program: c.Program, Award: c.Award}
}

// inReach reads what concerns the caller's institution and those below it.
func (s *Server) inReach(ctx context.Context, fn func(context.Context, pgx.Tx) error) error {
	p := principal(ctx)
	scope := projections.Scope{Tenant: p.Tenant, All: p.Institution == p.Tenant}
	if !scope.All {
		err := s.inTenant(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
			scope.Institutions, err = projections.Below(ctx, tx, p.Tenant, p.Institution)
			return err
		})
		if err != nil {
			return err
		}
	}
	return s.cfg.Reader.View(ctx, scope, func(tx pgx.Tx) error { return fn(ctx, tx) })
}
