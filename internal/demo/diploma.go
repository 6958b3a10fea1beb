package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

func (s *Story) graduation(ctx context.Context, c *country) {
	s.chapter("6. Graduation with two officers, and the diplomas")
	c.credential, c.token = s.graduate(ctx, c.khaldoun, c.amina)
	c.bosnianCred, c.bosnianToken = s.graduate(ctx, c.bihac, c.bosnian[0])
}

// graduate assesses, approves twice and awards, and waits for the signature.
func (s *Story) graduate(ctx context.Context, sc *school, p pupil) (credential, token string) {
	a := sc.office.post(ctx, "/v1/graduations", m{
		"studentUniqueId": p.id, "program": sc.program, "graduationPlan": sc.plan, "eventDate": s.day(0),
	})
	s.check(a.text("outcome") == "met", "%s: the record is held against the plan in force: %s, average %s", p.name, a.text("outcome"), a.text("average"))
	path := "/v1/graduations/" + p.id + "/" + sc.program
	approval := m{"event": a.text("event"), "digest": a.text("digest")}
	sc.registrar.post(ctx, path+"/approvals", approval)
	again := sc.registrar.try(ctx, path+"/confirmations", "again-"+p.id, approval)
	s.refused(again, "needs_second_approval", "the same officer a second time")
	sc.dean.post(ctx, path+"/confirmations", approval)
	sc.office.post(ctx, "/v1/awards", m{"studentUniqueId": p.id, "program": sc.program, "diplomaAwardDate": s.day(0)})
	for range 100 {
		list := sc.office.read(ctx, "/v1/credentials?studentUniqueId="+p.id)
		if list.text("items", 0, "state") == "signed" {
			credential = list.text("items", 0, "id")
			break
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			panic(stop{ctx.Err()})
		}
	}
	s.check(credential != "", "the diploma is awarded, decided again at its own place in the log, recorded, and signed with the key of %s", sc.name)
	return credential, ""
}

func (s *Story) claim(ctx context.Context, c *country) {
	s.chapter("7. The graduate takes the diploma")
	c.token, c.holding, c.link = s.take(ctx, c.khaldoun, c.credential)
	s.check(strings.Count(c.token, ".") == 2, "%s opens her one-time link and holds the signed file (%d bytes), with her grades", c.amina.name, len(c.token))
	s.takeForms(ctx, c)
	c.bosnianToken, _, _ = s.take(ctx, c.bihac, c.bosnianCred)
	s.check(strings.Count(c.bosnianToken, ".") == 2, "%s holds hers", c.bosnian[0].name)
	for _, f := range c.forms {
		if err := s.Keep(f.file, f.content); err != nil {
			panic(stop{err})
		}
	}
}

// take redeems a claim link and makes a share from it.
func (s *Story) take(ctx context.Context, sc *school, credential string) (token, holding, employers string) {
	claim := sc.office.post(ctx, "/v1/credentials/"+credential+"/claims", m{})
	nobody := &person{s: s, name: "the graduate"}
	link := url.PathEscape(claim.text("link"))
	held := nobody.post(ctx, "/v1/claims/"+link+"/redemptions", nil)
	twice := nobody.try(ctx, "/v1/claims/"+link+"/redemptions", "twice-"+credential, nil)
	s.check(!twice.ok(), "the link works once: the second time it answers %d %s", twice.status, twice.text("code"))
	holding = url.PathEscape(held.text("link"))
	share := nobody.post(ctx, "/v1/holdings/"+holding+"/shares", m{"scope": "file", "expiresAt": s.Now.Add(7 * 24 * time.Hour).UTC().Format(time.RFC3339)})
	s.say("a link for an employer, good for a week: %s", share.text("url"))
	return nobody.read(ctx, "/v1/holdings/"+holding).text("token"), holding, share.text("url")
}

func (s *Story) verification(ctx context.Context, c *country) {
	s.chapter("8. An employer checks, without an account")
	good := s.verify(ctx, c.token)
	s.check(good.text("overall") == "VALID", "the diploma of %s: %s", c.amina.name, verdict(good))

	edited := s.verify(ctx, edit(c.token))
	s.check(edited.text("overall") == "NOT VALID", "the same with another name written in: %s", verdict(edited))
	linked := s.verify(ctx, c.link)
	s.check(linked.text("overall") == "VALID", "the link that she gave, pasted as it is: %s", verdict(linked))

	s.verifyForms(ctx, c)

	s.CutStatus(true)
	cut := s.verify(ctx, c.bosnianToken)
	s.CutStatus(false)
	s.check(cut.text("overall") == "CANNOT CONFIRM", "the diploma of %s while the status list cannot be fetched: %s", c.bosnian[0].name, verdict(cut))

	rev := c.bihac.registrar.post(ctx, "/v1/credentials/"+c.bosnianCred+"/revocations", m{"reasonClass": "issued_in_error"})
	alone := c.bihac.registrar.try(ctx, "/v1/credentials/"+c.bosnianCred+"/revocations/"+rev.text("id")+"/approvals", "alone", nil)
	s.refused(alone, "needs_second_approval", "revoking it alone")
	c.bihac.office.post(ctx, "/v1/credentials/"+c.bosnianCred+"/revocations/"+rev.text("id")+"/approvals", nil)
	var gone answer
	// The issuer shows it within a second; the verifier remembers for two that it could not reach the list.
	for range 100 {
		if gone = s.verify(ctx, c.bosnianToken); gone.text("overall") == "NOT VALID" {
			break
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			panic(stop{ctx.Err()})
		}
	}
	s.check(gone.text("overall") == "NOT VALID" && gone.text("reason") == "revoked", "after two officers revoked it: %s", verdict(gone))
}

func verdict(a answer) string {
	if r := a.text("reason"); r != "" {
		return a.text("overall") + " (" + r + ")"
	}
	return a.text("overall")
}

func (s *Story) verify(ctx context.Context, token string) answer {
	return s.verifyItem(ctx, token)
}

// verifyItem posts a credential, a text or a file, to POST /v1/verify.
func (s *Story) verifyItem(ctx context.Context, item any) answer {
	b, err := json.Marshal(m{"credential": item})
	if err != nil {
		panic(stop{err})
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Verifier+"/v1/verify", bytes.NewReader(b))
	if err != nil {
		panic(stop{err})
	}
	req.Header.Set("Content-Type", "application/json")
	return s.send(req)
}

// edit changes one letter of the payload, as somebody with a text editor would.
func edit(token string) string {
	parts := strings.Split(token, ".")
	b := []byte(parts[1])
	at := len(b) / 2
	if b[at] == 'A' {
		b[at] = 'B'
	} else {
		b[at] = 'A'
	}
	return parts[0] + "." + string(b) + "." + parts[2]
}

func (s *Story) refusals(ctx context.Context, c *country) {
	s.chapter("9. What must be refused")
	sc := c.khaldoun
	grade := func(student string, mark float64) m {
		return m{
			"studentUniqueId": student, "course": sc.courses["MATH"], "session": sc.session, "assessmentIdentifier": "DS-2",
			"gradingScheme": sc.scheme, "numericGradeEarned": mark, "eventDate": s.day(-9),
		}
	}
	s.refused(c.bihac.office.try(ctx, "/v1/grades", "foreign", grade(c.amina.id, 12)), "not_found", "a grade by a school that does not have the student")
	s.refused(sc.office.try(ctx, "/v1/grades", "scale", grade(c.amina.id, 21)), "invalid_field", "21 on a scale of 20")
	s.refused(sc.office.try(ctx, "/v1/awards", "bare", m{
		"studentUniqueId": c.nour.id, "program": sc.program, "diplomaAwardDate": s.day(0),
	}), "graduation_not_assessed", "a diploma for somebody who has not graduated")
	first := sc.office.try(ctx, "/v1/grades", "same", grade(c.amina.id, 14))
	retry := sc.office.try(ctx, "/v1/grades", "same", grade(c.amina.id, 14))
	s.check(first.ok() && retry.ok() && first.text("id") == retry.text("id"), "a grade sent twice under one key is recorded once, and answered alike")
	s.refused(sc.office.try(ctx, "/v1/grades", "same", grade(c.amina.id, 18)), "idempotency_key_reused", "the same key with another mark")
	nobody := &person{s: s, name: "nobody"}
	s.refused(nobody.try(ctx, "/v1/grades", "nobody", grade(c.amina.id, 20)), "unauthenticated", "a grade without a token")
	second := sc.office.try(ctx, "/v1/students/"+c.amina.id+"/enrollments", "second", m{"entryDate": s.day(0)})
	s.refused(second, "already_enrolled", "a second primary enrollment")
}

func (s *Story) replay(ctx context.Context) {
	s.chapter("10. The history is replayed")
	found, err := s.Compare(ctx)
	if err != nil {
		found += fmt.Sprintf(" (%v)", err)
	}
	s.check(err == nil, "%s", found)
}
