package api

import (
	"context"
	"net/http"

	"sijil/domain"
	"sijil/domain/student"
	"sijil/internal/access"
	"sijil/internal/ledger"
)

const studentsPath, studentPath = "/v1/students", "/v1/students/{student}"

func (s *Server) registerStudents() {
	post := func(id, path, summary string) op {
		return op{ID: id, Method: http.MethodPost, Path: path, Scope: access.StudentsWrite, Tag: "students", Status: http.StatusCreated, Summary: summary}
	}
	o := post("register-student", studentsPath, "Register a student")
	o.Description = "Everything that names the person is sealed under a key of their own; sex and birth year stay open for statistics. " +
		"A child without papers is registered as `undocumented`, and identity comes later. " +
		"A number that names a student already answers 409 `identifier_taken`: look the student up, then enroll or request a transfer."
	write(s, o, s.registerStudent)
	o = post("look-up-student", studentsPath+"/lookups", "Ask whether a number is known, to enroll or request a transfer instead of registering twice")
	o.Description = "Answers `unknown`, `known`, or `at_another_school`, and the student's id only where the caller may see the student anyway."
	o.Scope, o.Status = access.EnrollmentsWrite, http.StatusOK
	read(s, o, s.lookUpStudent)
	write(s, post("link-identifier", studentPath+"/identifiers", "Let a number name a student"), s.linkIdentifier)
	write(s, post("change-legal-name", studentPath+"/legalNames", "Record new legal names, on evidence"), s.changeLegalName)
	write(s, post("correct-birth-data", studentPath+"/birthData", "Record other birth data, on evidence"), s.correctBirthData)
	o = post("merge-student", studentPath+"/merges", "Say that this student and another are one person")
	o.Description = "This student ends and takes nothing but an unmerge; the other goes on. Open enrollments and transfers end first."
	write(s, o, s.mergeStudent)
	write(s, post("unmerge-student", studentPath+"/unmerges", "Take a merge back"), s.unmergeStudent)
	o = post("erase-student", studentPath+"/erasures", "Erase a person's data; an authority above the schools does")
	o.Description = "The person's keys are destroyed: names, birth data, numbers and free text can never be read again. " +
		"What was recorded stays, without saying about whom. Diplomas in their holder's hands stay valid."
	write(s, o, s.eraseStudent)
	s.registerStudentReads()
}

// NewStudent is a person to register.
type NewStudent struct {
	School                     domain.ID            `json:"school,omitempty" doc:"The school that registers; absent for the caller's own institution"`
	PersonalNames              []PersonalName       `json:"personalNames,omitempty" maxItems:"20" doc:"In every script the papers have. Without a name an identification code is needed"`
	Sex                        domain.Descriptor    `json:"sex,omitempty" example:"uri://ed-fi.org/SexDescriptor#Female"`
	BirthYear                  int                  `json:"birthYear,omitempty" minimum:"1850" maximum:"2199" doc:"Where the birth date is not known; else it follows from it"`
	IdentityAssurance          student.Assurance    `json:"identityAssurance,omitempty" enum:"undocumented,declared,documented,verified" doc:"How well the identity is known; absent for declared"`
	StudentIdentificationCodes []IdentificationCode `json:"studentIdentificationCodes,omitempty" maxItems:"10"`
	BirthFields
}

type registerStudentInput struct{ Body NewStudent }

func (s *Server) registerStudent(ctx context.Context, in *registerStudentInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	w, err := s.cfg.Ledger.RegisterStudent(ctx, act, ledger.StudentInput{
		School: b.School, Sex: b.Sex, BirthYear: b.BirthYear, Assurance: b.IdentityAssurance,
		Person:  student.Person{Names: namesFrom(b.PersonalNames), Birth: b.birth()},
		Numbers: numbersFrom(b.StudentIdentificationCodes),
	})
	return recorded(s, studentsPath+"/", w, err)
}

type lookUpStudentInput struct{ Body IdentificationCode }

// StudentLookup is all that a school learns from a number.
type StudentLookup struct {
	Status          ledger.Sighting `json:"status" enum:"unknown,known,at_another_school" doc:"at_another_school: the student has an open primary enrollment elsewhere, so request a transfer"`
	StudentUniqueID domain.ID       `json:"studentUniqueId,omitempty" doc:"Only of a student whom the caller may see anyway"`
}

func (s *Server) lookUpStudent(ctx context.Context, in *lookUpStudentInput) (StudentLookup, error) {
	p := principal(ctx)
	act := ledger.Act{Request: ledger.Request{Tenant: p.Tenant, Institution: p.Institution, After: callOf(ctx).after}, At: s.cfg.Now().UTC()}
	status, id, err := s.cfg.Ledger.LookUpStudent(ctx, act, in.Body.number())
	return StudentLookup{status, id}, err
}

// IdentifierLink is a number that is to name a student.
type IdentifierLink struct {
	IdentificationCode
	Replaces          domain.ID         `json:"replaces,omitempty" doc:"The link that ends with this one; a second national id needs it"`
	IdentityAssurance student.Assurance `json:"identityAssurance,omitempty" enum:"undocumented,declared,documented,verified" doc:"Raises the level; absent to leave it"`
}

type linkIdentifierInput struct {
	Student domain.ID `path:"student"`
	Body    IdentifierLink
}

func (s *Server) linkIdentifier(ctx context.Context, in *linkIdentifierInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.LinkIdentifier(ctx, act, ledger.LinkInput{
		Student: in.Student, Number: in.Body.number(), Replaces: in.Body.Replaces, Assurance: in.Body.IdentityAssurance,
	})
	return ofStudent(s, in.Student, w, err)
}

// ofStudent answers a write that is read with the student.
func ofStudent(s *Server, id domain.ID, w ledger.Written, err error) (*answer[WrittenID], error) {
	if err != nil {
		return nil, err
	}
	return written(s, w.Position, studentsPath+"/"+string(id), WrittenID{w.ID}), nil
}

// EvidenceFields are the proof of a change of who a person is.
type EvidenceFields struct {
	Evidence          domain.Descriptor `json:"evidence" doc:"The sort of proof that was seen" example:"uri://ed-fi.org/PersonalInformationVerificationDescriptor#Other"`
	EvidenceReference Name              `json:"evidenceReference,omitempty" doc:"Where it lies: the document's number and office. Sealed"`
}

// LegalNameChange is the names a person has from now on.
type LegalNameChange struct {
	PersonalNames []PersonalName `json:"personalNames" minItems:"1" maxItems:"20" doc:"All names from now on, in every script"`
	EvidenceFields
}

type changeLegalNameInput struct {
	Student domain.ID `path:"student"`
	Body    LegalNameChange
}

func (s *Server) changeLegalName(ctx context.Context, in *changeLegalNameInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.ChangeLegalName(ctx, act, ledger.NameInput{
		Student: in.Student, Names: namesFrom(in.Body.PersonalNames), Evidence: in.Body.Evidence, Reference: string(in.Body.EvidenceReference),
	})
	return ofStudent(s, in.Student, w, err)
}

// BirthDataCorrection is the birth data as it should have been registered, as a whole.
type BirthDataCorrection struct {
	Sex       domain.Descriptor `json:"sex,omitempty" doc:"Absent to leave it"`
	BirthYear int               `json:"birthYear,omitempty" minimum:"1850" maximum:"2199" doc:"Where the birth date is not known; absent to leave it"`
	BirthFields
	EvidenceFields
}

type correctBirthDataInput struct {
	Student domain.ID `path:"student"`
	Body    BirthDataCorrection
}

func (s *Server) correctBirthData(ctx context.Context, in *correctBirthDataInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	w, err := s.cfg.Ledger.CorrectBirthData(ctx, act, ledger.BirthInput{
		Student: in.Student, Sex: b.Sex, BirthYear: b.BirthYear, Birth: b.birth(), Evidence: b.Evidence, Reference: string(b.EvidenceReference),
	})
	return ofStudent(s, in.Student, w, err)
}

// StudentMerge names the student that goes on.
type StudentMerge struct {
	Into       domain.ID         `json:"into" doc:"The student that goes on"`
	ReasonCode domain.Descriptor `json:"reasonCode"`
}

type mergeStudentInput struct {
	Student domain.ID `path:"student"`
	Body    StudentMerge
}

func (s *Server) mergeStudent(ctx context.Context, in *mergeStudentInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.MergeStudents(ctx, act, ledger.MergeInput{Student: in.Student, Into: in.Body.Into, Reason: in.Body.ReasonCode})
	return ofStudent(s, in.Student, w, err)
}

// Reasoned is a decision with nothing but its reason.
type Reasoned struct {
	ReasonCode domain.Descriptor `json:"reasonCode" doc:"A code of any code list"`
}

type unmergeStudentInput struct {
	Student domain.ID `path:"student"`
	Body    Reasoned
}

func (s *Server) unmergeStudent(ctx context.Context, in *unmergeStudentInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.UnmergeStudent(ctx, act, in.Student, in.Body.ReasonCode)
	return ofStudent(s, in.Student, w, err)
}

// StudentErasure says what is erased, and on which ground.
type StudentErasure struct {
	RetentionClasses []domain.Class    `json:"retentionClasses,omitempty" maxItems:"2" enum:"record,register" doc:"record: the pupil's record. register: what diplomas say of their holder. Absent for record"`
	ReasonCode       domain.Descriptor `json:"reasonCode" doc:"The legal ground, a code of any code list"`
}

type eraseStudentInput struct {
	Student domain.ID `path:"student"`
	Body    StudentErasure
}

func (s *Server) eraseStudent(ctx context.Context, in *eraseStudentInput) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.EraseStudent(ctx, act, ledger.ErasureInput{Student: in.Student, Classes: in.Body.RetentionClasses, Reason: in.Body.ReasonCode})
	return ofStudent(s, in.Student, w, err)
}
