package schema

import "sijil/domain/share"

var _ = register(
	fact[share.ClaimIssued]("share.ClaimIssued.v1"),
	fact[share.ClaimRedeemed]("share.ClaimRedeemed.v1"),
	fact[share.ShareCreated]("share.ShareCreated.v1"),
	fact[share.ShareOpened]("share.ShareOpened.v1"),
	fact[share.ShareRevoked]("share.ShareRevoked.v1"),
)
