package schema

import "sijil/domain/program"

var _ = register(
	fact[program.ProgramDefined]("program.ProgramDefined.v1"),
)
