package program_test

import (
	"testing"

	"sijil/domain"
	"sijil/domain/program"
	"sijil/internal/scenario"
)

type c = scenario.Case[program.Command, program.Event]

var defined = program.ProgramDefined{
	EducationOrganization: "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f01", ProgramID: "BAC-MATH",
	ProgramName: domain.Text{"ar": "باكالوريا رياضيات", "fr": "Baccalauréat mathématiques"},
	ProgramType: domain.EdFi("ProgramType", "Regular"), Level: "uri://europa.eu/EqfLevelDescriptor#4",
	AwardTitle: domain.Text{"fr": "Diplôme du baccalauréat"}, AchievementType: "Diploma", CreditPoint: domain.Whole(60), LanguageOfInstruction: "ar-TN",
}

func TestDefine(t *testing.T) {
	but := func(change func(*program.ProgramDefined)) program.Define {
		d := defined
		change(&d)
		return program.Define{Definition: d}
	}
	bad := func(change func(*program.ProgramDefined)) c { return c{When: but(change), Code: "invalid_field"} }
	given := []program.Event{defined}
	cases := map[string]c{
		"a program is defined":                       {When: program.Define{Definition: defined}, Then: given},
		"the same definition again changes nothing":  {Given: given, When: program.Define{Definition: defined}},
		"an owner that is no id is refused":          bad(func(d *program.ProgramDefined) { d.EducationOrganization = "" }),
		"a program without a code is refused":        bad(func(d *program.ProgramDefined) { d.ProgramID = " " }),
		"a program without a name is refused":        bad(func(d *program.ProgramDefined) { d.ProgramName = nil }),
		"an empty award title is refused":            bad(func(d *program.ProgramDefined) { d.AwardTitle = domain.Text{} }),
		"a type of another list is refused":          bad(func(d *program.ProgramDefined) { d.ProgramType = domain.EdFi("Term", "Fall") }),
		"a level that is no code is refused":         bad(func(d *program.ProgramDefined) { d.Level = "4" }),
		"an award that Open Badges does not know is": bad(func(d *program.ProgramDefined) { d.AchievementType = "Medal" }),
		"negative credits are refused":               bad(func(d *program.ProgramDefined) { d.CreditPoint = -1 }),
		"a language that is none is refused":         bad(func(d *program.ProgramDefined) { d.LanguageOfInstruction = "français" }),
	}
	// A definition never changes, member by member.
	for name, change := range map[string]func(*program.ProgramDefined){
		"owner":     func(d *program.ProgramDefined) { d.EducationOrganization = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f09" },
		"code":      func(d *program.ProgramDefined) { d.ProgramID = "BAC" },
		"name":      func(d *program.ProgramDefined) { d.ProgramName = domain.Text{"fr": "Bac"} },
		"type":      func(d *program.ProgramDefined) { d.ProgramType = "" },
		"level":     func(d *program.ProgramDefined) { d.Level = "" },
		"title":     func(d *program.ProgramDefined) { d.AwardTitle = nil },
		"award":     func(d *program.ProgramDefined) { d.AchievementType = "Certificate" },
		"credits":   func(d *program.ProgramDefined) { d.CreditPoint++ },
		"languages": func(d *program.ProgramDefined) { d.LanguageOfInstruction = "fr" },
	} {
		cases["another "+name+" is another program"] = c{Given: given, When: but(change), Code: "already_defined"}
	}
	scenario.Run(t, program.Decider, cases)
}
