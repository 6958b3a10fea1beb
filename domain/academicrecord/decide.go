package academicrecord

import (
	"fmt"
	"strconv"

	"sijil/domain"
)

// Decider holds the rules of the record.
var Decider = domain.Decider[Command, State, Event]{Category: "academicRecord", Decide: Decide, Evolve: Evolve}

// Stream is the record of a student at a school in a school year.
func Stream(tenant, student, school domain.ID, schoolYear int) string {
	return Decider.Stream(student, school, domain.DeriveID(tenant, "schoolYear", strconv.Itoa(schoolYear)))
}

// maxAttempt bounds attempts at one course: more is a typing error.
const maxAttempt = 99

// Decide answers a command.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case RecordGrade:
		return one(c.Grade, recordGrade(s, c.Grade, c.Evidence))
	case RecordCourseResult:
		return one(c.Result, recordCourseResult(s, c.Result, c.Evidence))
	case RecordForeignGrade:
		return one(c.Grade, recordForeignGrade(s, c.Grade, c.Evidence))
	case AwardCredit:
		return one(c.Credit, awardCredit(s, c.Credit, c.Evidence))
	case DecideJury:
		return one(c.Decision, decideJury(s, c.Decision, c.Evidence))
	case Amend:
		return amend(s, c)
	case Void:
		return void(s, c)
	case ConfirmAmendment:
		return confirm(s, c)
	case DeclineAmendment:
		return decline(s, c)
	}
	panic(fmt.Sprintf("academic record: no rule for %T", c))
}

func one(f Event, err error) ([]Event, error) {
	if err != nil {
		return nil, err
	}
	return []Event{f}, nil
}

func recordGrade(s State, f GradeRecorded, e Evidence) error {
	if err := domain.Check(
		domain.Rule{Field: "grade", Holds: f.Grade.Valid(), Says: "is an id"},
		attemptRule(f.Attempt),
		domain.Rule{Field: "gradingPeriod", Holds: f.GradingPeriod == "" || f.GradingPeriod.Is("GradingPeriod"), Says: "is a code of a GradingPeriodDescriptor"},
		assessmentRule(f.AssessmentIdentifier),
		domain.Rule{Field: "coefficient", Holds: f.Coefficient == nil || *f.Coefficient >= 0 && *f.Coefficient <= domain.Whole(1000), Says: "lies between 0 and 1000"},
	); err != nil {
		return err
	}
	for _, check := range []error{
		e.checkSession(f.SchoolYear), f.When.check(e), e.checkCourse(f.When), f.Mark.check(e.Scheme), e.enrolledThen(f.When),
	} {
		if check != nil {
			return check
		}
	}
	if _, dup := s.living(KindGrade, f.matter()); dup {
		return domain.Refuse(domain.Conflict, "grade_already_recorded", "this course, period, assessment and attempt has a grade; amend that one")
	}
	return nil
}

func recordCourseResult(s State, f CourseResultRecorded, e Evidence) error {
	if err := domain.Check(
		domain.Rule{Field: "courseResult", Holds: f.CourseResult.Valid(), Says: "is an id"},
		attemptRule(f.Attempt),
		resultRule(f.CourseAttemptResult),
	); err != nil {
		return err
	}
	for _, check := range []error{e.checkSession(f.SchoolYear), f.When.check(e), e.checkCourse(f.When), checkFinal(f.mark(), e.Scheme), e.enrolledLately(f.When)} {
		if check != nil {
			return check
		}
	}
	if _, dup := s.living(KindCourseResult, f.matter()); dup {
		return domain.Refuse(domain.Conflict, "result_already_recorded", "this course attempt has a result; amend that one")
	}
	return nil
}

// checkFinal lets a result stand without a final grade.
func checkFinal(m Mark, s Scheme) error {
	if m.empty() {
		return nil
	}
	return m.check(s)
}

func recordForeignGrade(s State, f ForeignGradeRecorded, e Evidence) error {
	if err := domain.Check(
		domain.Rule{Field: "foreignGrade", Holds: f.ForeignGrade.Valid(), Says: "is an id"},
		yearRule(f.SchoolYear),
		domain.Rule{Field: "externalEducationOrganizationNameOfInstitution", Holds: domain.Line(f.ExternalSchool, 200), Says: "is one line of 1 to 200 characters"},
		domain.Rule{Field: "courseTitle", Holds: domain.Line(f.CourseTitle, 200), Says: "is one line of 1 to 200 characters"},
		domain.Rule{Field: "alternativeCourseCode", Holds: f.AlternativeCourseCode == "" || domain.Line(f.AlternativeCourseCode, 60), Says: "is one line of at most 60 characters"},
		domain.Rule{Field: "verbatimGrade", Holds: domain.Line(f.VerbatimGrade, 100), Says: "is one line of 1 to 100 characters"},
		domain.Rule{Field: "foreignGradingScheme", Holds: domain.Line(f.ForeignGradingScheme, 200), Says: "is one line of 1 to 200 characters"},
		domain.Rule{Field: "whenTaken", Holds: f.WhenTaken == "" || domain.Line(f.WhenTaken, 60), Says: "is one line of at most 60 characters"},
		domain.Rule{Field: "transfer", Holds: f.Transfer == "" || f.Transfer.Valid(), Says: "is an id"},
	); err != nil {
		return err
	}
	for _, check := range []error{f.When.check(e), e.enrolledThen(f.When)} {
		if check != nil {
			return check
		}
	}
	if _, dup := s.living(KindForeignGrade, f.matter()); dup {
		return domain.Refuse(domain.Conflict, "foreign_grade_already_recorded", "this school's course and term has a foreign grade already")
	}
	return nil
}

func awardCredit(s State, f CreditAwarded, e Evidence) error {
	if err := domain.Check(
		domain.Rule{Field: "credit", Holds: f.Credit.Valid(), Says: "is an id"},
		yearRule(f.SchoolYear),
		attemptRule(f.Attempt),
		assessmentRule(f.AssessmentIdentifier),
		domain.Rule{Field: "earnedCredits", Holds: f.EarnedCredits >= 0 && f.EarnedCredits <= domain.Whole(1000), Says: "lies between 0 and 1000"},
		domain.Rule{Field: "earnedCredits", Holds: f.EarnedCredits > 0 || !f.Mark.empty(), Says: "is more than 0 where no result is carried over"},
		domain.Rule{Field: "methodCreditEarned", Holds: f.MethodCreditEarned.Is("MethodCreditEarned"), Says: "is a code of a MethodCreditEarnedDescriptor"},
	); err != nil {
		return err
	}
	if f.Session != "" {
		if err := e.checkSession(f.SchoolYear); err != nil {
			return err
		}
	}
	for _, check := range []error{f.When.check(e), e.checkCourse(f.When), checkFinal(f.Mark, e.Scheme), e.enrolledLately(f.When)} {
		if check != nil {
			return check
		}
	}
	if f.ForeignGrade != "" {
		if g, ok := s.Entry(f.ForeignGrade); !ok || g.Kind != KindForeignGrade || g.Voided {
			return domain.Refuse(domain.Missing, "foreign_grade_unknown", "this year's record has no such foreign grade")
		}
	}
	if _, dup := s.living(KindCredit, f.matter()); dup {
		return domain.Refuse(domain.Conflict, "credit_already_awarded", "this course, assessment and attempt has its credit already")
	}
	return nil
}

func decideJury(s State, f JuryDecided, e Evidence) error {
	if err := domain.Check(
		domain.Rule{Field: "juryDecision", Holds: f.JuryDecision.Valid(), Says: "is an id"},
		yearRule(f.SchoolYear),
		decisionRule(f.Decision),
		juryResultRule(f.Course, f.CourseAttemptResult),
	); err != nil {
		return err
	}
	if f.Session != "" {
		if err := e.checkSession(f.SchoolYear); err != nil {
			return err
		}
	}
	if f.Course != "" && !e.Course.Known {
		return e.checkCourse(f.When)
	}
	for _, check := range []error{f.When.check(e), e.enrolledLately(f.When)} {
		if check != nil {
			return check
		}
	}
	switch last, decided := s.living(KindJuryDecision, f.matter()); {
	case decided && f.Supersedes != last.ID:
		return domain.Refuse(domain.Conflict, "jury_already_decided", "the jury has decided on this; a new decision names the one it supersedes")
	case !decided && f.Supersedes != "":
		return domain.Refuse(domain.Missing, "jury_decision_unknown", "there is no such decision on this matter to supersede")
	}
	return nil
}

func attemptRule(n int) domain.Rule {
	return domain.Rule{Field: "attempt", Holds: n >= 1 && n <= maxAttempt, Says: "lies between 1 and 99"}
}

func yearRule(y int) domain.Rule {
	return domain.Rule{Field: "schoolYear", Holds: y >= 1900 && y <= 2199, Says: "is the year in which the school year ends"}
}

func assessmentRule(s string) domain.Rule {
	return domain.Rule{Field: "assessmentIdentifier", Holds: s == "" || domain.Code(s), Says: "is a code of at most 60 characters"}
}

func resultRule(d domain.Descriptor) domain.Rule {
	return domain.Rule{Field: "courseAttemptResult", Holds: d.Is("CourseAttemptResult"), Says: "is a code of a CourseAttemptResultDescriptor"}
}

func decisionRule(d domain.Descriptor) domain.Rule {
	return domain.Rule{Field: "decision", Holds: d.Is("JuryDecision"), Says: "is a code of a JuryDecisionDescriptor"}
}

func juryResultRule(course domain.ID, d domain.Descriptor) domain.Rule {
	holds := d == ""
	if course != "" {
		holds = d.Is("CourseAttemptResult") && (d.Code() == "Pass" || d.Code() == "Fail")
	}
	return domain.Rule{Field: "courseAttemptResult", Holds: holds, Says: "is Pass or Fail of a CourseAttemptResultDescriptor where the jury decides on one course, and left out elsewhere"}
}
