package ledger_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"sijil/domain"
	"sijil/domain/statuslist"
	"sijil/internal/eventlog"
	"sijil/internal/ledger"
)

func (c *classroom) entries(from, to int) (all []statuslist.Entry) {
	for i := from; i < to; i++ {
		all = append(all, statuslist.Entry{Award: c.id(fmt.Sprint("award", i)), Edition: 1, Credential: c.id(fmt.Sprint("credential", i))})
	}
	return all
}

// TestStatusIndexes: whoever asks again, in whatever batches, after whatever failure, each
// credential has one place and no place has two.
func TestStatusIndexes(t *testing.T) {
	c := newClassroom(t)
	act := c.act(c.school, "issuer")
	first, err := c.l.AssignStatusIndexes(t.Context(), act, c.school, c.entries(0, 300))
	refused(t, err, "")
	lost := true
	c.log.FailAppend = func(string, []eventlog.Draft) (bool, error) {
		if lost {
			lost = false
			return true, errors.New("connection reset")
		}
		return false, nil
	}
	var mu sync.Mutex
	all := map[domain.ID]ledger.Place{}
	var wait sync.WaitGroup
	for w := range 8 {
		wait.Go(func() {
			got, err := c.l.AssignStatusIndexes(t.Context(), c.act(c.school, "issuer"), c.school, c.entries(w*100, w*100+400))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for id, p := range got {
				if had, ok := all[id]; ok && had != p {
					t.Errorf("%s has places %v and %v", id, had, p)
				}
				all[id] = p
			}
		})
	}
	wait.Wait()
	taken := map[ledger.Place]bool{}
	for id, p := range all {
		if taken[p] {
			t.Errorf("place %v is taken twice", p)
		}
		taken[p] = true
		if f, ok := first[id]; ok && f != p {
			t.Errorf("%s moved from %v to %v", id, f, p)
		}
	}
	if len(all) != 1100 || len(c.events("statusList.StatusIndexAssigned.v1")) != 1100 {
		t.Errorf("%d credentials, %d assignments", len(all), len(c.events("statusList.StatusIndexAssigned.v1")))
	}
}

// TestStatusListsFillUp: the next list takes what the full one has no room for.
func TestStatusListsFillUp(t *testing.T) {
	c := newClassroom(t)
	act := c.act(c.school, "issuer")
	half := statuslist.MinLength / 2
	_, err := c.l.AssignStatusIndexes(t.Context(), act, c.school, c.entries(0, half-3))
	refused(t, err, "")
	got, err := c.l.AssignStatusIndexes(t.Context(), c.act(c.school, "issuer"), c.school, c.entries(half-5, half+5))
	refused(t, err, "")
	lists := map[int]int{}
	for _, p := range got {
		lists[p.List]++
	}
	if lists[1] != 5 || lists[2] != 5 {
		t.Errorf("places by list %v", lists)
	}
}
