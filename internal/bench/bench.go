// Package bench compares ways to do one thing: it runs them in turns, several rounds, on
// the same machine in the same minutes, and prints ratios. Rates of different runs mean
// little; ratios of interleaved ones and processor time per operation do.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"
)

// Subject is one way to do it.
type Subject struct {
	Name string
	// Do does it once. Writers are numbered from 0 and call it one after another; serial
	// is never the same twice for a subject. An error ends the comparison.
	Do func(ctx context.Context, writer int, serial int64) error
}

// Plan is how a comparison goes.
type Plan struct {
	// Clock measures; time.Now.
	Clock func() time.Time
	// CPU is the processor time used so far by everything under test, servers included; nil
	// leaves the column out.
	CPU func() (time.Duration, error)
	// Writers are the numbers of concurrent writers; none means 1, 8 and 64.
	Writers []int
	// Rounds is how often each subject has its turn with each number of writers; 0 means 5.
	// An odd number has a median.
	Rounds int
	// Each is how many things one operation does, by which rates and processor time are told;
	// 0 means 1.
	Each int
	// Turn is how long a turn lasts; 0 means 2 s. A fifth of it before is not counted.
	Turn time.Duration
}

// Result is what a subject did with a number of writers: the median of its rounds.
type Result struct {
	Subject  string
	Writers  int
	Rate     float64 // a second
	Ratio    float64 // to the first subject's rate, the median of the rounds' ratios
	P50, P99 time.Duration
	CPU      time.Duration // per operation
}

// Run compares subjects, the first of which is what the others are measured by.
func Run(ctx context.Context, p Plan, subjects ...Subject) ([]Result, error) {
	if len(p.Writers) == 0 {
		p.Writers = []int{1, 8, 64}
	}
	if p.Rounds == 0 {
		p.Rounds = 5
	}
	if p.Turn == 0 {
		p.Turn = 2 * time.Second
	}
	var results []Result
	serials := make([]atomic.Int64, len(subjects))
	for _, writers := range p.Writers {
		turns := make([][]turn, len(subjects))
		for range p.Rounds {
			for i, s := range subjects {
				t, err := p.turn(ctx, s, writers, &serials[i])
				if err != nil {
					return nil, fmt.Errorf("%s with %d writers: %w", s.Name, writers, err)
				}
				turns[i] = append(turns[i], t)
			}
		}
		for i, s := range subjects {
			results = append(results, summary(s.Name, writers, turns[i], turns[0]))
		}
	}
	return results, nil
}

// turn is what was measured in one turn.
type turn struct {
	rate     float64
	p50, p99 time.Duration
	cpu      time.Duration
}

func (p Plan) turn(ctx context.Context, s Subject, writers int, serial *atomic.Int64) (turn, error) {
	if _, _, err := p.spell(ctx, s, writers, p.Turn/5, serial); err != nil {
		return turn{}, err
	}
	before, err := p.cpu()
	if err != nil {
		return turn{}, err
	}
	took, elapsed, err := p.spell(ctx, s, writers, p.Turn, serial)
	if err != nil {
		return turn{}, err
	}
	after, err := p.cpu()
	if err != nil {
		return turn{}, err
	}
	n := len(took)
	slices.Sort(took)
	return turn{
		rate: float64(n*max(p.Each, 1)) / elapsed.Seconds(),
		p50:  took[n/2], p99: took[n*99/100],
		cpu: (after - before) / time.Duration(n*max(p.Each, 1)),
	}, nil
}

func (p Plan) cpu() (time.Duration, error) {
	if p.CPU == nil {
		return 0, nil
	}
	return p.CPU()
}

// spell lets writers work for d and gives how long each operation took.
func (p Plan) spell(ctx context.Context, s Subject, writers int, d time.Duration, serial *atomic.Int64) (took []time.Duration, elapsed time.Duration, err error) {
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		failed error
	)
	begin := p.Clock()
	end := begin.Add(d)
	for w := range writers {
		wg.Go(func() {
			var mine []time.Duration
			var err error
			for at := p.Clock(); at.Before(end) && err == nil; {
				err = s.Do(ctx, w, serial.Add(1))
				now := p.Clock()
				mine, at = append(mine, now.Sub(at)), now
			}
			mu.Lock()
			defer mu.Unlock()
			took, failed = append(took, mine...), errors.Join(failed, err)
		})
	}
	wg.Wait()
	return took, p.Clock().Sub(begin), failed
}

func summary(name string, writers int, turns, first []turn) Result {
	ratios := make([]float64, len(turns))
	for i := range turns {
		ratios[i] = turns[i].rate / first[i].rate
	}
	slices.Sort(ratios)
	middle := len(turns) / 2
	return Result{
		Subject: name, Writers: writers,
		Rate:  medianOf(turns, func(t turn) float64 { return t.rate }),
		Ratio: ratios[middle],
		P50:   medianOf(turns, func(t turn) time.Duration { return t.p50 }),
		P99:   medianOf(turns, func(t turn) time.Duration { return t.p99 }),
		CPU:   medianOf(turns, func(t turn) time.Duration { return t.cpu }),
	}
}

func medianOf[T float64 | time.Duration](turns []turn, of func(turn) T) T {
	all := make([]T, len(turns))
	for i, t := range turns {
		all[i] = of(t)
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// Print writes results as a table.
func Print(w io.Writer, results []Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "writers\twhat\ta second\tratio\tp50\tp99\tCPU µs each\t")
	for _, r := range results {
		cpu := "-"
		if r.CPU > 0 {
			cpu = fmt.Sprintf("%.1f", float64(r.CPU.Nanoseconds())/1000)
		}
		fmt.Fprintf(t, "%d\t%s\t%.0f\t%.2f\t%s\t%s\t%s\t\n", r.Writers, r.Subject, r.Rate, r.Ratio,
			r.P50.Round(10*time.Microsecond), r.P99.Round(10*time.Microsecond), cpu)
	}
	return t.Flush()
}
