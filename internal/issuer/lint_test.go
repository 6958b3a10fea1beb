package issuer

import (
	"strings"
	"testing"
	"time"

	"sijil/verifier/credential"
	"sijil/verifier/status"
)

// TestLint: what the verifier would not believe is never signed.
func TestLint(t *testing.T) {
	now := time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)
	const did, list = "did:web:ledger.example:institutions:x", "https://ledger.example/status/x-1"
	good := func() credential.Achievement {
		return credential.Achievement{
			Context: []string{credential.ContextV2, credential.ContextOB3}, ID: "urn:uuid:0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f20", Type: credential.AchievementTypes,
			Issuer: credential.Profile{ID: did, Type: []string{"Profile"}}, ValidFrom: credential.Stamp(now),
			CredentialSubject: credential.AchievementSubject{
				ID: "urn:uuid:0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f21", Type: []string{"AchievementSubject"},
				Achievement: credential.AwardedTitle{ID: "urn:x:1", Type: []string{"Achievement"}, Name: "x", Description: "x", Criteria: credential.Criteria{Narrative: "x"}},
			},
			CredentialStatus: status.NewEntry(list, status.Revocation, 7),
		}
	}
	for name, c := range map[string]struct {
		change func(*credential.Achievement)
		says   string
	}{
		"a good credential":               {func(*credential.Achievement) {}, ""},
		"of another issuer":               {func(a *credential.Achievement) { a.Issuer.ID = "did:web:elsewhere" }, "NOT VALID"},
		"that begins tomorrow":            {func(a *credential.Achievement) { a.ValidFrom = credential.Stamp(now.Add(24 * time.Hour)) }, "not_yet_valid"},
		"without a context":               {func(a *credential.Achievement) { a.Context = nil }, "bad_context"},
		"without what was achieved":       {func(a *credential.Achievement) { a.CredentialSubject.Achievement.Type = nil }, "empty_value"},
		"with a context that nobody pins": {func(a *credential.Achievement) { a.Context = append(a.Context, "https://example.org/more") }, "unknown_context"},
		"that nobody could revoke":        {func(a *credential.Achievement) { a.CredentialStatus = nil }, "status_missing"},
		"beyond the end of its list":      {func(a *credential.Achievement) { a.CredentialStatus = status.NewEntry(list, status.Revocation, 1<<20) }, "status_unverifiable"},
		"on another list":                 {func(a *credential.Achievement) { a.CredentialStatus = status.NewEntry(list+"0", status.Revocation, 7) }, "CANNOT CONFIRM"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := newLinter()
			if err != nil {
				t.Fatal(err)
			}
			a := good()
			c.change(&a)
			payload, err := credential.Payload(a)
			if err != nil {
				t.Fatal(err)
			}
			err = l.check(t.Context(), payload, did, list, now)
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("the lint says %v, want %q", err, c.says)
			}
		})
	}
}
