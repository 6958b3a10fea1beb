package logtest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
)

var (
	errAway = errors.New("nobody is there")
	errCut  = errors.New("connection reset")
)

// outage is what may befall the connection to a log in memory.
type outage struct {
	away      atomic.Bool
	early, at atomic.Bool // cut the next append, before or after it is stored
}

// outages are those of each log that inMemory gave.
var outages sync.Map

// inMemory is a log that can be taken away and cut off.
func inMemory() *memlog.Log {
	l, o := memlog.New(instant), &outage{}
	l.FailRead = func(string) error {
		if o.away.Load() {
			return errAway
		}
		return nil
	}
	l.FailAppend = func(string, []eventlog.Draft) (persist bool, err error) {
		switch {
		case o.away.Load():
			return false, errAway
		case o.early.Swap(false):
			return false, errCut
		case o.at.Swap(false):
			return true, errCut
		}
		return false, nil
	}
	outages.Store(l, o)
	return l
}

// outageOf is the outage of a log, or of the one that it breaks.
func outageOf(l eventlog.Log) *outage {
	if b, ok := l.(*broken); ok {
		l = b.Log
	}
	o, _ := outages.Load(l)
	return o.(*outage)
}

func stop(_ testing.TB, l eventlog.Log)  { outageOf(l).away.Store(true) }
func start(_ testing.TB, l eventlog.Log) { outageOf(l).away.Store(false) }

func cut(_ testing.TB, l eventlog.Log, late bool) {
	o := outageOf(l)
	o.early.Store(!late)
	o.at.Store(late)
}
