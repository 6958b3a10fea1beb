package ledger_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sijil/domain/institution"
	"sijil/internal/ledger"
)

// TestFoldsFollowOtherProcesses: what another process writes is seen in the evidence of this
// one, also when the log cannot be read for a while, at the start or later.
func TestFoldsFollowOtherProcesses(t *testing.T) {
	for _, failing := range []string{"", "End", "All", "Wait"} {
		t.Run("failing "+failing, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { foldsFollow(t, failing) })
		})
	}
}

func foldsFollow(t *testing.T, failing string) {
	w := newTown(t)
	other := w.another()
	act := w.act(w.college)
	seen := func() ledger.Loaded[institution.State] {
		in, err := ledger.Load(t.Context(), other, institution.Decider, institution.Decider.Stream(w.college), act)
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	var failures atomic.Int64
	w.log.FailRead = func(method string) error {
		if method == failing && failures.Add(1) <= 3 {
			return errors.New("connection refused")
		}
		return nil
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- other.Follow(ctx) }()
	// settle lets the follower do what it can, its pauses after failures included.
	settle := func() {
		time.Sleep(time.Minute)
		synctest.Wait()
	}
	settle()
	before := seen()
	w.close(w.college, w.lycee, "2026-11-01")
	settle()
	if after := seen(); after.Revision <= before.Revision {
		t.Errorf("the evidence is at revision %d as before the school closed", after.Revision)
	}
	if failing != "" && failures.Load() <= 3 {
		t.Errorf("%s was asked %d times: nothing was tried again", failing, failures.Load())
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
