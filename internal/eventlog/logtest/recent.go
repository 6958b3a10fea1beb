package logtest

import (
	"fmt"

	"sijil/internal/eventlog"
)

// recentIsTrue asks logs that remember their latest events for them from every position.
func recentIsTrue(e *env) {
	l := e.open()
	if _, ok := l.(eventlog.Rememberer); !ok {
		e.Skip("this log remembers nothing")
	}
	logs := []eventlog.Log{l}
	if e.Second != nil {
		logs = append(logs, e.Second(e.TB, l))
	}
	var stored []eventlog.Recorded
	for i := range 60 {
		by := logs[(i/10)%len(logs)] // runs of one process, with the other's between
		stored = append(stored, e.append(by, fmt.Sprintf("s-%d", i), eventlog.NoStream, drafts(10*i, 1+i%3)...)...)
	}
	for _, l := range logs {
		remembered, last := 0, stored[len(stored)-1].Position
		for after := range last + 2 {
			recent := l.(eventlog.Rememberer).Recent(after)
			held := e.all(l, after)
			if len(recent) > len(held) {
				e.Fatalf("%d events are remembered after %d, the log has %d", len(recent), after, len(held))
			}
			e.same(recent, held[:len(recent)])
			remembered += len(recent)
			for _, r := range recent { // the bytes are the caller's
				clear(r.Data)
				clear(r.Meta)
			}
			since, err := collect(eventlog.Since(e.ctx, l, after))
			e.check(err, "reading what came since")
			if len(held) > 0 && len(since) == 0 {
				e.Fatalf("nothing came since %d, and the log has %d events", after, len(held))
			}
			e.same(since, held[:len(since)])
		}
		if l == logs[len(logs)-1] && remembered == 0 {
			e.Fatal("the process that appended last remembers nothing")
		}
	}
}
