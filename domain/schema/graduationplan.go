package schema

import "sijil/domain/graduationplan"

var _ = register(
	fact[graduationplan.GraduationPlanPublished]("graduationPlan.GraduationPlanPublished.v1"),
)
