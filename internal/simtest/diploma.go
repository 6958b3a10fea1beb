package simtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"sijil/internal/eventlog"
)

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

// graduate gives the marks that are missing, has two officers approve and awards the
// diploma, which the issuer then signs by itself.
func (k *clerk) graduate(ctx context.Context) error {
	p := k.anybody()
	s := p.school
	for ; p.finals < len(s.courses); p.finals++ {
		c, err := s.Office.Do(ctx, k.rng, "/v1/grades", k.mark(p, s.courses[p.finals], ""), gradeRecorded)
		if err := k.did(p, c, err); err != nil {
			return err
		}
		p.grades = append(p.grades, c.id())
	}
	assessed, err := s.Office.Do(ctx, k.rng, "/v1/graduations", m{
		"studentUniqueId": p.id, "program": s.program, "graduationPlan": s.plan, "eventDate": k.crowd.day(-2),
	}, "graduation.GraduationAssessed")
	if err := k.did(p, assessed, err); err != nil {
		return err
	}
	approval := m{"event": assessed.text("event"), "digest": assessed.text("digest")}
	path := "/v1/graduations/" + p.id + "/" + s.program
	c, err := s.Registrar.Do(ctx, k.rng, path+"/approvals", approval, "graduation.GraduationApproved")
	if err := k.did(p, c, err); err != nil {
		return err
	}
	c, err = s.Dean.Do(ctx, k.rng, path+"/confirmations", approval, "graduation.GraduationConfirmed")
	if err := k.did(p, c, err); err != nil {
		return err
	}
	c, err = s.Office.Do(ctx, k.rng, "/v1/awards", m{
		"studentUniqueId": p.id, "program": s.program, "diplomaAwardDate": k.crowd.day(-2),
	}, "award.DiplomaAwarded")
	k.leave(p)
	return k.did(p, c, err)
}

// readBack reads a pupil at the position of the last command about them: the register has
// to know the name, and the transcript every grade that was acknowledged.
func (c *Crowd) readBack(ctx context.Context, p *pupil) error {
	at := p.last.Position
	var person struct{ PersonalNames []struct{ FullName string } }
	if err := p.school.Office.get(ctx, "/v1/students/"+p.id, at, &person); err != nil {
		return err
	}
	if len(person.PersonalNames) != 1 || person.PersonalNames[0].FullName != p.name {
		c.Book.complain("student %s was registered under another name than is read at position %d", p.id, at)
	}
	var transcript struct {
		Records []struct{ Entries []struct{ ID string } }
	}
	if len(p.grades) == 0 {
		return nil
	}
	if err := p.school.Office.get(ctx, "/v1/students/"+p.id+"/transcript", at, &transcript); err != nil {
		return err
	}
	read := map[string]bool{}
	for _, r := range transcript.Records {
		for _, e := range r.Entries {
			read[e.ID] = true
		}
	}
	for _, id := range p.grades {
		if !read[id] {
			c.Book.complain("the transcript of %s, read at position %d, lacks the acknowledged grade %s", p.id, at, id)
		}
	}
	return nil
}

// get reads until there is an answer, as fresh as a position asks for; 0 for none.
func (o *Office) get(ctx context.Context, path string, at eventlog.Position, into any) error {
	for {
		var headers []string
		if at > 0 {
			headers = []string{"X-Sijil-Position", o.crowd.positionHeader(at)}
		}
		status, _, answer, err := o.request(ctx, http.MethodGet, path, nil, headers...)
		switch {
		case err == nil && status == http.StatusOK:
			return json.Unmarshal(answer, into)
		case err == nil:
			o.crowd.Book.complain("GET %s at position %d: %d %s", path, at, status, answer)
			return fmt.Errorf("%w: GET %s: %d", errRefused, path, status)
		}
		if err := pause(ctx, retryPause); err != nil {
			return fmt.Errorf("%s was never answered: %w", path, err)
		}
	}
}
