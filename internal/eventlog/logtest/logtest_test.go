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

func right() Suite {
	return Suite{
		Open:     func(testing.TB) eventlog.Log { return memlog.New(instant) },
		OpenAt:   func(_ testing.TB, clock func() time.Time) eventlog.Log { return memlog.New(clock) },
		Reopen:   func(_ testing.TB, l eventlog.Log) eventlog.Log { return l },
		Second:   func(_ testing.TB, l eventlog.Log) eventlog.Log { return l },
		Patience: 5 * time.Second,
		Writers:  6,
	}
}

// A suite that cannot fail proves nothing: each seeded fault must be noticed by the case
// that is about it, and that case must pass on a log without the fault.
func TestEveryFaultIsNoticed(t *testing.T) {
	for _, f := range slices.Concat(writingFaults, readingFaults) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			if found := judge(t, right(), f.noticed); len(found) > 0 {
				t.Fatalf("the case fails on a right log: %q", found)
			}
			s := right()
			if f.patience > 0 {
				s.Patience = f.patience
			}
			if f.seed != nil {
				s.Open = func(testing.TB) eventlog.Log {
					l := memlog.New(instant)
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

func TestRunWantsNothingButOpen(t *testing.T) {
	Run(t, func(*testing.T) eventlog.Log { return memlog.New(time.Now) })
}
