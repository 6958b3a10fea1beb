package adapter

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"sijil/internal/eventlog"
)

func TestRecentForgetsInGenerations(t *testing.T) {
	r := NewRecent[string, int](4)
	r.Put("kept", -1)
	for n := range 100 {
		r.Put(fmt.Sprint(n), n)
		if v, ok := r.Get("kept"); !ok || v != -1 {
			t.Fatalf("a value in use was forgotten after %d others", n)
		}
		if v, ok := r.Get(fmt.Sprint(n)); !ok || v != n {
			t.Fatal("the newest was forgotten")
		}
	}
	if n := len(r.young) + len(r.old); n > 8 {
		t.Fatalf("%d values are remembered, at most 8 were to be", n)
	}
	if _, ok := r.Get("1"); ok {
		t.Fatal("a value out of use is still remembered")
	}
	r.Clear()
	if _, ok := r.Get("kept"); ok {
		t.Fatal("clear left something")
	}
}

func TestTideWakesWhoWaitsForLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tide Tide
		tide.Rise(3)
		tide.Rise(2) // it never falls
		if tide.Now() != 3 || tide.Waiting() {
			t.Fatalf("the tide is at %d, waited for: %v", tide.Now(), tide.Waiting())
		}
		if err := tide.Wait(t.Context(), 2); err != nil {
			t.Fatalf("waiting for what is there: %v", err)
		}
		left, leave := context.WithCancel(t.Context())
		ended := map[string]chan error{}
		for name, c := range map[string]struct {
			ctx   context.Context
			after eventlog.Position
		}{"woken": {t.Context(), 3}, "closed": {t.Context(), 4}, "left": {left, 4}} {
			end := make(chan error, 1)
			ended[name] = end
			go func() { end <- tide.Wait(c.ctx, c.after) }()
		}
		synctest.Wait()
		tide.Rise(4)
		if err := <-ended["woken"]; err != nil {
			t.Errorf("who waited for more than 3 at 4: %v", err)
		}
		synctest.Wait()
		if !tide.Waiting() {
			t.Error("nobody waits any more")
		}
		leave()
		if err := <-ended["left"]; !errors.Is(err, context.Canceled) {
			t.Errorf("who left: %v", err)
		}
		tide.Close()
		if err := <-ended["closed"]; !errors.Is(err, eventlog.ErrClosed) {
			t.Errorf("when it is closed: %v", err)
		}
	})
}
