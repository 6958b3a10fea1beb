package schema

import "sijil/domain/gradingscheme"

var _ = register(
	fact[gradingscheme.GradingSchemeDefined]("gradingScheme.GradingSchemeDefined.v1"),
	fact[gradingscheme.ConversionPublished]("gradingScheme.ConversionPublished.v1"),
)
