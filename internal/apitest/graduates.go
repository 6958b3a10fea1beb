package apitest

import (
	"github.com/google/uuid"

	"sijil/domain"
	"sijil/domain/accreditation"
	"sijil/domain/enrollment"
	"sijil/domain/graduation"
	"sijil/domain/graduationplan"
	"sijil/domain/institution"
	"sijil/domain/program"
	"sijil/domain/student"
	"sijil/internal/ledger"
)

// Graduates is a world in which a school may award one program. What leads there is put
// into the log as facts, whatever the rules would say: it is for tests of what follows.
type Graduates struct {
	*World
	Region, School, OtherSchool, Program, Plan, Accreditation domain.ID
	// Day is the day on which everybody graduated, three days ago.
	Day domain.Date
}

// NewGraduates starts the service and puts the institutions and the program into it.
func NewGraduates(w *World) *Graduates {
	w.t.Helper()
	g := &Graduates{World: w, Day: domain.DateOf(w.Clock.Now()).AddDays(-3)}
	g.Region, g.School, g.OtherSchool, g.Program, g.Plan = g.NewID("region"), g.NewID("school"), g.NewID("other school"), g.NewID("program"), g.NewID("plan")
	g.Accreditation = ledger.AccreditationID(g.Tenant(), g.Tenant(), g.School, g.Program, "")
	Give(w, institution.Decider, institution.Decider.Stream(g.Tenant()), institution.Event(institution.InstitutionRegistered{IdentificationCode: "M", Tier: institution.Country, CountryCode: "TN", BeginDate: "1956-03-20"}))
	Give(w, institution.Decider, institution.Decider.Stream(g.Region), institution.Event(institution.InstitutionRegistered{IdentificationCode: "R", Tier: institution.Region, ParentOrganization: g.Tenant(), CountryCode: "TN", BeginDate: "1990-01-01"}))
	for code, id := range map[string]domain.ID{"S": g.School, "O": g.OtherSchool} {
		Give(w, institution.Decider, institution.Decider.Stream(id), institution.Event(institution.InstitutionRegistered{
			IdentificationCode: code, Tier: institution.School, ParentOrganization: g.Region, CountryCode: "TN", BeginDate: "1990-01-01",
			NameOfInstitution: domain.Text{"fr": "Université de Bizerte", "ar": "جامعة بنزرت"},
		}))
	}
	Give(w, program.Decider, program.Decider.Stream(g.Program), program.Event(program.ProgramDefined{
		EducationOrganization: g.School, ProgramID: "LIC", AchievementType: "BachelorDegree", ProgramName: domain.Text{"fr": "Licence en informatique", "ar": "الإجازة في الإعلامية"},
	}))
	Give(w, graduationplan.Decider, graduationplan.Decider.Stream(g.Plan), graduationplan.Event(graduationplan.GraduationPlanPublished{
		EducationOrganization: g.School, IdentificationCode: "LIC-1", Program: g.Program, Version: 1, From: "2020-01-01", Name: domain.Text{"fr": "Maquette"},
	}))
	Give(w, accreditation.Decider, accreditation.Decider.Stream(g.Accreditation), accreditation.Event(accreditation.AccreditationGranted{Institution: g.School, AccreditingAgent: g.Tenant(), Program: g.Program, From: "2020-01-01"}))
	return g
}

// NewID is the id of a thing of this name.
func (w *World) NewID(name string) domain.ID { return domain.DeriveID(w.Tenant(), w.t.Name(), name) }

// Give stores facts in a stream as they are.
func Give[C, S, E any](w *World, d domain.Decider[C, S, E], stream string, facts ...E) {
	w.t.Helper()
	as := domain.Decider[[]E, S, E]{Category: d.Category, Evolve: d.Evolve, Decide: func(_ S, e []E) ([]E, error) { return e, nil }}
	act, err := w.Ledger.Begin(w.t.Context(), ledger.Request{Tenant: w.Tenant(), Institution: w.Tenant(), Actor: "setup", Client: "setup", Key: uuid.NewString()})
	if err == nil {
		_, err = ledger.Execute(w.t.Context(), w.Ledger, as, stream, act, ledger.Just(facts))
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// Graduate is a student of this name who has graduated with two officers' approval.
func (g *Graduates) Graduate(name string) domain.ID {
	g.t.Helper()
	who := g.NewID(name)
	person, err := domain.Conceal(who, domain.ClassRecord, student.Person{
		Names: []student.Name{{Language: "fr-Latn", Full: name}, {Language: "ar-Arab", Full: "أمينة بن صالح"}}, Birth: student.Birth{Date: "2004-02-29"},
	})
	if err != nil {
		g.t.Fatal(err)
	}
	Give(g.World, student.Decider, student.Decider.Stream(who), student.Event(student.StudentRegistered{School: g.School, Assurance: student.Declared, Person: person}))
	Give(g.World, enrollment.Decider, enrollment.Decider.Stream(who), enrollment.Event(enrollment.StudentEnrolled{Enrollment: g.NewID(name + "'s"), School: g.School, Program: g.Program, EntryDate: "2023-09-15", DatePrecision: enrollment.Day, Primary: true}))
	found := graduation.GraduationAssessed{Assessment: g.NewID(name + " assessed"), School: g.School, EventDate: g.Day, GraduationPlan: g.Plan, PlanVersion: 1, Accreditation: g.Accreditation, Outcome: graduation.Met}
	yes := graduation.Approval{Assessment: found.Assessment}
	Give(g.World, graduation.Decider, graduation.Stream(who, g.Program), []graduation.Event{found, graduation.GraduationApproved{Approval: yes, ApprovedBy: "head"}, graduation.GraduationConfirmed{Approval: yes, ConfirmedBy: "inspector"}}...)
	return who
}

// Award gives the student the diploma, as the school's registrar.
func (g *Graduates) Award(who domain.ID) ledger.Awarded {
	g.t.Helper()
	act, err := g.Ledger.Begin(g.t.Context(), ledger.Request{Tenant: g.Tenant(), Institution: g.School, Actor: "registrar", Client: "registrar", Key: uuid.NewString()})
	if err != nil {
		g.t.Fatal(err)
	}
	a, err := g.Ledger.AwardDiploma(g.t.Context(), act, ledger.AwardInput{Student: who, Program: g.Program, AwardDate: g.Day})
	if err != nil {
		g.t.Fatal(err)
	}
	return a
}

// Authorize makes the school's two signing keys, by two officers' decision.
func (g *Graduates) Authorize() {
	g.t.Helper()
	for _, purpose := range []institution.Purpose{institution.ForCredentials, institution.ForStatus} {
		key, err := g.SigningKeys().Generate(g.t.Context(), g.School, "k-"+string(purpose), purpose, "EdDSA", g.Clock.Now())
		var proposed ledger.KeyChange
		if err == nil {
			proposed, err = g.Ledger.ProposeSigningKey(g.t.Context(), g.officer("operator"), g.School, key)
		}
		if err == nil {
			_, err = g.Ledger.ApproveKeyChange(g.t.Context(), g.officer("second operator"), g.School, proposed.Proposal)
		}
		if err != nil {
			g.t.Fatal(err)
		}
	}
}

// officer is a new command of an officer of the authority.
func (g *Graduates) officer(who string) ledger.Act {
	g.t.Helper()
	act, err := g.Ledger.Begin(g.t.Context(), ledger.Request{Tenant: g.Tenant(), Institution: g.Tenant(), Actor: who, Client: who, Key: uuid.NewString()})
	if err != nil {
		g.t.Fatal(err)
	}
	return act
}
