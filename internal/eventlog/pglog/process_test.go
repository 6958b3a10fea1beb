package pglog_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/pglog"
	"sijil/internal/pgtest"
)

// owner is a connection of the owner's for what happens behind the log's back.
func owner(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
}

func TestOpenWantsAClockAndALog(t *testing.T) {
	pool := pgtest.Pool(t)
	if _, err := pglog.Open(t.Context(), pool, pglog.Config{}); err == nil {
		t.Error("a log without a clock was opened")
	}
	exec(t, owner(t, pool.Config().ConnString()), `drop table event_log`)
	if _, err := pglog.Open(t.Context(), pool, pglog.Config{Clock: time.Now}); err == nil {
		t.Error("a database without a log was opened")
	}
}

func TestPositionsAreDense(t *testing.T) {
	url := freshURL(t)
	logs := []eventlog.Log{open(t, url, pglog.Config{}), open(t, url, pglog.Config{MaxBatch: 3})}
	var mu sync.Mutex
	var acked []eventlog.Recorded
	var writers sync.WaitGroup
	for w := range 12 {
		writers.Go(func() {
			for n := range 30 {
				// Half of the writers share a stream, so that most of their appends are refused.
				stream := fmt.Sprintf("s-%d", w)
				want := eventlog.Revision(n - 1)
				if w%2 == 0 {
					stream = "shared"
				}
				got, err := logs[w%4/2].Append(t.Context(), stream, want, draft(1000*w+n))
				if err != nil && !errors.Is(err, eventlog.ErrConflict) {
					t.Error(err)
				}
				mu.Lock()
				acked = append(acked, got...)
				mu.Unlock()
			}
		})
	}
	writers.Wait()
	holds(t, logs[0], acked)
}

// The answer to a commit that fails comes after the answers to the statements before it.
func TestAFailingCommitIsNotAnAcknowledgement(t *testing.T) {
	url := freshURL(t)
	l := open(t, url, pglog.Config{})
	if _, err := l.Append(t.Context(), "s-1", eventlog.NoStream, draft(1)); err != nil {
		t.Fatal(err)
	}
	conn := owner(t, url)
	exec(t, conn, `
		create function fail() returns trigger language plpgsql as $$ begin raise 'the commit fails'; end $$;
		create constraint trigger fail after insert on events deferrable initially deferred for each row execute function fail()`)
	for range 3 { // alone, and then locked
		if got, err := l.Append(t.Context(), "s-1", 0, draft(2)); err == nil || errors.Is(err, eventlog.ErrConflict) {
			t.Fatalf("an append whose commit failed was answered %v, %v", got, err)
		}
	}
	exec(t, conn, `drop trigger fail on events`)
	got, err := l.Append(t.Context(), "s-1", 0, draft(2))
	if err != nil {
		t.Fatal(err)
	}
	holds(t, l, got)
}

func TestALostConnectionIsReplaced(t *testing.T) {
	url := freshURL(t)
	l := open(t, url, pglog.Config{})
	conn := owner(t, url)
	want := eventlog.NoStream
	for n := range 5 {
		if _, unknown, err := insist(t.Context(), l, "s-1", want, draft(n)); err != nil || unknown > 2 {
			t.Fatalf("after losing all connections: %d unknown outcomes, %v", unknown, err)
		}
		want++
		exec(t, conn, `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`)
	}
	// A connection that was lost while nothing happened costs nobody anything.
	time.Sleep(1200 * time.Millisecond)
	if _, err := l.Append(t.Context(), "s-1", want, draft(9)); err != nil {
		t.Fatalf("the first append after a rest: %v", err)
	}
}

// Whoever holds the lock holds up appends, but not their callers.
func TestAHeldLockEndsWithTheCallersContext(t *testing.T) {
	url := freshURL(t)
	l := open(t, url, pglog.Config{})
	conn := owner(t, url)
	exec(t, conn, fmt.Sprintf(`begin; select pg_advisory_xact_lock(%d)`, int64(0x73696a696c6c6f67)))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := l.Append(ctx, "s-1", eventlog.NoStream, draft(1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want the context's end", err)
	}
	// This one is queued behind it and gives up before it is taken.
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := l.Append(ctx, "s-2", eventlog.NoStream, draft(1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want the context's end", err)
	}
	exec(t, conn, `rollback`)
	// The first was on its way: it was stored after all, and the retry is answered.
	got, err := l.Append(t.Context(), "s-1", eventlog.NoStream, draft(1))
	if err != nil {
		t.Fatal(err)
	}
	if head, err := l.Head(t.Context(), "s-2"); err != nil || head != eventlog.NoStream {
		t.Fatalf("an append that was given up in the queue was stored: head %d, %v", head, err)
	}
	holds(t, l, got)
}

func TestATransactionIsBounded(t *testing.T) {
	url := freshURL(t)
	l := open(t, url, pglog.Config{Timeout: 100 * time.Millisecond})
	conn := owner(t, url)
	exec(t, conn, fmt.Sprintf(`begin; select pg_advisory_xact_lock(%d)`, int64(0x73696a696c6c6f67)))
	if _, err := l.Append(t.Context(), "s-1", eventlog.NoStream, draft(1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want the transaction's end", err)
	}
	exec(t, conn, `rollback`)
	if _, _, err := insist(t.Context(), l, "s-1", eventlog.NoStream, draft(1)); err != nil {
		t.Fatal(err)
	}
}

// Settings of the database that would break the reasoning are overruled.
func TestTheDatabasesIsolationDoesNotMatter(t *testing.T) {
	for _, level := range []string{"repeatable read", "serializable"} {
		t.Run(level, func(t *testing.T) {
			url := freshURL(t)
			conn := owner(t, url)
			exec(t, conn, fmt.Sprintf(`do $$ begin execute format('alter database %%I set default_transaction_isolation to ''%s''', current_database()); end $$`, level))
			logs := []eventlog.Log{open(t, url, pglog.Config{}), open(t, url, pglog.Config{})}
			var writers sync.WaitGroup
			for w := range 8 {
				writers.Go(func() {
					for n := range 25 {
						if _, err := logs[w%2].Append(t.Context(), fmt.Sprintf("s-%d", w), eventlog.Revision(n-1), draft(n)); err != nil {
							t.Errorf("appending: %v", err)
							return
						}
					}
				})
			}
			writers.Wait()
			holds(t, logs[0], nil)
		})
	}
}

// Events that come without an announcement are found by polling.
func TestWaitPolls(t *testing.T) {
	url := freshURL(t)
	l := open(t, url, pglog.Config{})
	conn := owner(t, url)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	woken := make(chan error, 1)
	go func() { woken <- l.Wait(ctx, 0) }()
	time.Sleep(50 * time.Millisecond)
	exec(t, conn, `insert into streams values (1, 's-1', 0);
		insert into events values (1, 1, 0, gen_random_uuid(), 'test.Happened.v1', '', '', now())`)
	if err := <-woken; err != nil {
		t.Fatalf("waiting: %v", err)
	}
	// The appender notices that it was not alone.
	got, err := l.Append(t.Context(), "s-1", 0, draft(2))
	if err != nil || got[0].Position != 2 {
		t.Fatalf("appending after somebody else: %v, %v", got, err)
	}
}

func TestWaitBelievesNoNotification(t *testing.T) {
	url := freshURL(t)
	l := open(t, url, pglog.Config{})
	conn := owner(t, url)
	for _, payload := range []string{"7", "-1", "", "x", "9223372036854775807", "99999999999999999999"} {
		exec(t, conn, `notify sijil_events, '`+payload+`'`)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := l.Wait(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("waiting in an empty log answered %v", err)
	}
}

func TestCloseFinishesWhatWasAccepted(t *testing.T) {
	url := freshURL(t)
	for range 5 {
		l := open(t, url, pglog.Config{MaxBatch: 4})
		end, err := l.End(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var acked []eventlog.Recorded
		var late atomic.Int64
		var writers sync.WaitGroup
		for w := range 64 {
			writers.Go(func() {
				for n := range 50 {
					got, err := l.Append(t.Context(), fmt.Sprintf("s-%d-%d-%d", end, w, n), eventlog.NoStream, draft(n))
					if errors.Is(err, eventlog.ErrClosed) {
						late.Add(1)
						return
					}
					if err != nil {
						t.Errorf("at the close: %v", err)
						return
					}
					mu.Lock()
					acked = append(acked, got...)
					mu.Unlock()
				}
			})
		}
		waiting := make(chan error, 1)
		go func() { waiting <- l.Wait(t.Context(), 1<<40) }()
		time.Sleep(10 * time.Millisecond)
		l.Close()
		writers.Wait()
		if err := <-waiting; !errors.Is(err, eventlog.ErrClosed) {
			t.Errorf("a waiting reader was answered %v", err)
		}
		if late.Load() == 0 {
			t.Error("nobody came too late: the test proves nothing")
		}
		holds(t, l, acked) // reading goes on
		l.Close()
		if _, err := l.Append(t.Context(), "s", eventlog.NoStream, draft(1)); !errors.Is(err, eventlog.ErrClosed) {
			t.Errorf("an append after the close was answered %v", err)
		}
	}
}

// A batch takes no more than its limits, and what is larger than a batch goes alone.
func TestLargeAppends(t *testing.T) {
	l := open(t, freshURL(t), pglog.Config{})
	var writers sync.WaitGroup
	for w := range 16 {
		writers.Go(func() {
			d := draft(w)
			d.Data = make([]byte, eventlog.MaxAppend-eventlog.Size([]eventlog.Draft{{Type: d.Type, Meta: d.Meta}}))
			if _, err := l.Append(t.Context(), fmt.Sprintf("s-%d", w), eventlog.NoStream, d); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	holds(t, l, nil)
}
