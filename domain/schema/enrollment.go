package schema

import (
	"sijil/domain"
	"sijil/domain/enrollment"
)

var _ = register(
	fact[enrollment.StudentEnrolled]("enrollment.StudentEnrolled.v1"),
	fact[enrollment.GradeLevelChanged]("enrollment.GradeLevelChanged.v1"),
	fact[enrollment.StudentPromoted]("enrollment.StudentPromoted.v1"),
	fact[enrollment.StudentRetained]("enrollment.StudentRetained.v1"),
	fact[enrollment.StudentWithdrawn]("enrollment.StudentWithdrawn.v1"),
	fact[enrollment.EnrollmentVoided]("enrollment.EnrollmentVoided.v1"),
	fact[enrollment.TransferRequested]("enrollment.TransferRequested.v1"),
	fact[enrollment.TransferReleased]("enrollment.TransferReleased.v1"),
	sealed("enrollment.TransferContested.v1", domain.ClassRecord,
		func(f *enrollment.TransferContested) *domain.Private { return &f.Note }),
	sealed("enrollment.TransferRefused.v1", domain.ClassRecord,
		func(f *enrollment.TransferRefused) *domain.Private { return &f.Note }),
	fact[enrollment.TransferCancelled]("enrollment.TransferCancelled.v1"),
	fact[enrollment.TransferLapsed]("enrollment.TransferLapsed.v1"),
	sealed("enrollment.TransferCompleted.v1", domain.ClassRecord,
		func(f *enrollment.TransferCompleted) *domain.Private { return &f.Record }),
)
