package pglog_test

import (
	"fmt"
	"sync"
	"testing"

	"sijil/internal/bench"
	"sijil/internal/eventlog"
	"sijil/internal/eventlog/pglog"
)

// filled is a log of n events in streams of ten, as a year of grades makes them.
func filled(b *testing.B, n int) *process {
	b.Helper()
	l := open(b, freshURL(b), pglog.Config{})
	const writers = 64
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := w * 10; i < n; i += writers * 10 {
				for r := range 10 {
					d := draft(i + r)
					d.Data = make([]byte, 300)
					if _, err := l.Append(b.Context(), fmt.Sprintf("academicRecord-0190b5a2-7c3e-7d4f-8a21-%012d", i), eventlog.Revision(r-1), d); err != nil {
						b.Error(err)
						return
					}
				}
			}
		})
	}
	all.Wait()
	return l
}

func BenchmarkReading(b *testing.B) {
	const n = 50_000
	l := filled(b, n)
	b.Run("what=all", func(b *testing.B) {
		b.ReportAllocs()
		cpu, err := bench.CPU(b.Context(), l.pool)
		if err != nil {
			b.Fatal(err)
		}
		before, _ := cpu()
		for b.Loop() {
			count := 0
			for _, err := range l.All(b.Context(), 0) {
				if err != nil {
					b.Fatal(err)
				}
				count++
			}
			if count != n {
				b.Fatalf("%d events, want %d", count, n)
			}
		}
		after, _ := cpu()
		b.ReportMetric(float64(after-before)/1000/float64(n)/float64(b.N), "cpu-µs/event")
		b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	})
	stream := func(i int) string {
		return fmt.Sprintf("academicRecord-0190b5a2-7c3e-7d4f-8a21-%012d", i*7919%(n/10)*10)
	}
	b.Run("what=stream", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			for _, err := range l.Read(b.Context(), stream(i), 0) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("what=head", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := l.Head(b.Context(), stream(i)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("what=find", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, _, err := l.Find(b.Context(), stream(i), draft(i).ID); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			l := open(b, freshURL(b), pglog.Config{})
			b.ReportAllocs()
			b.SetParallelism(writers) // times GOMAXPROCS, which -cpu 1 makes exact
			var next sync.Mutex
			n := 0
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					next.Lock()
					n++
					i := n
					next.Unlock()
					d := draft(i)
					d.Data = make([]byte, 300)
					if _, err := l.Append(b.Context(), fmt.Sprintf("academicRecord-%d", i), eventlog.NoStream, d); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
