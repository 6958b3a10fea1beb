package issuer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/internal/eventlog"
)

// ErrForeignLog: the issuer's place belongs to another log.
var ErrForeignLog = errors.New("the issuer's place belongs to another event log: point to the log it was made from, or move to this one with `sijil replay --rebuild`")

// PGPlace keeps the issuer's place and its public URLs in tables issuer_place and issuer_url.
type PGPlace struct {
	pool  *pgxpool.Pool
	logID string
}

// NewPGPlace uses connections of pool, which act as sijil_projector.
func NewPGPlace(pool *pgxpool.Pool, logID string) *PGPlace { return &PGPlace{pool, logID} }

const (
	placeMakeSQL = `INSERT INTO issuer_place (log_id, position) VALUES ($1, 0) ON CONFLICT DO NOTHING`
	placeSQL     = `SELECT log_id, position FROM issuer_place`
	placeMoveSQL = `UPDATE issuer_place SET position = $2 WHERE log_id = $1`
	placeTakeSQL = `UPDATE issuer_place SET log_id = $1, position = 0 WHERE log_id <> $1 OR position > $2`
	urlAddSQL    = `INSERT INTO issuer_url (url) VALUES ($1) ON CONFLICT DO NOTHING`
	urlsSQL      = `SELECT url FROM issuer_url ORDER BY since, url`
	takeTurnSQL  = `SELECT pg_try_advisory_lock($1)`
	endTurnSQL   = `SELECT pg_advisory_unlock($1)`
	// issuerLock is the advisory lock by which processes take turns at issuing.
	issuerLock = 0x53494A494C_0002 // "SIJIL"
	turnPause  = time.Second
)

// Load implements [Place].
func (p *PGPlace) Load(ctx context.Context) (eventlog.Position, error) {
	if _, err := p.pool.Exec(ctx, placeMakeSQL, p.logID); err != nil {
		return 0, err
	}
	var log string
	var at int64
	if err := p.pool.QueryRow(ctx, placeSQL).Scan(&log, &at); err != nil {
		return 0, err
	}
	if log != p.logID {
		return 0, ErrForeignLog
	}
	return eventlog.Position(at), nil
}

// Save implements [Place].
func (p *PGPlace) Save(ctx context.Context, at eventlog.Position) error {
	_, err := p.pool.Exec(ctx, placeMoveSQL, p.logID, int64(at))
	return err
}

// Move forgets a place in another log, or behind end, where this one ends: the issuer then
// looks through this one from its beginning, and signs nothing twice.
func (p *PGPlace) Move(ctx context.Context, end eventlog.Position) error {
	if _, err := p.pool.Exec(ctx, placeTakeSQL, p.logID, int64(end)); err != nil {
		return fmt.Errorf("moving the issuer to another log: %w", err)
	}
	return nil
}

// RememberURL notes that credentials are signed under url.
func (p *PGPlace) RememberURL(ctx context.Context, url string) error {
	if _, err := p.pool.Exec(ctx, urlAddSQL, url); err != nil {
		return fmt.Errorf("remembering the public URL: %w", err)
	}
	return nil
}

// URLs are all public URLs under which credentials were signed, oldest first.
func (p *PGPlace) URLs(ctx context.Context) ([]string, error) {
	rows, err := p.pool.Query(ctx, urlsSQL)
	if err != nil {
		return nil, fmt.Errorf("reading the public URLs: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// turn calls run while this process holds the lock; it returns at once when another one
// does. One that loses the lock without noticing does no harm: issuing twice is issuing once.
func (p *PGPlace) turn(ctx context.Context, run func(context.Context) error) error {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connecting to issue credentials: %w", err)
	}
	defer conn.Release()
	var mine bool
	if err := conn.QueryRow(ctx, takeTurnSQL, int64(issuerLock)).Scan(&mine); err != nil {
		return fmt.Errorf("taking a turn at issuing: %w", err)
	}
	if !mine {
		return nil
	}
	// The lock belongs to the session: it must not go back to the pool with it.
	defer func() {
		if _, err := conn.Exec(context.WithoutCancel(ctx), endTurnSQL, int64(issuerLock)); err != nil {
			_ = conn.Conn().Close(context.WithoutCancel(ctx))
		}
	}()
	return run(ctx)
}
