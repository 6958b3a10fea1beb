package pglog

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/adapter"
)

// cachedNames is how many streams' names a log remembers at least: some 2 MB.
const cachedNames = 16 << 10

// names knows the names of streams by their ids, which never change. Looking them up in the
// query that reads events would cost ten times what the events themselves cost.
type names struct {
	mu    sync.Mutex
	known *adapter.Recent[int64, string]
}

func newNames() *names { return &names{known: adapter.NewRecent[int64, string](cachedNames)} }

func (n *names) learn(id int64, name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.known.Put(id, name)
}

const namesSQL = `select id, name from streams where id = any($1)`

// fill sets the streams of events, which ids gives in the same order.
func (n *names) fill(ctx context.Context, db interface {
	Query(context.Context, string, ...any) (pgx.Rows, error)
}, events []eventlog.Recorded, ids []int64,
) error {
	missing := map[int64]string{}
	n.mu.Lock()
	for i, id := range ids {
		name, ok := n.known.Get(id)
		events[i].Stream = name
		if !ok {
			missing[id] = ""
		}
	}
	n.mu.Unlock()
	if len(missing) == 0 {
		return nil
	}
	wanted := make([]int64, 0, len(missing))
	for id := range missing {
		wanted = append(wanted, id)
	}
	rows, err := db.Query(ctx, namesSQL, wanted)
	if err != nil {
		return fmt.Errorf("reading names of streams: %w", err)
	}
	var id int64
	var name string
	if _, err := pgx.ForEachRow(rows, []any{&id, &name}, func() error {
		missing[id] = name
		n.learn(id, name)
		return nil
	}); err != nil {
		return fmt.Errorf("reading names of streams: %w", err)
	}
	for i, id := range ids {
		if name, ok := missing[id]; ok {
			events[i].Stream = name
		}
	}
	return nil
}
