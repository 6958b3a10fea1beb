package esdblog_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdblog"
	"sijil/internal/eventlog/logtest"
)

func TestContract(t *testing.T) {
	suite(inMemory).Run(t)
}

// suite is the contract over a real connection to a server over logs that below gives.
func suite(below func(testing.TB) eventlog.Log) logtest.Suite {
	return logtest.Suite{
		Open: func(t testing.TB) eventlog.Log { return open(t, serve(t, below(t)).proxied(), esdblog.Config{}) },
		OpenAt: func(t testing.TB, clock func() time.Time) eventlog.Log {
			return open(t, serve(t, below(t)), esdblog.Config{Clock: clock})
		},
		Reopen: func(t testing.TB, l eventlog.Log) eventlog.Log {
			p := l.(*process)
			p.Close()
			p.node.stop()
			p.node.start()
			return open(t, p.node, esdblog.Config{})
		},
		Stop:   func(_ testing.TB, l eventlog.Log) { l.(*process).node.stop() },
		Start:  func(_ testing.TB, l eventlog.Log) { l.(*process).node.start() },
		Cut:    func(_ testing.TB, l eventlog.Log, late bool) { l.(*process).node.via.cut(rand.IntN(4), late) },
		Causal: true,
		Second: func(t testing.TB, l eventlog.Log) eventlog.Log { return open(t, l.(*process).node, esdblog.Config{}) },
	}
}
