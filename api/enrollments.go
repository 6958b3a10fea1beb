package api

import (
	"context"
	"net/http"

	"sijil/domain"
	"sijil/domain/enrollment"
	"sijil/domain/student"
	"sijil/internal/access"
	"sijil/internal/ledger"
)

const enrollmentPath = studentPath + "/enrollments/{enrollment}"

func (s *Server) registerEnrollments() {
	post := func(id, path, summary string) op {
		return op{ID: id, Method: http.MethodPost, Path: path, Scope: access.EnrollmentsWrite, Tag: "enrollments", Status: http.StatusCreated, Summary: summary}
	}
	o := post("enroll-student", studentPath+"/enrollments", "Enroll a student at a school")
	o.Description = "One primary enrollment at a time; module enrollments (`primarySchool` false) may overlap. " +
		"A student who has a primary enrollment elsewhere is transferred instead."
	write(s, o, s.enroll)
	o = post("enroll-student-by-number", "/v1/enrollments", "Enroll a student who is known by number, and at no other school")
	o.Description = "For a student whom the caller does not see yet: look the number up first."
	write(s, o, s.enrollByNumber)
	write(s, post("withdraw-student", enrollmentPath+"/withdrawals", "End an enrollment"), s.withdraw)
	write(s, post("change-grade-level", enrollmentPath+"/gradeLevels", "Set another grade level within the year"), s.changeGradeLevel)
	write(s, post("promote-student", enrollmentPath+"/promotions", "End the year with the next grade level"), s.promote)
	write(s, post("retain-student", enrollmentPath+"/retentions", "End the year with the same grade level again"), s.retain)
	o = post("void-enrollment", enrollmentPath+"/voids", "Say that an enrollment should never have been recorded")
	o.Description = "It stays visible as voided."
	write(s, o, s.voidEnrollment)
	s.registerEnrollmentReads()
}

// EnrollmentFields are where and from when.
type EnrollmentFields struct {
	School          domain.ID                `json:"school,omitempty" doc:"Absent for the caller's own institution"`
	Program         domain.ID                `json:"program,omitempty" doc:"The program or module; absent for the school as such"`
	Session         domain.ID                `json:"session,omitempty" doc:"The academic session, needed where only it is known of the entry date"`
	EntryDate       domain.Date              `json:"entryDate"`
	DatePrecision   enrollment.DatePrecision `json:"datePrecision,omitempty" enum:"day,session" doc:"session where only the session is known: entryDate is then one of its days"`
	EntryType       domain.Descriptor        `json:"entryType,omitempty" example:"uri://ed-fi.org/EntryTypeDescriptor#Original"`
	EntryGradeLevel domain.Descriptor        `json:"entryGradeLevel,omitempty" example:"uri://ed-fi.org/GradeLevelDescriptor#NinthGrade"`
	PrimarySchool   *bool                    `json:"primarySchool,omitempty" doc:"Absent for true"`
}

func (f EnrollmentFields) input() ledger.EnrollmentInput {
	return ledger.EnrollmentInput{
		School: f.School, Program: f.Program, Session: f.Session, EntryDate: f.EntryDate, DatePrecision: f.DatePrecision,
		EntryType: f.EntryType, GradeLevel: f.EntryGradeLevel, Primary: f.PrimarySchool == nil || *f.PrimarySchool,
	}
}

// EnrolledID is what an enrollment or a transfer request answers.
type EnrolledID struct {
	ID              domain.ID `json:"id" doc:"The enrollment or transfer that was recorded"`
	StudentUniqueID domain.ID `json:"studentUniqueId"`
}

type enrollInput struct {
	Student domain.ID `path:"student"`
	Body    EnrollmentFields
}

func (s *Server) enroll(ctx context.Context, in *enrollInput) (*answer[EnrolledID], error) {
	x := in.Body.input()
	x.Student = in.Student
	return s.enrollAs(ctx, x)
}

// NewEnrollmentByNumber names the student by a number.
type NewEnrollmentByNumber struct {
	StudentIdentificationCode IdentificationCode `json:"studentIdentificationCode"`
	EnrollmentFields
}

type enrollByNumberInput struct{ Body NewEnrollmentByNumber }

func (s *Server) enrollByNumber(ctx context.Context, in *enrollByNumberInput) (*answer[EnrolledID], error) {
	x := in.Body.input()
	x.Number = in.Body.StudentIdentificationCode.number()
	return s.enrollAs(ctx, x)
}

func (s *Server) enrollAs(ctx context.Context, x ledger.EnrollmentInput) (*answer[EnrolledID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.cfg.Ledger.Enroll(ctx, act, x)
	if err != nil {
		return nil, err
	}
	return written(s, w.Position, historyPath(w.Student), EnrolledID{w.ID, w.Student}), nil
}

func historyPath(id domain.ID) string { return studentsPath + "/" + string(id) + "/enrollments" }

// EnrollmentRef is the path of one enrollment.
type EnrollmentRef struct {
	Student    domain.ID `path:"student"`
	Enrollment domain.ID `path:"enrollment"`
}

func (r EnrollmentRef) at() ledger.At {
	return ledger.At{Student: r.Student, Enrollment: r.Enrollment}
}

// onEnrollment runs a use case about one enrollment.
func (s *Server) onEnrollment(ctx context.Context, r EnrollmentRef, do func(ledger.Act) (ledger.Written, error)) (*answer[WrittenID], error) {
	act, err := s.act(ctx)
	if err != nil {
		return nil, err
	}
	w, err := do(act)
	if err != nil {
		return nil, err
	}
	return written(s, w.Position, historyPath(r.Student), WrittenID{w.ID}), nil
}

// Withdrawal is the end of an enrollment.
type Withdrawal struct {
	ExitWithdrawDate domain.Date              `json:"exitWithdrawDate" doc:"The last day"`
	DatePrecision    enrollment.DatePrecision `json:"datePrecision,omitempty" enum:"day,session"`
	ExitWithdrawType domain.Descriptor        `json:"exitWithdrawType" example:"uri://ed-fi.org/ExitWithdrawTypeDescriptor#Transferred"`
}

type withdrawInput struct {
	EnrollmentRef
	Body Withdrawal
}

func (s *Server) withdraw(ctx context.Context, in *withdrawInput) (*answer[WrittenID], error) {
	return s.onEnrollment(ctx, in.EnrollmentRef, func(act ledger.Act) (ledger.Written, error) {
		return s.cfg.Ledger.Withdraw(ctx, act, in.at(), in.Body.ExitWithdrawDate, in.Body.DatePrecision, in.Body.ExitWithdrawType)
	})
}

// GradeLevelOn is a grade level from a day on.
type GradeLevelOn struct {
	GradeLevel    domain.Descriptor `json:"gradeLevel" example:"uri://ed-fi.org/GradeLevelDescriptor#TenthGrade"`
	EffectiveDate domain.Date       `json:"effectiveDate"`
}

type gradeLevelInput struct {
	EnrollmentRef
	Body GradeLevelOn
}

func (s *Server) changeGradeLevel(ctx context.Context, in *gradeLevelInput) (*answer[WrittenID], error) {
	return s.onEnrollment(ctx, in.EnrollmentRef, func(act ledger.Act) (ledger.Written, error) {
		return s.cfg.Ledger.ChangeGradeLevel(ctx, act, in.at(), in.Body.GradeLevel, in.Body.EffectiveDate)
	})
}

func (s *Server) promote(ctx context.Context, in *gradeLevelInput) (*answer[WrittenID], error) {
	return s.onEnrollment(ctx, in.EnrollmentRef, func(act ledger.Act) (ledger.Written, error) {
		return s.cfg.Ledger.Promote(ctx, act, in.at(), in.Body.GradeLevel, in.Body.EffectiveDate)
	})
}

// Retention is a year that is done again.
type Retention struct {
	EffectiveDate domain.Date       `json:"effectiveDate"`
	ReasonCode    domain.Descriptor `json:"reasonCode,omitempty" doc:"A code of any code list"`
}

type retainInput struct {
	EnrollmentRef
	Body Retention
}

func (s *Server) retain(ctx context.Context, in *retainInput) (*answer[WrittenID], error) {
	return s.onEnrollment(ctx, in.EnrollmentRef, func(act ledger.Act) (ledger.Written, error) {
		return s.cfg.Ledger.Retain(ctx, act, in.at(), in.Body.EffectiveDate, in.Body.ReasonCode)
	})
}

type voidEnrollmentInput struct {
	EnrollmentRef
	Body Reasoned
}

func (s *Server) voidEnrollment(ctx context.Context, in *voidEnrollmentInput) (*answer[WrittenID], error) {
	return s.onEnrollment(ctx, in.EnrollmentRef, func(act ledger.Act) (ledger.Written, error) {
		return s.cfg.Ledger.VoidEnrollment(ctx, act, in.at(), in.Body.ReasonCode)
	})
}

// optional is the number that a body names, or none.
func optional(c *IdentificationCode) student.Identification {
	if c == nil {
		return student.Identification{}
	}
	return c.number()
}
