package simtest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/internal/access"
	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
	"sijil/internal/ledger"
	"sijil/internal/vault"
)

// liar is a log that breaks its promises: Append is replaced, or what is read is changed.
type liar struct {
	*memlog.Log
	append func(l *memlog.Log, ctx context.Context, stream string, want eventlog.Revision, drafts []eventlog.Draft) ([]eventlog.Recorded, error)
	read   func(e eventlog.Recorded) (eventlog.Recorded, bool)
}

func (l *liar) Append(ctx context.Context, stream string, want eventlog.Revision, drafts ...eventlog.Draft) ([]eventlog.Recorded, error) {
	if l.append == nil {
		return l.Log.Append(ctx, stream, want, drafts...)
	}
	return l.append(l.Log, ctx, stream, want, drafts)
}

func (l *liar) All(ctx context.Context, after eventlog.Position) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		for e, err := range l.Log.All(ctx, after) {
			if l.read != nil && err == nil {
				var ok bool
				if e, ok = l.read(e); !ok {
					continue
				}
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// renames takes every name, also the one there is: its rules would hide what a log stores
// twice.
var renames = domain.Decider[domain.Text, int, institution.Event]{
	Category: institution.Decider.Category,
	Decide: func(_ int, name domain.Text) ([]institution.Event, error) {
		return []institution.Event{institution.InstitutionRenamed{NameOfInstitution: name}}, nil
	},
	Evolve: func(s int, _ institution.Event) int { return s + 1 },
}

// rename executes 20 commands on two streams through log, and books what was answered.
func rename(t *testing.T, log eventlog.Log) (Held, *Book) {
	t.Helper()
	master, _, err := vault.OpenFileMaster(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l := ledger.New(log, vault.New(vault.NewMemStore(), master, vault.Config{}), ledger.Config{Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	b := &Book{}
	office := &Office{ClientID: "soak.0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00", crowd: New(Config{})}
	tenant := access.TenantID("soak")
	for i := range 20 {
		c := &Command{Office: office, Path: "/v1/renamings", Key: fmt.Sprint(i), Facts: []string{"institution.InstitutionRenamed"}}
		act, err := l.Begin(t.Context(), ledger.Request{
			Tenant: tenant, Institution: tenant, Actor: office.Subject(), Client: office.ClientID, Route: "POST " + c.Path, Key: c.Key,
		})
		if err != nil {
			t.Fatal(err)
		}
		out, err := ledger.Execute(t.Context(), l, renames, renames.Stream(domain.DeriveID(tenant, fmt.Sprint(i%2))), act, ledger.Just(domain.Text{"en": "N"}))
		if err != nil {
			t.Fatal(err)
		}
		c.Position = out.Position
		b.acknowledge(c)
	}
	return Held{Log: log, Ledger: l}, b
}

func TestCheckFailsOnALogThatLies(t *testing.T) {
	sick := errors.New("connection reset")
	other := func(drafts []eventlog.Draft) []eventlog.Draft {
		drafts = slices.Clone(drafts)
		for i := range drafts {
			drafts[i].ID[0] ^= 1
		}
		return drafts
	}
	for name, c := range map[string]struct {
		lie  func(nth int) *liar
		want string
	}{
		"it acknowledges what it does not store": {func(nth int) *liar {
			l := &liar{}
			l.append = func(log *memlog.Log, ctx context.Context, stream string, want eventlog.Revision, drafts []eventlog.Draft) ([]eventlog.Recorded, error) {
				if nth--; nth == 0 {
					return []eventlog.Recorded{{Draft: drafts[0], Stream: stream, Revision: want + 1, Position: 99}}, nil
				}
				return log.Append(ctx, stream, want, drafts...)
			}
			return l
		}, "is lost"},
		"it stores an append twice": {func(nth int) *liar {
			l := &liar{}
			l.append = func(log *memlog.Log, ctx context.Context, stream string, want eventlog.Revision, drafts []eventlog.Draft) ([]eventlog.Recorded, error) {
				out, err := log.Append(ctx, stream, want, drafts...)
				if nth--; err == nil && nth == 0 {
					_, err = log.Append(ctx, stream, want+1, other(drafts)...)
				}
				return out, err
			}
			return l
		}, "recorded [institution.InstitutionRenamed institution.InstitutionRenamed]"},
		"it stores under another id, so that a retry does not find it": {func(nth int) *liar {
			l := &liar{}
			l.append = func(log *memlog.Log, ctx context.Context, stream string, want eventlog.Revision, drafts []eventlog.Draft) ([]eventlog.Recorded, error) {
				if nth--; nth == 0 {
					_, _ = log.Append(ctx, stream, want, other(drafts)...) // its answer is what is lost
					return nil, sick
				}
				return log.Append(ctx, stream, want, drafts...)
			}
			return l
		}, "recorded [institution.InstitutionRenamed institution.InstitutionRenamed]"},
		"it answers another position": {func(nth int) *liar {
			l := &liar{}
			l.append = func(log *memlog.Log, ctx context.Context, stream string, want eventlog.Revision, drafts []eventlog.Draft) ([]eventlog.Recorded, error) {
				out, err := log.Append(ctx, stream, want, drafts...)
				if nth--; err == nil && nth == 0 {
					out[0].Position++
				}
				return out, err
			}
			return l
		}, "and stands at"},
		"it hides an event": {func(nth int) *liar {
			return &liar{read: func(e eventlog.Recorded) (eventlog.Recorded, bool) { return e, int(e.Position) != nth }}
		}, "stream_gap"},
		"its times go back": {func(nth int) *liar {
			return &liar{read: func(e eventlog.Recorded) (eventlog.Recorded, bool) {
				if int(e.Position) == nth {
					e.Meta = []byte(strings.Replace(string(e.Meta), `"recordedAt":"20`, `"recordedAt":"19`, 1))
				}
				return e, true
			}}
		}, "time_order"},
		"it holds what nobody asked for": {func(nth int) *liar {
			return &liar{read: func(e eventlog.Recorded) (eventlog.Recorded, bool) {
				if int(e.Position) == nth {
					e.Meta = []byte(strings.Replace(string(e.Meta), `"commandKey":"`, `"commandKey":"x`, 1))
				}
				return e, true
			}}
		}, "nobody was promised"},
	} {
		t.Run(name, func(t *testing.T) {
			log := c.lie(9)
			log.Log = memlog.New(time.Now)
			held, book := rename(t, log)
			r, err := Check(t.Context(), held, book)
			if err != nil {
				t.Fatal(err)
			}
			if r.Err() == nil || !strings.Contains(r.Err().Error(), c.want) {
				t.Errorf("got %v, want %q", r.Err(), c.want)
			}
		})
	}
	t.Run("an honest log that loses connections is whole", func(t *testing.T) {
		n := 0
		log := memlog.New(time.Now)
		log.FailAppend = func(string, []eventlog.Draft) (bool, error) {
			if n++; n%3 == 0 {
				return n%2 == 0, sick
			}
			return false, nil
		}
		held, book := rename(t, log)
		if r, err := Check(t.Context(), held, book); err != nil || r.Err() != nil || r.Commands != 20 || r.Log.Events != 20 {
			t.Errorf("%v, %v", err, r.Err())
		}
	})
}

func TestWhatClientsSawIsPartOfTheReport(t *testing.T) {
	held, book := rename(t, memlog.New(time.Now))
	for i := range 2 * shownProblems {
		book.complain("the transcript lacks grade %d", i)
	}
	r, err := Check(t.Context(), held, book)
	if err != nil {
		t.Fatal(err)
	}
	if r.Err() == nil || !strings.Contains(r.Err().Error(), "lacks grade 0") {
		t.Errorf("got %v", r.Err())
	}
}
