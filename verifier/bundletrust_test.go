package verifier

import (
	"testing"
	"time"

	"sijil/verifier/bundle"
	"sijil/verifier/credential"
	"sijil/verifier/did"
)

// until is a ledger's bundle whose term ends at t.
func until(t testing.TB, l *ledger, end time.Time) bundle.Bundle {
	b := l.bundle(t)
	b.Manifest.Expires = did.Instant{Time: end}
	return b
}

func storeOf(t testing.TB, b bundle.Bundle) *Store {
	s, err := NewStore("bundle", b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAfterItsTermABundleConfirmsNothingAndStillRefuses(t *testing.T) {
	l := newLedger(t)
	good, revoked := l.issue(t, 7), l.issue(t, 8)
	l.bits.Set(8)
	term := l.now.Add(time.Hour) // the lists hold for a day
	trust := storeOf(t, until(t, l, term))
	for name, c := range map[string]struct {
		token  []byte
		trust  Trust
		at     time.Time
		want   Overall
		reason credential.Reason
	}{
		"within the term":         {good, trust, term.Add(-time.Second), Valid, ""},
		"at its end":              {good, trust, term, CannotConfirm, TrustStale},
		"revoked, at its end":     {revoked, trust, term, NotValid, Revoked},
		"beside a fresher source": {good, Chain{l.store(t), trust}, term, Valid, ""},
		"behind a fresher source": {good, Chain{trust, l.store(t)}, term, CannotConfirm, TrustStale},
	} {
		if v := Verify(t.Context(), c.token, c.trust, c.at); v.Overall != c.want || v.Reason != c.reason {
			t.Errorf("%s: %s %v, want %s %s", name, v.Overall, v.Reasons, c.want, c.reason)
		}
	}
}

func TestAccreditationIsForAnAchievementAndASpan(t *testing.T) {
	l := newLedger(t)
	token := l.issue(t, 7)
	v := Verify(t.Context(), token, l.store(t), l.now)
	awarded := *v.Credential.AwardedAt
	const achievement = "urn:uuid:11111111-0000-4000-8000-000000000000"
	day := func(n int) did.Instant { return did.Instant{Time: awarded.AddDate(0, 0, n)} }
	for name, c := range map[string]struct {
		list   []did.Accreditation
		made   int // days after the award
		want   Answer
		reason credential.Reason
	}{
		"nothing is known":           {nil, 1, Unchecked, AccreditationUnknown},
		"as a whole":                 {[]did.Accreditation{{From: day(-9)}}, 1, True, ""},
		"for this":                   {[]did.Accreditation{{From: day(-9), Achievements: []string{"urn:uuid:other", achievement}}}, 1, True, ""},
		"for this, from that day on": {[]did.Accreditation{{From: day(0), Until: day(1), Achievements: []string{achievement}}}, 1, True, ""},
		"for this, until that day":   {[]did.Accreditation{{From: day(-9), Until: day(0), Achievements: []string{achievement}}}, 1, False, NotAccredited},
		"for this, but later":        {[]did.Accreditation{{From: day(1), Achievements: []string{achievement}}}, 1, False, NotAccredited},
		"for something else":         {[]did.Accreditation{{From: day(-9), Achievements: []string{"urn:uuid:other"}}}, 1, False, NotAccredited},
		"for a level that it is not": {[]did.Accreditation{{From: day(-9), Level: "Master"}}, 1, False, NotAccredited},
		"for nothing":                {[]did.Accreditation{}, 1, False, NotAccredited},
		"known before the award":     {[]did.Accreditation{}, -1, Unchecked, AccreditationUnknown},
	} {
		b := l.bundle(t)
		b.Issuers[0].Accreditations, b.Now = c.list, did.Instant{Time: day(c.made).Time}
		trust := storeOf(t, b)
		for _, trust := range []Trust{trust, Chain{l.store(t), trust}} {
			if line := Verify(t.Context(), token, trust, l.now).Lines.Accreditation; line.Answer != c.want || line.Reason != c.reason {
				t.Errorf("%s: %s %s, want %s %s", name, line.Answer, line.Reason, c.want, c.reason)
			}
		}
	}
}
