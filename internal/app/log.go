package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdblog"
	"sijil/internal/eventlog/pglog"
)

// Log is the event log, wherever it lives.
type Log interface {
	eventlog.Log
	// Close accepts nothing further and finishes what was accepted.
	Close()
}

// EventStore says how to reach a log on an EventStoreDB or KurrentDB cluster.
type EventStore struct {
	// URL is the connection string, esdb://host:port?…; empty for the log in PostgreSQL. It may
	// hold a password and is never logged.
	URL string
	// User and the content of PasswordFile are used instead of those in URL.
	User, PasswordFile string
	// CAFile holds the certificates (PEM) that may have signed the cluster's; empty means the
	// system's.
	CAFile string
	// CertFile and KeyFile are the certificate (PEM) that this side shows, if any.
	CertFile, KeyFile string
}

// OpenPostgres opens the log in the database of pool.
func OpenPostgres(ctx context.Context, pool *pgxpool.Pool, now func() time.Time, logger *slog.Logger) (Log, error) {
	return pglog.Open(ctx, pool, pglog.Config{Clock: now, Logger: logger})
}

// Open connects to the log. A server without one gets one.
func (s EventStore) Open(ctx context.Context, now func() time.Time, logger *slog.Logger) (Log, error) {
	return esdblog.Open(ctx, esdblog.Config{
		ConnectionString: s.URL, Username: s.User, PasswordFile: s.PasswordFile,
		CAFile: s.CAFile, CertFile: s.CertFile, KeyFile: s.KeyFile, Clock: now, Logger: logger,
	})
}

// openLog opens the one that the configuration chooses.
func (a *App) openLog(ctx context.Context) (Log, error) {
	if a.cfg.EventStore.URL != "" {
		return a.cfg.EventStore.Open(ctx, a.cfg.Now, a.cfg.Logger)
	}
	return OpenPostgres(ctx, a.DB.Log, a.cfg.Now, a.cfg.Logger)
}

// Elsewhere reports whether the log is on an event store, where positions are no counts.
func (a *App) Elsewhere() bool { return a.cfg.EventStore.URL != "" }

// seen is the newest position this process knows of. A log elsewhere is asked for its end by
// /readyz, and between two questions it may be behind the read models.
func (a *App) seen() eventlog.Position {
	at := a.Runner.Position()
	if l, ok := a.Log.(interface{ Seen() eventlog.Position }); ok {
		at = max(at, l.Seen())
	}
	return at
}

// answers is nil while the log does.
func (a *App) answers(ctx context.Context) error {
	_, err := a.Log.End(ctx)
	return err
}
