package projections

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/domain/award"
)

// credentials is the register of diplomas and certificates: a row per edition of an award,
// from the decision to how it ended.
var credentials = Projection{
	Name:    "credentials",
	Version: 2,
	Tables:  []string{"credentials", "credential_forms"},
	DDL: `
CREATE TABLE credentials (
    tenant           uuid NOT NULL,
    institution      uuid NOT NULL, -- that awards and signs
    student          uuid NOT NULL,
    program          uuid NOT NULL,
    award            uuid NOT NULL,
    edition          int  NOT NULL,
    state            text NOT NULL, -- awarded, annulled, prepared, signed, suspended, superseded, revoked
    award_date       date NOT NULL,
    achievement_type text NOT NULL,
    title            jsonb NOT NULL, -- by language
    credential       uuid,           -- from here on once prepared
    format           text NOT NULL,
    kid              text NOT NULL,
    status_list      int,
    status_index     int,
    payload_sha256   text NOT NULL,
    digest           text NOT NULL,
    reason           text NOT NULL,  -- of an annulment, a suspension or a revocation
    revoked_from     date,
    superseded_by    int,            -- the edition that counts now
    claims           bytea NOT NULL, -- envelopes
    token            bytea,
    awarded_at       timestamptz NOT NULL,
    signed_at        timestamptz,
    changed_at       timestamptz NOT NULL,
    PRIMARY KEY (tenant, student, program, award, edition)
);
CREATE UNIQUE INDEX credentials_by_id ON credentials (tenant, credential) WHERE credential IS NOT NULL;
CREATE INDEX credentials_by_institution ON credentials (tenant, institution, student, program, award, edition);
CREATE TABLE credential_forms ( -- the forms beside the token that were signed
    tenant         uuid NOT NULL,
    institution    uuid NOT NULL,
    credential     uuid NOT NULL,
    format         text NOT NULL,
    kid            text NOT NULL,
    payload_sha256 text NOT NULL,
    digest         text NOT NULL,
    signed_at      timestamptz NOT NULL,
    PRIMARY KEY (tenant, credential, format, digest)
);
` + tenantPolicy("credentials", inScope) + tenantPolicy("credential_forms", inScope),
	Apply: applyCredential,
	Slow:  func() SlowFold { return slowCredentials{} },
}

// The states of an edition.
const (
	StateAwarded    = "awarded"
	StateAnnulled   = "annulled"
	StatePrepared   = "prepared"
	StateSigned     = "signed"
	StateSuspended  = "suspended"
	StateSuperseded = "superseded"
	StateRevoked    = "revoked"
)

const (
	editionKey       = ` WHERE tenant = $1 AND student = $2 AND program = $3 AND award = $4 AND edition = $5`
	credentialAddSQL = `INSERT INTO credentials (tenant, institution, student, program, award, edition, state, award_date, achievement_type,
			title, format, kid, payload_sha256, digest, reason, claims, awarded_at, changed_at)
		VALUES ($1, $6, $2, $3, $4, $5, 'awarded', $7::text::date, $8, $9, '', '', '', '', '', $10, $11, $11)`
	credentialPreparedSQL = `UPDATE credentials SET state = 'prepared', credential = $6, format = $7, kid = $8, status_list = $9,
		status_index = $10, payload_sha256 = $11, changed_at = $12` + editionKey
	credentialSignedSQL = `UPDATE credentials SET state = 'signed', digest = $6, token = $7, signed_at = $8, changed_at = $8` + editionKey
	credentialFormSQL   = `INSERT INTO credential_forms (tenant, institution, credential, format, kid, payload_sha256, digest, signed_at)
		SELECT tenant, institution, credential, $6, $7, $8, $9, $10 FROM credentials` + editionKey
	credentialStateSQL  = `UPDATE credentials SET state = $6, reason = $7, changed_at = $8` + editionKey
	credentialRevokeSQL = `UPDATE credentials SET state = 'revoked', reason = $6, revoked_from = $7::text::date, changed_at = $8` + editionKey
	credentialAfterSQL  = `UPDATE credentials SET state = 'superseded', superseded_by = $6, changed_at = $7` + editionKey
)

func applyCredential(b *pgx.Batch, e Event) {
	at := e.Meta.RecordedAt
	edit := func(sql string, edition int, args ...any) {
		b.Queue(sql, append([]any{e.Tenant, e.IDs[0], e.IDs[1], e.IDs[2], edition}, args...)...)
	}
	switch f := e.Fact.(type) {
	case award.DiplomaAwarded:
		edit(credentialAddSQL, f.Edition, f.Institution, f.AwardDate, f.AchievementType, f.Title, f.Claims.Envelope(), at)
	case award.AwardAnnulled:
		edit(credentialStateSQL, f.Edition, StateAnnulled, f.Reason, at)
	case award.CredentialPrepared:
		edit(credentialPreparedSQL, f.Edition, f.Credential, f.Format, f.KeyID, f.StatusList, f.StatusIndex, f.PayloadSHA256, at)
	case award.CredentialSigned:
		edit(credentialSignedSQL, f.Edition, f.Digest, f.Token.Envelope(), at)
	case award.FormSigned:
		edit(credentialFormSQL, f.Edition, f.Format, f.KeyID, f.PayloadSHA256, f.Digest, at)
	case award.CredentialSuspended:
		edit(credentialStateSQL, f.Edition, StateSuspended, f.Reason, at)
	case award.CredentialReinstated:
		edit(credentialStateSQL, f.Edition, StateSigned, "", at)
	case award.CredentialSuperseded:
		edit(credentialAfterSQL, f.Edition, f.By, at)
	case award.CredentialRevoked:
		edit(credentialRevokeSQL, f.Edition, f.Reason, f.EffectiveAt, at)
	}
}

// Credential is one edition; Claims and Token open through the vault.
type Credential struct {
	Institution     domain.ID
	Student         domain.ID
	Program         domain.ID
	Award           domain.ID
	Edition         int
	State           string
	AwardDate       domain.Date
	AchievementType string
	Title           domain.Text
	Credential      *domain.ID
	Format          string
	Kid             string
	StatusList      *int
	StatusIndex     *int
	PayloadSHA256   string `db:"payload_sha256"`
	Digest          string
	Reason          string
	RevokedFrom     *domain.Date
	SupersededBy    *int
	Claims          []byte
	Token           []byte
	AwardedAt       time.Time
	SignedAt        *time.Time
	ChangedAt       time.Time
}

const (
	credentialColumns = `institution, student, program, award, edition, state, award_date::text AS award_date, achievement_type, title,
		credential, format, kid, status_list, status_index, payload_sha256, digest, reason, revoked_from::text AS revoked_from,
		superseded_by, claims, token, awarded_at, signed_at, changed_at`
	credentialOneSQL  = `SELECT ` + credentialColumns + ` FROM read.credentials WHERE tenant = $1 AND credential = $2`
	credentialListSQL = `SELECT ` + credentialColumns + ` FROM read.credentials WHERE tenant = $1
		AND ($2::uuid IS NULL OR institution = $2) AND ($3::uuid IS NULL OR student = $3) AND ($4 = '' OR state = $4)
		AND (student, program, award, edition) > ($5, $6, $7, $8) ORDER BY student, program, award, edition LIMIT $9`
)

// CredentialOne is a credential in scope by its id; ok is false when there is none.
func CredentialOne(ctx context.Context, tx pgx.Tx, tenant, credential domain.ID) (Credential, bool, error) {
	return one[Credential](ctx, tx, credentialOneSQL, tenant, credential)
}

// CredentialFilter narrows a list; zero members let everything through.
type CredentialFilter struct {
	Institution, Student domain.ID
	State                string
}

// CredentialList is a page of the register; after is the last row of the page before.
func CredentialList(ctx context.Context, tx pgx.Tx, tenant domain.ID, f CredentialFilter, after Credential, limit int) ([]Credential, error) {
	return many[Credential](ctx, tx, credentialListSQL, tenant, orNull(f.Institution), orNull(f.Student), f.State,
		afterID(after.Student), afterID(after.Program), afterID(after.Award), after.Edition, limit)
}

const statesSQL = `SELECT state, count(*)::int AS n FROM read.credentials WHERE tenant = $1 GROUP BY state`

// CredentialStates counts the editions in scope by state.
func CredentialStates(ctx context.Context, tx pgx.Tx, tenant domain.ID) (map[string]int, error) {
	rows, err := many[struct {
		State string
		N     int
	}](ctx, tx, statesSQL, tenant)
	states := map[string]int{}
	for _, r := range rows {
		states[r.State] = r.N
	}
	return states, err
}
