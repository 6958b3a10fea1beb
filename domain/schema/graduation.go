package schema

import (
	"sijil/domain"
	"sijil/domain/graduation"
)

var _ = register(
	fact[graduation.GraduationAssessed]("graduation.GraduationAssessed.v1"),
	fact[graduation.GraduationApproved]("graduation.GraduationApproved.v1"),
	fact[graduation.GraduationConfirmed]("graduation.GraduationConfirmed.v1"),
	sealed("graduation.GraduationRescinded.v1", domain.ClassRecord,
		func(f *graduation.GraduationRescinded) *domain.Private { return &f.Reason }),
)
