package logtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sijil/internal/eventlog"
)

func waitAtOnce(e *env) {
	l := e.open()
	stored := e.append(l, "s-1", eventlog.NoStream, drafts(1, 2)...)
	e.check(l.Wait(e.ctx, 0), "waiting for the first event")
	e.check(l.Wait(e.ctx, stored[0].Position), "waiting for the second event")
}

func waitIsPush(e *env) {
	l := e.open()
	after := eventlog.Position(0)
	for i := range 10 {
		short, cancel := context.WithTimeout(e.ctx, 20*time.Millisecond)
		err := l.Wait(short, after)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			e.Fatalf("waiting where nothing comes answered %v, want the context's end", err)
		}
		woken := make(chan error, 1)
		ctx, cancel := context.WithTimeout(e.ctx, soon)
		go func() { woken <- l.Wait(ctx, after) }()
		time.Sleep(time.Duration(i%3) * 5 * time.Millisecond) // it waits by now, or comes late: both must do
		stored := e.append(l, fmt.Sprintf("s-%d", i), eventlog.NoStream, draft(i))
		err = <-woken
		cancel()
		e.check(err, "waiting for an append")
		e.same(e.all(l, after), stored)
		after = stored[0].Position
	}
}

func waitWakesAll(e *env) {
	l := e.open()
	const n = 50
	ctx, cancel := context.WithTimeout(e.ctx, soon)
	defer cancel()
	woken := make(chan error, n)
	for range n {
		go func() { woken <- l.Wait(ctx, 0) }()
	}
	time.Sleep(10 * time.Millisecond) // most of them wait by now; the others come late, which must do too
	e.append(l, "s-1", eventlog.NoStream, draft(1))
	for range n {
		e.check(<-woken, "waiting")
	}
}
