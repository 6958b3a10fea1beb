package schema

import (
	"sijil/domain"
	"sijil/domain/award"
)

var _ = register(
	fact[award.DateExceptionGranted]("award.DateExceptionGranted.v1"),
	sealed("award.DiplomaAwarded.v1", domain.ClassRegister, func(f *award.DiplomaAwarded) *domain.Private { return &f.Claims }),
	fact[award.AwardAnnulled]("award.AwardAnnulled.v1"),
	sealed("award.CredentialPrepared.v1", domain.ClassRegister, func(f *award.CredentialPrepared) *domain.Private { return &f.Payload }),
	sealed("award.CredentialSigned.v1", domain.ClassRegister, func(f *award.CredentialSigned) *domain.Private { return &f.Token }),
	sealed("award.FormPrepared.v1", domain.ClassRegister, func(f *award.FormPrepared) *domain.Private { return &f.Content }),
	sealed("award.FormSigned.v1", domain.ClassRegister, func(f *award.FormSigned) *domain.Private { return &f.Token }),
	fact[award.CredentialSuperseded]("award.CredentialSuperseded.v1"),
	fact[award.CredentialSuspended]("award.CredentialSuspended.v1"),
	fact[award.CredentialReinstated]("award.CredentialReinstated.v1"),
	fact[award.RevocationProposed]("award.RevocationProposed.v1"),
	fact[award.CredentialRevoked]("award.CredentialRevoked.v1"),
)
