package schema

import (
	"sijil/domain"
	"sijil/domain/identifier"
)

var _ = register(
	sealed("identifier.IdentifierReserved.v1", domain.ClassRegister,
		func(f *identifier.IdentifierReserved) *domain.Private { return &f.Student }),
	fact[identifier.IdentifierReleased]("identifier.IdentifierReleased.v1"),
)
