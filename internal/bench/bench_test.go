package bench

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
)

// In a bubble time is exact: one way takes 1 ms, the other 4.
func TestRunMeasures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cpu atomic.Int64
		takes := func(d time.Duration) func(context.Context, int, int64) error {
			return func(context.Context, int, int64) error {
				time.Sleep(d)
				cpu.Add(int64(d / 2))
				return nil
			}
		}
		results, err := Run(t.Context(), Plan{
			Clock: time.Now, Writers: []int{1, 4}, Rounds: 3, Turn: 400 * time.Millisecond,
			CPU: func() (time.Duration, error) { return time.Duration(cpu.Load()), nil },
		}, Subject{"quick", takes(time.Millisecond)}, Subject{"slow", takes(4 * time.Millisecond)})
		if err != nil {
			t.Fatal(err)
		}
		want := []Result{
			{"quick", 1, 1000, 1, time.Millisecond, time.Millisecond, 500 * time.Microsecond},
			{"slow", 1, 250, 0.25, 4 * time.Millisecond, 4 * time.Millisecond, 2 * time.Millisecond},
			{"quick", 4, 4000, 1, time.Millisecond, time.Millisecond, 500 * time.Microsecond},
			{"slow", 4, 1000, 0.25, 4 * time.Millisecond, 4 * time.Millisecond, 2 * time.Millisecond},
		}
		for i, w := range want {
			if results[i] != w {
				t.Errorf("measured %+v, want %+v", results[i], w)
			}
		}
		var out bytes.Buffer
		if err := Print(&out, results); err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{"writers", "CPU µs each", "slow       250   0.25  4ms  4ms       2000.0"} {
			if !strings.Contains(out.String(), s) {
				t.Errorf("the table does not say %q:\n%s", s, out.String())
			}
		}
	})
}

func TestRunEndsWithTheFirstError(t *testing.T) {
	broken := errors.New("broken")
	_, err := Run(t.Context(), Plan{Clock: time.Now, Writers: []int{3}, Turn: time.Minute},
		Subject{"breaks", func(context.Context, int, int64) error { return broken }})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "breaks with 3 writers") {
		t.Fatalf("got %v", err)
	}
}

func TestEventsDifferAndHaveTheirSize(t *testing.T) {
	log := memlog.New(time.Now)
	s := Append("memory", log)
	for n := range int64(100) {
		if err := s.Do(t.Context(), 0, n); err != nil {
			t.Fatal(err)
		}
	}
	ids := map[eventlog.UUID]bool{}
	for e, err := range log.All(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		ids[e.ID] = true
		unstamped := len(e.Meta) - len("2006-01-02T15:04:05.000000Z")
		if n := len(e.Type) + len(e.Data) + unstamped; n != EventSize {
			t.Fatalf("an event has %d bytes, want %d", n, EventSize)
		}
	}
	if len(ids) != 100 {
		t.Fatalf("100 events have %d ids", len(ids))
	}
}

func TestParseStat(t *testing.T) {
	// proc(5): 1 pid, 2 comm, 3 state, 4 ppid, … 14 utime, 15 stime, 16 cutime, 17 cstime.
	p, err := parseStat("42 (post) gres: (x) S 7 42 42 0 -1 4194560 1 2 3 4 11 22 33 44 20 0 1 0 5 6")
	if err != nil || p != (process{42, 7, 330 * time.Millisecond, 770 * time.Millisecond}) {
		t.Fatalf("got %+v, %v", p, err)
	}
	for _, line := range []string{"", "42", "42 (x", "x (a) S 7 1 1 0 -1 4 1 2 3 4 1 2 3 4 2 0", "42 (a) S 7"} {
		if p, err := parseStat(line); err == nil {
			t.Errorf("%q was read as %+v", line, p)
		}
	}
}
