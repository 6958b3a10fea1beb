package logtest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
)

// verdict is a testing.TB that remembers failures instead of reporting them.
type verdict struct {
	testing.TB
	ctx context.Context

	mu       sync.Mutex
	failures []string
	skipped  bool
}

func (v *verdict) Context() context.Context  { return v.ctx }
func (v *verdict) Helper()                   {}
func (v *verdict) Log(...any)                {}
func (v *verdict) Logf(string, ...any)       {}
func (v *verdict) Error(args ...any)         { v.fail(fmt.Sprint(args...)) }
func (v *verdict) Errorf(f string, a ...any) { v.fail(fmt.Sprintf(f, a...)) }
func (v *verdict) Fail()                     { v.fail("failed") }
func (v *verdict) Fatal(args ...any)         { v.fail(fmt.Sprint(args...)); v.FailNow() }
func (v *verdict) Fatalf(f string, a ...any) { v.fail(fmt.Sprintf(f, a...)); v.FailNow() }
func (v *verdict) FailNow()                  { runtime.Goexit() }
func (v *verdict) Skip(...any)               { v.skipped = true; runtime.Goexit() }
func (v *verdict) Failed() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.failures) > 0
}

func (v *verdict) fail(message string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.failures = append(v.failures, message)
}

// judge runs one case on a suite and gives what it found wrong.
func judge(t *testing.T, s Suite, name string) []string {
	t.Helper()
	if name == rememberCase {
		open := s.Open
		s.Open = func(t testing.TB) eventlog.Log { // memlog remembers nothing of itself
			l := open(t)
			if _, ok := l.(eventlog.Rememberer); !ok {
				l = &broken{Log: l}
			}
			return l
		}
	}
	at := slices.IndexFunc(cases, func(c testCase) bool { return c.name == name })
	if at < 0 {
		t.Fatalf("there is no case %q", name)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	v := &verdict{TB: t, ctx: ctx}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.run(v, cases[at])
	}()
	<-done
	if v.skipped {
		t.Fatalf("the case %q was skipped", name)
	}
	return v.failures
}

// rememberCase is the one about logs that remember.
const rememberCase = "what a log remembers is what it holds"

func right() Suite {
	return Suite{
		Open:     func(testing.TB) eventlog.Log { return inMemory() },
		OpenAt:   func(_ testing.TB, clock func() time.Time) eventlog.Log { return memlog.New(clock) },
		Reopen:   func(_ testing.TB, l eventlog.Log) eventlog.Log { return l },
		Second:   func(_ testing.TB, l eventlog.Log) eventlog.Log { return l },
		Stop:     stop,
		Start:    start,
		Cut:      cut,
		Patience: 5 * time.Second,
		Writers:  6,
	}
}

// faults are all that are seeded.
func faults() []fault {
	return slices.Concat(writingFaults, readingFaults, serverFaults, meetingFaults)
}

// A suite that cannot fail proves nothing: each seeded fault must be noticed by the case
// that is about it, and that case must pass on a log without the fault.
func TestEveryFaultIsNoticed(t *testing.T) {
	for _, f := range faults() {
		t.Run(f.name, func(t *testing.T) {
			if !f.alone {
				t.Parallel()
			}
			if found := judge(t, right(), f.noticed); len(found) > 0 {
				t.Fatalf("the case fails on a right log: %q", found)
			}
			s := right()
			if f.patience > 0 {
				s.Patience = f.patience
			}
			if f.seed != nil {
				s.Open = func(testing.TB) eventlog.Log {
					l := inMemory()
					b := &broken{Log: l}
					f.seed(b, l)
					return b
				}
			}
			if f.hooks != nil {
				f.hooks(&s)
			}
			found := judge(t, s, f.noticed)
			for range 5 { // some faults show only when two goroutines meet
				if len(found) == 0 {
					found = judge(t, s, f.noticed)
				}
			}
			if len(found) == 0 {
				t.Fatalf("the case %q did not notice", f.noticed)
			}
			t.Logf("noticed: %s", found[0])
		})
	}
}

// What a causal log promises is less than the whole order, and not nothing.
func TestCausalOrder(t *testing.T) {
	// stamped is a log whose time goes back with every append, within a stream only where said.
	stamped := func(withinStreams bool) func(testing.TB, func() time.Time) eventlog.Log {
		return func(testing.TB, func() time.Time) eventlog.Log {
			b := &broken{Log: inMemory()}
			var mu sync.Mutex
			at := instant()
			b.append = func(ctx context.Context, stream string, want eventlog.Revision, ds []eventlog.Draft) ([]eventlog.Recorded, error) {
				mu.Lock()
				at = at.Add(-time.Second)
				now := at
				mu.Unlock()
				if before, _ := collect(b.Log.Read(ctx, stream, 0)); len(before) > 0 && !withinStreams {
					now = latest(before)
				}
				stamped := slices.Clone(ds)
				for i := range ds {
					stamped[i].Meta = eventlog.Stamp(ds[i].Meta, now)
				}
				return b.Log.Append(ctx, stream, want, stamped...)
			}
			return b
		}
	}
	for name, c := range map[string]struct {
		causal, withinStreams, fails bool
	}{
		"a total order does not go back between streams":  {false, false, true},
		"a causal order may go back between streams":      {true, false, false},
		"a causal order does not go back within a stream": {true, true, true},
	} {
		s := right()
		s.Causal, s.OpenAt = c.causal, stamped(c.withinStreams)
		if found := judge(t, s, "recordedAt never decreases, whatever the clock says"); (len(found) > 0) != c.fails {
			t.Errorf("%s, and the case found %q", name, found)
		}
	}
}

func TestRunWantsNothingButOpen(t *testing.T) {
	Run(t, func(*testing.T) eventlog.Log { return memlog.New(time.Now) })
}
