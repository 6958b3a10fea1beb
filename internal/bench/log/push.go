package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	"sijil/internal/bench"
	"sijil/internal/bench/pgserver"
	"sijil/internal/eventlog"
)

// push measures how soon a follower has an event in its hands: after its writer sent it, and
// after its writer was told that it is stored. Followers are another process's use of the
// same log, and a subscriber behind the protocol. Writers wait for their answers, and pause
// so that they offer a rate that the machine can take; then they go as fast as they can.
func push(ctx context.Context, server *pgserver.Server, o options) error {
	at, err := server.Database(ctx, "push")
	if err != nil {
		return err
	}
	writer, err := openDirect(ctx, at)
	if err != nil {
		return err
	}
	defer writer.Close()
	beside, err := server.Pool(ctx, at.Config().ConnString())
	if err != nil {
		return err
	}
	second, err := openDirect(ctx, beside)
	if err != nil {
		return err
	}
	defer second.Close()
	remote, err := openRemote(ctx, writer)
	if err != nil {
		return err
	}
	defer remote.Close()
	fmt.Printf("\nPush: 64 writers; how soon a follower has the event, after it was sent and after its writer had the answer.\n\n")
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "follower\tevents a second\tsent p50\tp99\tanswered p50\tp99\t")
	for _, pause := range []time.Duration{30 * time.Millisecond, 0} {
		for _, follower := range []struct {
			name string
			log  eventlog.Log
		}{{"another process", second}, {"EventStoreDB protocol", remote}} {
			m, err := measurePush(ctx, writer, follower.log, o.turn*2, pause)
			if err != nil {
				return fmt.Errorf("%s: %w", follower.name, err)
			}
			fmt.Fprintf(t, "%s\t%.0f\t%s\t%s\t%s\t%s\t\n", follower.name, m.rate, at50(m.sent), at99(m.sent), at50(m.answered), at99(m.answered))
		}
	}
	return t.Flush()
}

// pushed is what was measured; negative after the answer counts as none.
type pushed struct {
	rate           float64
	sent, answered []time.Duration
}

func measurePush(ctx context.Context, writer, follower eventlog.Log, d, pause time.Duration) (m pushed, err error) {
	from, err := writer.End(ctx)
	if err != nil {
		return m, err
	}
	var mu sync.Mutex
	sent, answered, seen := map[uint64]time.Time{}, map[uint64]time.Time{}, map[uint64]time.Time{}
	following, stop := context.WithCancel(ctx)
	defer stop()
	followed := make(chan error, 1)
	go func() {
		followed <- follow(following, follower, from, func(e eventlog.Recorded) {
			now, n := time.Now(), binary.BigEndian.Uint64(e.ID[8:])
			mu.Lock()
			defer mu.Unlock()
			seen[n] = now
		})
	}()
	draft := bench.Draft()
	var wg sync.WaitGroup
	var failed error
	begin := time.Now()
	for w := range 64 {
		wg.Go(func() {
			for i := 0; time.Since(begin) < d; i++ {
				n := uint64(w)<<32 | uint64(i)
				mine := draft
				mine.ID = eventlog.UUID{}
				binary.BigEndian.PutUint64(mine.ID[8:], n)
				before := time.Now()
				_, err := writer.Append(ctx, fmt.Sprintf("push-%d-%d", begin.UnixNano(), n), eventlog.NoStream, mine)
				after := time.Now()
				mu.Lock()
				sent[n], answered[n] = before, after
				failed = errors.Join(failed, err)
				mu.Unlock()
				if err != nil {
					return
				}
				time.Sleep(pause)
			}
		})
	}
	wg.Wait()
	m.rate = float64(len(sent)) / time.Since(begin).Seconds()
	for end := time.Now().Add(10 * time.Second); failed == nil; time.Sleep(10 * time.Millisecond) {
		mu.Lock()
		all := len(seen) == len(sent)
		mu.Unlock()
		if all {
			break
		}
		if time.Now().After(end) {
			failed = fmt.Errorf("the follower has %d of %d events", len(seen), len(sent))
		}
	}
	stop()
	if err := <-followed; failed == nil && !errors.Is(err, context.Canceled) {
		failed = err
	}
	for n, at := range seen {
		m.sent = append(m.sent, at.Sub(sent[n]))
		m.answered = append(m.answered, max(0, at.Sub(answered[n])))
	}
	slices.Sort(m.sent)
	slices.Sort(m.answered)
	return m, failed
}

// follow hands over what comes after from, until ctx ends.
func follow(ctx context.Context, l eventlog.Log, from eventlog.Position, take func(eventlog.Recorded)) error {
	for {
		if err := l.Wait(ctx, from); err != nil {
			return err
		}
		for e, err := range l.All(ctx, from) {
			if err != nil {
				return err
			}
			take(e)
			from = e.Position
		}
	}
}

func at50(d []time.Duration) time.Duration { return d[len(d)/2].Round(10 * time.Microsecond) }

func at99(d []time.Duration) time.Duration { return d[len(d)*99/100].Round(10 * time.Microsecond) }
