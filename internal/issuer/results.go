package issuer

import (
	"encoding/json"
	"strings"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/verifier/credential"
)

const (
	// maxResults and maxResultBytes bound what a diploma says of courses: some sixty of them with
	// long names are 24 kB. A record beyond either is for a transcript: its diploma has the
	// average and the mention alone.
	maxResults     = 64
	maxResultBytes = 24 << 10
)

// The kinds of result (Open Badges 3.0 ResultType).
const (
	numberGrade = "RawScore"
	letterGrade = "LetterGrade"
	meanGrade   = "GradePointAverage"
	plainResult = "Result"
)

// resultsOf are the mention, the average and each course with its grade, and what each of
// them is a result in. A course is named by its id, so that other software can tell
// that two diplomas are about the same one.
func resultsOf(c award.Claims, program domain.ID) (results []credential.Result, kinds []credential.ResultDescription) {
	add := func(id domain.ID, kind, name string, g award.Grade) {
		d := credential.ResultDescription{ID: "urn:uuid:" + string(id), Type: []string{"ResultDescription"}, Name: name, ResultType: kind}
		if g.Min != nil && g.Max != nil {
			d.ValueMin, d.ValueMax = g.Min.String(), g.Max.String()
		}
		kinds = append(kinds, d)
		results = append(results, credential.Result{Type: []string{"Result"}, ResultDescription: d.ID, Value: g.Value})
	}
	if c.Mention != "" {
		add(domain.DeriveID(program, "result", "mention"), plainResult, "Mention", award.Grade{Value: c.Mention})
	}
	if c.Average != nil {
		add(domain.DeriveID(program, "result", "average"), meanGrade, "Average", *c.Average)
	}
	size := 0
	for _, r := range c.Results {
		size += len(courseName(r)) + len(r.Value) + 220
	}
	if len(c.Results) > maxResults || size > maxResultBytes {
		return results, kinds
	}
	for _, r := range c.Results {
		kind := numberGrade
		if r.Max == nil {
			kind = letterGrade
		}
		add(r.Course, kind, courseName(r), r.Grade)
	}
	return results, kinds
}

// courseName is a course as a transcript prints it: its code, its title in its languages, and
// what it is worth.
func courseName(r award.Result) string {
	name := strings.TrimSpace(r.Code + " " + joined(r.Title))
	if r.Credits > 0 {
		name += " (" + r.Credits.String() + ")"
	}
	return name
}

// creditsOf is the sum of credits; empty where credits are not used.
func creditsOf(c award.Claims) json.Number {
	if c.Credits <= 0 {
		return ""
	}
	return json.Number(c.Credits.String())
}
