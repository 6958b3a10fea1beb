package program

import (
	"maps"

	"sijil/domain"
)

// Decider is the rules of one program.
var Decider = domain.Decider[Command, State, Event]{Category: "program", Decide: decide, Evolve: evolve}

// State is the definition; ProgramID is empty when there is none.
type State struct{ Definition ProgramDefined }

// Defined reports whether the program exists.
func (s State) Defined() bool { return s.Definition.ProgramID != "" }

// Command asks for a decision about one program.
type Command interface{ isCommand() }

// Define offers a program. The same definition again changes nothing; another one under
// the same code is refused.
type Define struct{ Definition ProgramDefined }

func (Define) isCommand() {}

// achievementTypes are the kinds of award of Open Badges 3.0 (section B.1.1,
// AchievementType) that a program can end with.
var achievementTypes = map[string]bool{
	"ApprenticeshipCertificate": true, "AssociateDegree": true, "BachelorDegree": true, "Certificate": true,
	"CertificateOfCompletion": true, "Course": true, "Degree": true, "Diploma": true, "DoctoralDegree": true,
	"GeneralEducationDevelopment": true, "JourneymanCertificate": true, "Licence": true, "MasterCertificate": true, "MasterDegree": true,
	"MicroCredential": true, "ProfessionalDoctorate": true, "QualityAssuranceCredential": true, "ResearchDoctorate": true, "SecondarySchoolDiploma": true,
}

func decide(s State, c Command) ([]Event, error) {
	define, ok := c.(Define)
	if !ok {
		panic("Command is sealed: this one was added without its rule")
	}
	d := define.Definition
	if err := domain.Check(
		domain.Rule{Field: "educationOrganization", Holds: d.EducationOrganization.Valid(), Says: "is an institution"},
		domain.Rule{Field: "programId", Holds: domain.Code(d.ProgramID), Says: "is one line of 1 to 60 characters"},
		domain.Rule{Field: "programName", Holds: d.ProgramName.Well(200), Says: "is a name of at most 200 characters by language tag"},
		domain.Rule{Field: "programType", Holds: d.ProgramType == "" || d.ProgramType.Is("ProgramType"), Says: "is a code of a ProgramTypeDescriptor list"},
		domain.Rule{Field: "level", Holds: d.Level == "" || d.Level.Valid(), Says: "is a code of a code list"},
		domain.Rule{Field: "awardTitle", Holds: d.AwardTitle == nil || d.AwardTitle.Well(200), Says: "is a title of at most 200 characters by language tag"},
		domain.Rule{Field: "achievementType", Holds: achievementTypes[d.AchievementType], Says: "is one of Open Badges 3.0's kinds of award, such as Diploma or BachelorDegree"},
		domain.Rule{Field: "creditPoint", Holds: d.CreditPoint >= 0 && d.CreditPoint <= domain.Whole(10_000), Says: "is a number of credits from 0 to 10000"},
		domain.Rule{Field: "languageOfInstruction", Holds: d.LanguageOfInstruction == "" || domain.Language(d.LanguageOfInstruction), Says: "is a BCP 47 language tag"},
	); err != nil {
		return nil, err
	}
	switch {
	case !s.Defined():
		return []Event{d}, nil
	case same(s.Definition, d):
		return nil, nil
	}
	return nil, domain.Refuse(domain.Conflict, "already_defined", "this programId is defined otherwise; a changed program has another programId")
}

// same compares two definitions member by member; the texts are maps.
func same(a, b ProgramDefined) bool {
	return maps.Equal(a.ProgramName, b.ProgramName) && maps.Equal(a.AwardTitle, b.AwardTitle) &&
		a.EducationOrganization == b.EducationOrganization && a.ProgramID == b.ProgramID && a.ProgramType == b.ProgramType &&
		a.Level == b.Level && a.AchievementType == b.AchievementType && a.CreditPoint == b.CreditPoint &&
		a.LanguageOfInstruction == b.LanguageOfInstruction
}

func evolve(s State, e Event) State {
	if d, ok := e.(ProgramDefined); ok {
		return State{d}
	}
	return s
}
