package api

import (
	"context"
	"net/http"
	"time"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/domain/share"
	"sijil/internal/access"
)

// Badger makes Open Badges of signed credentials.
type Badger interface {
	// Badge is the credential of a recorded token with an embedded proof, as cover says: "json",
	// "png" or "svg". badge_unavailable when its key cannot make one.
	Badge(ctx context.Context, institution domain.ID, token string, signedAt time.Time, cover string) ([]byte, error)
	// File is a signed diploma as a badge's cover, as "sd-jwt" or as "wallet", the last two with these
	// parts shown. What it signs it records before. Refusals: not_found, not_signed, credential_revoked,
	// credential_superseded, credential_suspended, badge_unavailable, key_unavailable, personal_data_erased.
	File(ctx context.Context, tenant domain.ID, ref award.Ref, edition int, kind string, show []share.Part) ([]byte, error)
}

var _ = explain(
	Code{"key_unavailable", 409, "The institution has no key in force, kept on this server, that signs this form; wallets ask for ES256.", "Authorize one: `sijil keys authorize --alg ES256`; the diploma itself stands."},
	Code{"badge_unavailable", 409, "The key that signed the credential is not Ed25519, is not in force any more, or is not kept on this server.", "Use the token, which stands; a correction of the diploma is signed with the present key."},
)

func (s *Server) registerBadges() {
	raw(s, op{
		ID: "read-credential-badge", Method: http.MethodGet, Path: credentialPath + "/badge", Scope: access.DiplomasRead, Tag: "credentials",
		Media:   []string{vcType, "image/png", "image/svg+xml"},
		Summary: "The credential as an Open Badge: JSON with an embedded proof, or a picture that carries it",
		Description: "It says what the token says, under the same key and status. `as=png` and `as=svg` give a plain picture with the credential baked in, for wallets and " +
			"websites that take badges; a picture proves nothing before its credential is checked.",
	}, s.readBadge)
}

type badgeInput struct {
	Credential domain.ID `path:"credential"`
	As         string    `query:"as" enum:"json,png,svg" default:"json"`
}

// badgeTypes are media types by cover.
var badgeTypes = map[string]string{"json": "application/vc", "png": "image/png", "svg": "image/svg+xml"}

type badgeOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte `contentType:"application/vc"`
}

func (s *Server) readBadge(ctx context.Context, in *badgeInput) (*badgeOutput, error) {
	c, err := s.credential(ctx, in.Credential)
	if err != nil {
		return nil, err
	}
	if c.Token == nil || c.SignedAt == nil {
		return nil, domain.Refuse(domain.Conflict, "not_signed", "the credential is not signed yet")
	}
	token, err := s.openText(ctx, principal(ctx).Tenant, c.Token)
	if err != nil {
		return nil, err
	}
	badge, err := s.cfg.Publisher.Badge(ctx, c.Institution, token, *c.SignedAt, in.As)
	if err != nil {
		return nil, err
	}
	return &badgeOutput{ContentType: badgeTypes[in.As], Disposition: `attachment; filename="` + string(in.Credential) + "." + in.As + `"`, Body: badge}, nil
}
