package app

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sijil/domain"
	"sijil/domain/accreditation"
)

// TestSpansSayWhatTheRuleSays: whatever was granted, suspended and withdrawn, the spans of
// a bundle hold on exactly the days on which the ledger lets the institution award.
func TestSpansSayWhatTheRuleSays(t *testing.T) {
	first := domain.Date("2031-01-01")
	rapid.Check(t, func(t *rapid.T) {
		day := func(name string, after int) domain.Date {
			return first.AddDays(after + rapid.IntRange(0, 20).Draw(t, name))
		}
		var s accreditation.State
		offset := 0
		for range rapid.IntRange(1, 3).Draw(t, "grants") {
			g := accreditation.Grant{Span: domain.Span{From: day("from", offset)}, AbInitio: rapid.Bool().Draw(t, "ab initio")}
			for range rapid.IntRange(0, 2).Draw(t, "suspensions") {
				g.Suspensions = append(g.Suspensions, domain.Span{From: day("suspended", offset+20), Until: day("reinstated", offset+40)})
			}
			if rapid.Bool().Draw(t, "withdrawn") {
				g.WithdrawnFrom = day("withdrawn", offset+50)
			}
			offset += 90
			if rapid.Bool().Draw(t, "ends") {
				g.Until = day("until", offset-25)
			}
			s.Grants = append(s.Grants, g)
		}
		spans := standing(s)
		for n := range 400 {
			on := first.AddDays(n)
			holds := func(span domain.Span) bool { return span.Holds(on) }
			if got, want := slices.ContainsFunc(spans, holds), slices.ContainsFunc(s.Grants, func(g accreditation.Grant) bool { return g.Holds(on) }); got != want {
				t.Fatalf("%s: %v in %v, want %v", on, got, spans, want)
			}
		}
	})
}
