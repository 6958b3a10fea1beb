package domain_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"sijil/domain"
)

func TestParseDate(t *testing.T) {
	for _, s := range []string{"2024-02-29", "1800-01-01", "2199-12-31", "2000-02-29"} {
		if d, err := domain.ParseDate(s); err != nil || string(d) != s || !d.Valid() {
			t.Errorf("%s is refused: %v", s, err)
		}
	}
	for _, s := range []string{
		"", "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "2024-4-1", "24-04-01", "1799-12-31", "2200-01-01",
		"2024-04-01T00:00:00Z", " 2024-04-01", "2024/04/01", "01-04-2024", "20240401", "٢٠٢٤-٠٤-٠١",
	} {
		if _, err := domain.ParseDate(s); domain.CodeOf(err) != "invalid_field" {
			t.Errorf("%q is accepted", s)
		}
	}
}

func anyDate(t *rapid.T, label string) domain.Date {
	return domain.Date("1800-01-01").AddDays(rapid.IntRange(0, 146_000).Draw(t, label))
}

func TestDates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyDate(t, "a"), anyDate(t, "b")
		if !a.Valid() {
			t.Fatalf("%s is no date", a)
		}
		if (a < b) != a.Time().Before(b.Time()) {
			t.Fatalf("%s and %s stand otherwise as text than in time", a, b)
		}
		n := rapid.IntRange(-300, 300).Draw(t, "days")
		if got := a.AddDays(n).AddDays(-n); got != a {
			t.Fatalf("%s and %d days and back is %s", a, n, got)
		}
		instant := a.Time().Add(time.Duration(rapid.Int64Range(0, int64(24*time.Hour)-1).Draw(t, "within")))
		zone := time.FixedZone("", rapid.IntRange(-14, 14).Draw(t, "zone")*3600)
		if got := domain.DateOf(instant.In(zone)); got != a {
			t.Fatalf("the day of %s, shown elsewhere, is %s", instant, got)
		}
	})
	if !domain.Date("").Time().IsZero() || domain.Date("").Valid() {
		t.Error("no day is a day")
	}
}

func anySpan(t *rapid.T, label string) domain.Span {
	s := domain.Span{From: domain.Date("2020-01-01").AddDays(rapid.IntRange(0, 60).Draw(t, label+" from"))}
	if rapid.Bool().Draw(t, label+" ends") {
		s.Until = s.From.AddDays(rapid.IntRange(1, 40).Draw(t, label+" days"))
	}
	return s
}

// TestSpansOverlapWhereTheyShareADay: counted day by day.
func TestSpansOverlapWhereTheyShareADay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anySpan(t, "a"), anySpan(t, "b")
		shared := false
		for day := domain.Date("2019-12-01"); day < "2020-06-01"; day = day.AddDays(1) {
			shared = shared || a.Holds(day) && b.Holds(day)
		}
		if a.Overlaps(b) != shared || b.Overlaps(a) != shared {
			t.Fatalf("%v and %v overlap: %v", a, b, shared)
		}
		if !a.Well() || !a.Holds(a.From) || a.Holds(a.From.AddDays(-1)) || a.Until != "" && a.Holds(a.Until) {
			t.Fatalf("%v does not hold its own days", a)
		}
	})
}

func TestASpanIsWellFormed(t *testing.T) {
	for _, s := range []domain.Span{
		{},
		{Until: "2020-01-01"},
		{From: "2020-01-01", Until: "2020-01-01"},
		{From: "2020-01-02", Until: "2020-01-01"},
		{From: "soon"},
		{From: "2020-01-01", Until: "soon"},
	} {
		if s.Well() {
			t.Errorf("%+v is well formed", s)
		}
	}
}
