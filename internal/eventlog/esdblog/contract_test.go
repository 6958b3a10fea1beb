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
	s := suite(inMemory, esdblog.Config{})
	s.Except = "many pages" // much data, and the same over PostgreSQL
	s.Run(t)
}

// The rest of the contract is the same whatever is below the server; what many do at once
// is another matter.
func TestContractOverPostgres(t *testing.T) {
	below := func(t testing.TB) eventlog.Log { l, _ := inPostgres(t); return l }
	for _, only := range []string{"find gives", "any text", "verbatim", "many pages", "retry", "batch becomes", "cut", "across a restart", "processes"} {
		s := suite(below, esdblog.Config{})
		s.Only, s.Writers = only, 8
		s.Run(t)
	}
}

// A server may offer no batches; and what a batch leaves unknown goes the same way.
func TestContractOneByOne(t *testing.T) {
	for _, only := range []string{"conflict", "retry", "same moment", "at once", "refused", "MaxAppend", "cut", "server"} {
		s := suite(inMemory, esdblog.OneByOne(esdblog.Config{}))
		s.Only = only
		s.Run(t)
	}
}

// suite is the contract over a real connection to a server over logs that below gives.
func suite(below func(testing.TB) eventlog.Log, cfg esdblog.Config) logtest.Suite {
	return logtest.Suite{
		Open: func(t testing.TB) eventlog.Log { return open(t, serve(t, below(t)).proxied(), cfg) },
		OpenAt: func(t testing.TB, clock func() time.Time) eventlog.Log {
			clocked := cfg
			clocked.Clock = clock
			return open(t, serve(t, below(t)), clocked)
		},
		Reopen: func(t testing.TB, l eventlog.Log) eventlog.Log {
			p := l.(*process)
			p.Close()
			p.node.stop()
			p.node.start()
			return open(t, p.node, cfg)
		},
		Stop:   func(_ testing.TB, l eventlog.Log) { l.(*process).node.stop() },
		Start:  func(_ testing.TB, l eventlog.Log) { l.(*process).node.start() },
		Cut:    func(_ testing.TB, l eventlog.Log, late bool) { l.(*process).node.via.cut(rand.IntN(4), late) },
		Causal: true,
		Light:  true,
		Second: func(t testing.TB, l eventlog.Log) eventlog.Log { return open(t, l.(*process).node, cfg) },
	}
}
