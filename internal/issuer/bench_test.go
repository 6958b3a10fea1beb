package issuer_test

import (
	"testing"

	"sijil/domain/institution"
)

// BenchmarkIssue is the issuer's own cost, with a log in memory: credentials a second from
// recorded award to recorded token.
func BenchmarkIssue(b *testing.B) {
	const awards = 1000
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b)
		w.authorize(institution.ForCredentials)
		w.authorize(institution.ForStatus)
		for n := range awards {
			w.award(w.graduate(n))
		}
		events, i := w.all(), w.issuer()
		b.StartTimer()
		if err := i.Issue(b.Context(), events); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*awards)/b.Elapsed().Seconds(), "credentials/s")
}
