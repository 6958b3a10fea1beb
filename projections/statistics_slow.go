package projections

import (
	"sijil/domain"
	"sijil/domain/academicsession"
	"sijil/domain/enrollment"
	"sijil/domain/student"
)

type countedStudent struct {
	Tenant    domain.ID `json:"tenant"`
	Student   domain.ID `json:"student"`
	Sex       string    `json:"sex"`
	BirthYear int       `json:"birth_year"`
}

type countedSession struct {
	Tenant     domain.ID `json:"tenant"`
	Session    domain.ID `json:"session"`
	SchoolYear int       `json:"school_year"`
}

type countedEnrollment struct {
	Tenant      domain.ID `json:"tenant"`
	Enrollment  domain.ID `json:"enrollment"`
	Institution domain.ID `json:"institution"`
	Student     domain.ID `json:"student"`
	SchoolYear  int       `json:"school_year"`
	GradeLevel  string    `json:"grade_level"`
	Sex         string    `json:"sex"`
	BirthYear   int       `json:"birth_year"`
	IsPrimary   bool      `json:"is_primary"`
	Withdrawn   bool      `json:"withdrawn"`
}

// slowStatistics fills in the students' traits only at the end.
type slowStatistics struct {
	students    map[domain.ID]*countedStudent
	sessions    map[domain.ID]countedSession
	enrollments map[domain.ID][]*countedEnrollment // one a year
}

func (s *slowStatistics) Add(e Event) {
	switch f := e.Fact.(type) {
	case student.StudentRegistered:
		s.students[e.IDs[0]] = &countedStudent{e.Tenant, e.IDs[0], string(f.Sex), f.BirthYear}
	case student.BirthDataCorrected:
		if f.Sex != "" {
			s.students[e.IDs[0]].Sex = string(f.Sex)
		}
		if f.BirthYear != 0 {
			s.students[e.IDs[0]].BirthYear = f.BirthYear
		}
	case academicsession.SessionOpened:
		s.sessions[e.IDs[0]] = countedSession{e.Tenant, e.IDs[0], f.SchoolYear}
	case enrollment.StudentEnrolled:
		c := &countedEnrollment{
			Tenant: e.Tenant, Enrollment: f.Enrollment, Institution: f.School, Student: e.IDs[0],
			SchoolYear: schoolYearOf(f.EntryDate), GradeLevel: string(f.GradeLevel), IsPrimary: f.Primary,
		}
		if session, ok := s.sessions[f.Session]; ok {
			c.SchoolYear = session.SchoolYear
		}
		s.enrollments[f.Enrollment] = []*countedEnrollment{c}
	case enrollment.GradeLevelChanged:
		s.last(f.Enrollment).GradeLevel = string(f.GradeLevel)
	case enrollment.StudentPromoted:
		s.nextYear(f.Enrollment, f.GradeLevel)
	case enrollment.StudentRetained:
		s.nextYear(f.Enrollment, f.GradeLevel)
	case enrollment.StudentWithdrawn:
		for len(s.enrollments[f.Enrollment]) > 1 && s.last(f.Enrollment).SchoolYear > schoolYearOf(f.ExitDate) {
			s.enrollments[f.Enrollment] = s.enrollments[f.Enrollment][:len(s.enrollments[f.Enrollment])-1]
		}
		s.last(f.Enrollment).Withdrawn = true
	case enrollment.EnrollmentVoided:
		delete(s.enrollments, f.Enrollment)
	}
}

func (s *slowStatistics) last(enrollment domain.ID) *countedEnrollment {
	years := s.enrollments[enrollment]
	return years[len(years)-1]
}

func (s *slowStatistics) nextYear(enrollment domain.ID, level domain.Descriptor) {
	c := *s.last(enrollment)
	c.SchoolYear++
	if level != "" {
		c.GradeLevel = string(level)
	}
	s.enrollments[enrollment] = append(s.enrollments[enrollment], &c)
}

func (s *slowStatistics) Rows() map[string][]any {
	rows := map[string][]any{}
	for _, r := range s.students {
		rows["statistics_students"] = append(rows["statistics_students"], r)
	}
	for _, r := range s.sessions {
		rows["statistics_sessions"] = append(rows["statistics_sessions"], r)
	}
	for _, years := range s.enrollments {
		for _, r := range years {
			who := s.students[r.Student]
			r.Sex, r.BirthYear = who.Sex, who.BirthYear
			rows["statistics_enrollments"] = append(rows["statistics_enrollments"], r)
		}
	}
	return rows
}
