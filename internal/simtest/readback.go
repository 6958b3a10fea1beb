package simtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"sijil/internal/eventlog"
)

func (k *clerk) readBack(ctx context.Context) error {
	return k.crowd.readBack(ctx, k.anybody())
}

// readBack reads a pupil at the position of the last command about them: the register has
// to know the name, and the transcript every grade that was acknowledged.
func (c *Crowd) readBack(ctx context.Context, p *pupil) error {
	c.Book.Reads.Add(1)
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
