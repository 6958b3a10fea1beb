package simtest

import "context"

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
