package schema

import (
	"time"

	"sijil/domain"
	"sijil/domain/share"
)

var _ = register(
	fact[share.ClaimIssued]("share.ClaimIssued.v1"),
	fact[share.ClaimRedeemed]("share.ClaimRedeemed.v1"),
	old("share.ShareCreated.v1", func(o shareCreatedV1) share.ShareCreated {
		return share.ShareCreated{Share: o.Share, TokenHash: o.TokenHash, Scope: o.Scope, ExpiresAt: o.ExpiresAt}
	}),
	fact[share.ShareCreated]("share.ShareCreated.v2"),
	fact[share.ShareOpened]("share.ShareOpened.v1"),
	fact[share.ShareRevoked]("share.ShareRevoked.v1"),
)

// shareCreatedV1 knew the scopes view and file, which show no parts.
type shareCreatedV1 struct {
	Share     domain.ID   `json:"share"`
	TokenHash string      `json:"tokenHash"`
	Scope     share.Scope `json:"scope"`
	ExpiresAt time.Time   `json:"expiresAt"`
}
