package issuer

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/domain/share"
	"sijil/internal/ledger"
	"sijil/verifier"
	"sijil/verifier/credential"
	"sijil/verifier/sdjwt"
	"sijil/verifier/status"
)

// TestResults: a diploma says what was achieved, within bounds, in a form that the verifier
// and the lint take.
func TestResults(t *testing.T) {
	program, zero, twenty := domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f01"), domain.Whole(0), domain.Whole(20)
	mean := award.Grade{Value: "15.25", Min: &zero, Max: &twenty}
	courses := func(n, title int) (all []award.Result) {
		for i := range n {
			all = append(all, award.Result{
				Course: domain.DeriveID(program, fmt.Sprint(i)), Code: "INF", Credits: domain.Whole(6),
				Title: domain.Text{"fr": strings.Repeat("é", title)}, Grade: award.Grade{Value: "12", Min: &zero, Max: &twenty},
			})
		}
		return all
	}
	for name, c := range map[string]struct {
		says award.Claims
		want string
	}{
		"nothing":                        {award.Claims{}, ""},
		"a grade in its own scale":       {award.Claims{Results: courses(1, 1)}, "RawScore INF é (6) 0–20: 12"},
		"a label":                        {award.Claims{Results: []award.Result{{Course: program, Title: domain.Text{"ar": "رياضيات", "fr": "Maths"}, Grade: award.Grade{Value: "très bien"}}}}, "LetterGrade Maths · رياضيات –: très bien"},
		"mention and average go first":   {award.Claims{Mention: "Bien", Average: &mean, Results: courses(1, 1)}, "Result Mention –: Bien|GradePointAverage Average 0–20: 15.25|RawScore INF é (6) 0–20: 12"},
		"more courses than are bounded":  {award.Claims{Average: &mean, Results: courses(maxResults+1, 1)}, "GradePointAverage Average 0–20: 15.25"},
		"longer names than are bounded":  {award.Claims{Average: &mean, Results: courses(maxResults, 300)}, "GradePointAverage Average 0–20: 15.25"},
		"as many courses as are bounded": {award.Claims{Results: courses(maxResults, 20)}, strings.TrimSuffix(strings.Repeat("RawScore INF "+strings.Repeat("é", 20)+" (6) 0–20: 12|", maxResults), "|")},
	} {
		t.Run(name, func(t *testing.T) {
			results, kinds := resultsOf(c.says, program)
			var lines []string
			for n, r := range results {
				k := kinds[n]
				if k.ID != r.ResultDescription {
					t.Errorf("result %d is of another description", n)
				}
				lines = append(lines, fmt.Sprintf("%s %s %s–%s: %s", k.ResultType, k.Name, k.ValueMin, k.ValueMax, r.Value))
			}
			if got := strings.Join(lines, "|"); got != c.want {
				t.Errorf("says\n%s, want\n%s", got, c.want)
			}
			now := time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)
			const did, list = "did:web:ledger.example:institutions:x", "https://ledger.example/status/x-1"
			payload, err := credential.Payload(credential.Achievement{
				Context: []string{credential.ContextV2, credential.ContextOB3}, ID: "urn:uuid:" + string(program), Type: credential.AchievementTypes,
				Issuer: credential.Profile{ID: did, Type: []string{"Profile"}}, ValidFrom: credential.Stamp(now),
				CredentialSubject: credential.AchievementSubject{
					ID: "urn:uuid:0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f21", Type: []string{"AchievementSubject"}, Result: results, CreditsEarned: creditsOf(c.says),
					Achievement: credential.AwardedTitle{ID: "urn:x:1", Type: []string{"Achievement"}, Name: "x", Description: "x", Criteria: credential.Criteria{Narrative: "x"}, ResultDescription: kinds},
				},
				CredentialStatus: status.NewEntry(list, status.Revocation, 7),
			})
			if err != nil {
				t.Fatal(err)
			}
			l, err := newLinter()
			if err != nil {
				t.Fatal(err)
			}
			if err := l.check(t.Context(), payload, did, list, now); err != nil {
				t.Error(err)
			}
			if len(payload) > 48<<10 {
				t.Errorf("%d bytes", len(payload))
			}
		})
	}
}

// TestWithhold: of a diploma with results, what is shown is what was chosen and nothing else.
func TestWithhold(t *testing.T) {
	now := time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)
	const did, list = "did:web:ledger.example:institutions:x", "https://ledger.example/status/x-1"
	program, zero, twenty := domain.ID("0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f01"), domain.Whole(0), domain.Whole(20)
	says := award.Claims{
		Mention: "Bien", Average: &award.Grade{Value: "15.25", Min: &zero, Max: &twenty}, Names: []award.Name{{Full: "Amina"}, {Full: "أمينة"}}, Birth: "2004-02-29",
		Results: []award.Result{{Course: domain.DeriveID(program, "1"), Title: domain.Text{"fr": "Algèbre"}, Grade: award.Grade{Value: "17.5", Min: &zero, Max: &twenty}}},
	}
	results, kinds := resultsOf(says, program)
	payload, err := credential.Payload(credential.Achievement{
		Context: []string{credential.ContextV2, credential.ContextOB3}, ID: "urn:uuid:" + string(program), Type: credential.AchievementTypes,
		Issuer: credential.Profile{ID: did, Type: []string{"Profile"}}, ValidFrom: credential.Stamp(now),
		CredentialSubject: credential.AchievementSubject{
			ID: "urn:uuid:0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f21", Type: []string{"AchievementSubject"}, Name: firstName(says), Identifier: identities(says), Result: results,
			Achievement: credential.AwardedTitle{ID: "urn:x:1", Type: []string{"Achievement"}, Name: "x", Description: "x", Criteria: credential.Criteria{Narrative: "x"}, ResultDescription: kinds},
		},
		CredentialStatus: status.NewEntry(list, status.Revocation, 7),
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLinter()
	if err != nil {
		t.Fatal(err)
	}
	trust, err := l.trust(lintFor{did, list}, now)
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[share.Part][]string{share.Mention: {"Bien", "Mention"}, share.Grades: {"15.25", "17.5", "Algèbre", "Average"}, share.Identity: {"2004-02-29", "أمينة"}}
	for _, format := range []string{award.SDPayload, award.SDWallet} {
		f := formJob{issuer: &Issuer{base: "https://ledger.example", now: func() time.Time { return now }}, format: format, credential: ledger.Issued{Payload: string(payload)}}
		content, err := f.compose()
		if err != nil {
			t.Fatal(err)
		}
		form, err := makeForm(format, content, l.key, trust.signer.KeyID(), now)
		if err != nil {
			t.Fatal(err)
		}
		for _, show := range [][]share.Part{nil, {share.Mention}, {share.Grades}, {share.Identity}, {share.Mention, share.Grades}, share.Parts} {
			got, err := withhold(form, show)
			if err != nil {
				t.Fatal(err)
			}
			token, refusal := sdjwt.ParseToken(got, credential.MaxToken)
			if refusal != nil {
				t.Fatal(refusal)
			}
			root, refusal := token.Reveal()
			if refusal != nil {
				t.Fatal(refusal)
			}
			for part, texts := range secrets {
				for _, text := range texts {
					if is := strings.Contains(string(root.Raw()), text); is != slices.Contains(show, part) {
						t.Errorf("%s showing %v: %q is there: %v", format, show, text, is)
					}
				}
			}
			if !strings.Contains(string(root.Raw()), "Amina") {
				t.Errorf("%s showing %v hides the name", format, show)
			}
			if v := verifier.Verify(t.Context(), got, trust.store, now); v.Overall != verifier.Valid || len(v.Warnings) > 0 {
				t.Errorf("%s showing %v: %s %s %v", format, show, v.Overall, v.Reason, v.Warnings)
			}
		}
	}
}
