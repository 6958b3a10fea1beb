package logtest

import (
	"context"
	"iter"
	"math"
	"runtime"
	"time"

	"sijil/internal/eventlog"
)

// A reader that stands still may hold a few pages, and no log that somebody fills behind
// its back.
const (
	slowLog   = 32 << 20
	slowLimit = 16 << 20
)

// slowReader stops readers at their first event, in front of a log much greater than what
// they may hold, and measures the heap.
func slowReader(e *env) {
	l := e.open()
	// Somebody waits, so that a log with a live connection has it.
	short, cancel := context.WithTimeout(e.ctx, 10*time.Millisecond)
	_ = l.Wait(short, 0)
	cancel()
	big := draft(0)
	big.Data = make([]byte, 1_000_000)
	for n := range slowLog / len(big.Data) {
		big.ID = id(n)
		e.append(l, "s-1", eventlog.Revision(n-1), big)
	}
	for name, events := range map[string]iter.Seq2[eventlog.Recorded, error]{
		"All":  l.All(e.ctx, 0),
		"Back": l.Back(e.ctx, math.MaxUint64),
		"Read": l.Read(e.ctx, "s-1", 0),
	} {
		before := heap()
		next, stop := iter.Pull2(events)
		_, err, _ := next()
		e.check(err, "reading")
		time.Sleep(100 * time.Millisecond) // whoever fetches in advance, does it now
		if grown := heap() - before; grown > slowLimit {
			e.Errorf("%s stopped at its first event holds %d MB, want at most %d of the log's %d", name, grown>>20, slowLimit>>20, slowLog>>20)
		} else {
			e.Logf("%s stopped at its first event holds %d kB", name, grown>>10)
		}
		stop()
	}
}

// heap is what is in use, after what is not was collected.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
