package simtest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
)

// clerk has pupils of their own, so that what they are owed does not depend on others. They
// write into the same log, schools and status lists as everybody.
type clerk struct {
	crowd    *Crowd
	number   int
	rng      *rand.Rand
	counter  int
	pupils   []*pupil // at school
	left     []*pupil // with a diploma, or with a full record
	promised []*Command
}

// pupil is what a clerk knows of one student.
type pupil struct {
	id, name string
	code     string // a national id, "" for none
	school   *School
	grades   []string // ids that were answered
	amended  int      // as many grades from the first
	papers   int
	moved    bool
	finals   int // courses that have the period's own grade
	last     *Command
}

// fullRecord is how many grades end a pupil's part: streams are to be short.
const fullRecord = 40

// step does one thing, or a few that belong together.
func (k *clerk) step(ctx context.Context) error {
	if k.rng.IntN(150) == 0 {
		return k.newKey(ctx)
	}
	n := k.rng.IntN(100)
	switch {
	case len(k.pupils) < 2 || n < 15 && len(k.pupils) < 50:
		return k.admit(ctx)
	case len(k.left) == 0: // everybody begins with a diploma
		return k.graduate(ctx)
	case n < 55:
		return k.grade(ctx)
	case n < 60:
		return k.amend(ctx)
	case n < 72:
		return k.batch(ctx)
	case n < 80:
		return k.graduate(ctx)
	case n < 84:
		return k.transfer(ctx)
	case n < 88:
		return k.again(ctx)
	default:
		return k.readBack(ctx)
	}
}

// anybody is one of the clerk's pupils.
func (k *clerk) anybody() *pupil { return k.pupils[k.rng.IntN(len(k.pupils))] }

// leave ends a pupil's part.
func (k *clerk) leave(p *pupil) {
	for i := range k.pupils {
		if k.pupils[i] == p {
			k.pupils = append(k.pupils[:i], k.pupils[i+1:]...)
			k.left = append(k.left, p)
			return
		}
	}
}

// did notes an acknowledged command about a pupil.
func (k *clerk) did(p *pupil, c *Command, err error) error {
	if err != nil {
		return err
	}
	p.last = c
	if k.rng.IntN(10) == 0 {
		k.promised = append(k.promised, c)
	}
	return nil
}

// admit registers and enrolls, half of the pupils with a national id, which is two streams.
func (k *clerk) admit(ctx context.Context) error {
	k.counter++
	p := &pupil{name: fmt.Sprintf("Lejla Hadžić %d-%d", k.number, k.counter), school: k.crowd.schools[k.rng.IntN(2)]}
	body := m{
		"personalNames": []m{{"language": "bs-Latn", "fullName": p.name}}, "sex": "uri://ed-fi.org/SexDescriptor#Female",
		"birthDate": "2008-03-15", "identityAssurance": "documented",
	}
	facts := []string{"student.StudentRegistered"}
	if k.rng.IntN(2) == 0 {
		p.code = fmt.Sprintf("%04d%06d", k.number, k.counter)
		body["studentIdentificationCodes"] = []m{p.number()}
		facts = []string{"identifier.IdentifierReserved", "student.StudentRegistered", "student.IdentifierLinked"}
	}
	c, err := p.school.Office.Do(ctx, k.rng, "/v1/students", body, facts...)
	if err := k.did(p, c, err); err != nil {
		return err
	}
	p.id = c.id()
	c, err = p.school.Office.Do(ctx, k.rng, "/v1/students/"+p.id+"/enrollments", m{
		"program": p.school.program, "entryDate": k.crowd.day(-140), "entryGradeLevel": "uri://ed-fi.org/GradeLevelDescriptor#TwelfthGrade",
	}, "enrollment.StudentEnrolled")
	if err := k.did(p, c, err); err != nil {
		return err
	}
	k.pupils = append(k.pupils, p)
	return nil
}

func (p *pupil) number() m {
	return m{
		"studentIdentificationSystemDescriptor":   "uri://ed-fi.org/StudentIdentificationSystemDescriptor#National",
		"assigningOrganizationIdentificationCode": "TN", "identificationCode": p.code,
	}
}

// mark is a grade of a pupil for a course; paper is "" for the period's own.
func (k *clerk) mark(p *pupil, course, paper string) m {
	g := m{
		"studentUniqueId": p.id, "course": course, "session": p.school.session, "gradingScheme": p.school.scheme,
		"numericGradeEarned": 12 + float64(k.rng.IntN(32))/4, "eventDate": k.crowd.day(-4),
	}
	if paper != "" {
		g["assessmentIdentifier"] = paper
	}
	return g
}

// paper is the mark of a pupil's next paper.
func (k *clerk) paper(p *pupil) m {
	p.papers++
	return k.mark(p, p.school.courses[k.rng.IntN(len(p.school.courses))], fmt.Sprintf("P%d", p.papers))
}

const gradeRecorded = "academicRecord.GradeRecorded"

func (k *clerk) grade(ctx context.Context) error {
	p := k.anybody()
	c, err := p.school.Office.Do(ctx, k.rng, "/v1/grades", k.paper(p), gradeRecorded)
	if err := k.did(p, c, err); err != nil {
		return err
	}
	p.grades = append(p.grades, c.id())
	if len(p.grades) >= fullRecord {
		k.leave(p)
	}
	return nil
}

// amend corrects the oldest grade that stands as it was given, at the school that gave it.
func (k *clerk) amend(ctx context.Context) error {
	p := k.anybody()
	if p.moved || p.amended == len(p.grades) {
		return nil
	}
	c, err := p.school.Registrar.Do(ctx, k.rng, "/v1/grades/"+p.grades[p.amended]+"/amendments", m{
		"studentUniqueId": p.id, "schoolYear": k.crowd.year(), "gradingScheme": p.school.scheme, "numericGradeEarned": 20,
		"reasonCode": "uri://ed-fi.org/AmendmentReasonDescriptor#TranscriptionError", "reason": "Relu.", "eventDate": k.crowd.day(-1),
	}, "academicRecord.GradeAmended")
	p.amended++
	return k.did(p, c, err)
}

// keyProposed is what the first of two officers records about a key.
const keyProposed = "institution.SigningKeyChangeProposed"

// approvalOf is where the second officer approves it.
func approvalOf(s *School, proposal string) string {
	return "/v1/institutions/" + s.ID + "/signingKeyProposals/" + proposal + "/approvals"
}

// newKey has a school sign with another key from now on: a file and two officers' facts.
func (k *clerk) newKey(ctx context.Context) error {
	s := k.crowd.schools[k.rng.IntN(2)]
	c, err := s.Office.Do(ctx, k.rng, "/v1/institutions/"+s.ID+"/signingKeyPairs", m{"purpose": "credential"}, keyProposed)
	if err != nil {
		return err
	}
	_, err = k.crowd.ministry.Do(ctx, k.rng, approvalOf(s, c.id()), nil, "institution.SigningKeyAuthorized")
	return err
}

// batch sends the papers of several pupils of one school in one request, each row a command
// of its own.
func (k *clerk) batch(ctx context.Context) error {
	first := k.anybody()
	var pupils []*pupil
	var rows []m
	for range 2 + k.rng.IntN(14) {
		if p := k.anybody(); p.school == first.school {
			pupils, rows = append(pupils, p), append(rows, k.paper(p))
		}
	}
	if len(rows) == 0 {
		return nil
	}
	c, err := first.school.Office.do(ctx, k.rng, &Command{Path: "/v1/grades/batches", Facts: []string{gradeRecorded}, Rows: len(rows)}, m{"grades": rows})
	if err != nil {
		return err
	}
	var a struct{ Grades []struct{ ID string } }
	if err := json.Unmarshal(c.Answer, &a); err != nil {
		return fmt.Errorf("reading a batch's answer: %w", err)
	}
	for i, p := range pupils {
		p.grades = append(p.grades, a.Grades[i].ID)
		if err := k.did(p, c, nil); err != nil {
			return err
		}
	}
	return nil
}

// transfer moves a pupil to the other school: three offices' decisions, the last one an
// append of three facts.
func (k *clerk) transfer(ctx context.Context) error {
	p := k.anybody()
	from, to := p.school, k.crowd.schools[0]
	if from == to {
		to = k.crowd.schools[1]
	}
	if p.code == "" || p.moved || p.finals > 0 {
		return nil // the new school knows nobody but by number
	}
	c, err := to.Office.Do(ctx, k.rng, "/v1/transfers", m{
		"studentIdentificationCode": p.number(), "entryDate": k.crowd.day(-4), "entryGradeLevel": "uri://ed-fi.org/GradeLevelDescriptor#TwelfthGrade",
	}, "enrollment.TransferRequested")
	if err := k.did(p, c, err); err != nil {
		return err
	}
	path := "/v1/transfers/" + c.id()
	c, err = from.Office.Do(ctx, k.rng, path+"/releases", m{"exitWithdrawDate": k.crowd.day(-5)}, "enrollment.TransferReleased")
	if err := k.did(p, c, err); err != nil {
		return err
	}
	c, err = to.Office.Do(ctx, k.rng, path+"/acceptances", m{"program": to.program},
		"enrollment.StudentWithdrawn", "enrollment.TransferCompleted", "enrollment.StudentEnrolled")
	p.school, p.moved = to, true
	return k.did(p, c, err)
}

// again repeats a command of long ago, as a system does that was restored from a backup.
func (k *clerk) again(ctx context.Context) error {
	if len(k.promised) == 0 {
		return nil
	}
	c := k.promised[k.rng.IntN(len(k.promised))]
	return c.Office.Again(ctx, k.rng, c)
}
