package schema

import "sijil/domain/accreditation"

var _ = register(
	fact[accreditation.AccreditationGranted]("accreditation.AccreditationGranted.v1"),
	fact[accreditation.AccreditationRenewed]("accreditation.AccreditationRenewed.v1"),
	fact[accreditation.AccreditationSuspended]("accreditation.AccreditationSuspended.v1"),
	fact[accreditation.AccreditationReinstated]("accreditation.AccreditationReinstated.v1"),
	fact[accreditation.AccreditationWithdrawn]("accreditation.AccreditationWithdrawn.v1"),
)
