// Package ledger is the only writer of events: it loads evidence, lets a decider of the
// domain decide, seals what is personal and appends the facts. One file per aggregate
// holds its use cases.
package ledger

import (
	"context"
	"hash/maphash"
	"log/slog"
	"sync/atomic"
	"time"

	"sijil/internal/eventlog"
	"sijil/internal/vault"
)

// Config's zero value works, except for Now.
type Config struct {
	// Now is the clock; required.
	Now func() time.Time
	// CachedFolds is how many streams' states stay in memory; 0 means 20,000.
	CachedFolds int
	// Logger hears of retries and unknown outcomes; nil means slog.Default().
	Logger *slog.Logger
}

// Ledger decides and appends. Safe for concurrent use.
type Ledger struct {
	log    eventlog.Log
	vault  *vault.Vault
	now    func() time.Time
	logger *slog.Logger
	folds  *folds
	recent *recentKeys
	// followed is how far Follow has kept the folds current.
	followed atomic.Uint64
	locks    [4096]chan struct{}
	seed     maphash.Seed
	total    Tally
}

// New is a ledger that writes to log and seals through v.
func New(log eventlog.Log, v *vault.Vault, cfg Config) *Ledger {
	if cfg.CachedFolds == 0 {
		cfg.CachedFolds = 20_000
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	l := &Ledger{
		log: log, vault: v, now: cfg.Now, logger: cfg.Logger,
		folds: newFolds(cfg.CachedFolds), recent: newRecentKeys(65_536), seed: maphash.MakeSeed(),
	}
	for i := range l.locks {
		l.locks[i] = make(chan struct{}, 1)
	}
	return l
}

// Log is the log the ledger writes to, for readers.
func (l *Ledger) Log() eventlog.Log { return l.log }

// Vault is the vault the ledger seals through.
func (l *Ledger) Vault() *vault.Vault { return l.vault }

// lock keeps this process's commands on one stream in a row: they would only conflict in
// the log and decide again. Streams may share a lock. It is no guarantee, the expected
// revision is.
func (l *Ledger) lock(ctx context.Context, stream string) (unlock func(), err error) {
	sem := l.locks[maphash.String(l.seed, stream)%uint64(len(l.locks))]
	select {
	case sem <- struct{}{}:
		return func() { <-sem }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
