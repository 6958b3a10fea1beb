package schema

import (
	"sijil/domain"
	"sijil/domain/attestation"
)

var _ = register(
	sealed("attestation.AttestationPrepared.v1", domain.ClassRecord, func(f *attestation.AttestationPrepared) *domain.Private { return &f.Payload }),
	sealed("attestation.AttestationSigned.v1", domain.ClassRecord, func(f *attestation.AttestationSigned) *domain.Private { return &f.Token }),
	fact[attestation.AttestationRevocationProposed]("attestation.AttestationRevocationProposed.v1"),
	fact[attestation.AttestationRevoked]("attestation.AttestationRevoked.v1"),
)
