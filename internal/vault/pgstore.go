package vault

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/domain"
)

// PGStore keeps wrapped keys in table vault_keys. It acts as role sijil_vault, which is
// the only one that may read the table, and row-level security holds it to one tenant at a time.
type PGStore struct {
	pool *pgxpool.Pool

	mu      sync.Mutex
	pending []*put
	writing bool
}

// NewPGStore uses connections of pool whose user may become sijil_vault.
func NewPGStore(pool *pgxpool.Pool) *PGStore { return &PGStore{pool: pool} }

// put is one caller waiting for its key to be durable.
type put struct {
	id   keyID
	w    Wrapped
	kept Wrapped
	err  error
	done chan struct{}
}

const (
	vaultRoleSQL   = `SET LOCAL ROLE sijil_vault`
	vaultTenantSQL = `SELECT set_config('sijil.tenant', $1, true)`
	vaultGetSQL    = `SELECT epoch, box FROM vault_keys WHERE tenant = $1 AND subject = $2 AND class = $3`
	vaultPutSQL    = `INSERT INTO vault_keys (tenant, subject, class, epoch, box) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (tenant, subject, class) DO NOTHING`
	vaultEraseSQL = `INSERT INTO vault_keys (tenant, subject, class, epoch, box) VALUES ($1, $2, $3, 0, NULL)
		ON CONFLICT (tenant, subject, class) DO UPDATE SET epoch = 0, box = NULL`
	vaultTenantsSQL = `SELECT tenant::text FROM vault_keys WHERE class = 'tenant'`
	vaultStaleSQL   = `SELECT subject::text, class, epoch, box FROM vault_keys
		WHERE tenant = $1 AND epoch <> $2 AND box IS NOT NULL LIMIT 1000 FOR UPDATE`
	vaultRewrapSQL = `UPDATE vault_keys SET epoch = $4, box = $5 WHERE tenant = $1 AND subject = $2 AND class = $3`
)

// maxPuts bounds one transaction of new keys.
const maxPuts = 512

// as runs fn in a transaction as sijil_vault within tenant.
func (s *PGStore) as(ctx context.Context, tenant domain.ID, fn func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, vaultRoleSQL); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, vaultTenantSQL, tenant); err != nil {
			return err
		}
		return fn(tx)
	})
}

// Get implements Store, in one round trip.
func (s *PGStore) Get(ctx context.Context, tenant, subject domain.ID, class domain.Class) (Wrapped, error) {
	b := &pgx.Batch{}
	b.Queue("BEGIN READ ONLY")
	b.Queue(vaultRoleSQL)
	b.Queue(vaultTenantSQL, tenant)
	var w Wrapped
	var found error
	b.Queue(vaultGetSQL, tenant, subject, class).QueryRow(func(row pgx.Row) error {
		w, found = scanWrapped(row)
		return nil // a missing row is an answer, not a broken batch
	})
	b.Queue("COMMIT")
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return Wrapped{}, fmt.Errorf("reading a wrapped key: %w", err)
	}
	return w, found
}

func scanWrapped(row pgx.Row) (Wrapped, error) {
	var w Wrapped
	if err := row.Scan(&w.Epoch, &w.Box); errors.Is(err, pgx.ErrNoRows) {
		return Wrapped{}, ErrNoKey
	} else if err != nil {
		return Wrapped{}, fmt.Errorf("reading a wrapped key: %w", err)
	}
	if w.Box == nil {
		return Wrapped{}, ErrErased
	}
	return w, nil
}

// Put implements Store. Callers who arrive while a transaction is under way share the
// next one, so that a class of new students costs one commit, not thirty.
func (s *PGStore) Put(ctx context.Context, tenant, subject domain.ID, class domain.Class, w Wrapped) (Wrapped, error) {
	p := &put{id: keyID{tenant, subject, class}, w: w, done: make(chan struct{})}
	s.mu.Lock()
	s.pending = append(s.pending, p)
	lead := !s.writing
	s.writing = true
	s.mu.Unlock()
	if lead {
		// The leader's own deadline must not fail the others: it writes in the background
		// and waits like them.
		go s.drain(context.WithoutCancel(ctx))
	}
	select {
	case <-p.done:
		return p.kept, p.err
	case <-ctx.Done():
		return Wrapped{}, ctx.Err()
	}
}

func (s *PGStore) drain(ctx context.Context) {
	for {
		s.mu.Lock()
		batch := s.pending
		if len(batch) == 0 {
			s.writing = false
			s.mu.Unlock()
			return
		}
		if len(batch) > maxPuts {
			batch = batch[:maxPuts]
		}
		s.pending = s.pending[len(batch):]
		s.mu.Unlock()
		if err := s.write(ctx, batch); err != nil {
			for _, p := range batch {
				p.err = fmt.Errorf("storing wrapped keys: %w", err)
			}
		}
		for _, p := range batch {
			close(p.done)
		}
	}
}

func (s *PGStore) write(ctx context.Context, puts []*put) error {
	b := &pgx.Batch{}
	b.Queue("BEGIN")
	b.Queue(vaultRoleSQL)
	tenant := domain.ID("")
	for _, p := range puts {
		if p.id.tenant != tenant {
			tenant = p.id.tenant
			b.Queue(vaultTenantSQL, tenant)
		}
		b.Queue(vaultPutSQL, p.id.tenant, p.id.subject, p.id.class, p.w.Epoch, p.w.Box)
		b.Queue(vaultGetSQL, p.id.tenant, p.id.subject, p.id.class).QueryRow(func(row pgx.Row) error {
			p.kept, p.err = scanWrapped(row)
			return nil
		})
	}
	b.Queue("COMMIT")
	return s.pool.SendBatch(ctx, b).Close()
}

// Erase implements Store.
func (s *PGStore) Erase(ctx context.Context, tenant, subject domain.ID, class domain.Class) error {
	return s.as(ctx, tenant, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, vaultEraseSQL, tenant, subject, class)
		return err
	})
}

// Rewrap implements Store, a page per transaction, so that writers are held up briefly.
func (s *PGStore) Rewrap(ctx context.Context, epoch int, fn func(tenant, subject domain.ID, class domain.Class, w Wrapped) (Wrapped, error)) error {
	rows, err := s.pool.Query(ctx, vaultTenantsSQL)
	if err != nil {
		return fmt.Errorf("listing tenants with keys: %w", err)
	}
	tenants, err := pgx.CollectRows(rows, pgx.RowTo[domain.ID])
	if err != nil {
		return fmt.Errorf("listing tenants with keys: %w", err)
	}
	for _, t := range tenants {
		for more := true; more; {
			err := s.as(ctx, t, func(tx pgx.Tx) (err error) {
				more, err = rewrapPage(ctx, tx, t, epoch, fn)
				return err
			})
			if err != nil {
				return fmt.Errorf("re-wrapping keys: %w", err)
			}
		}
	}
	return nil
}

type staleKey struct {
	Subject domain.ID
	Class   domain.Class
	Epoch   int
	Box     []byte
}

func rewrapPage(ctx context.Context, tx pgx.Tx, tenant domain.ID, epoch int,
	fn func(tenant, subject domain.ID, class domain.Class, w Wrapped) (Wrapped, error),
) (more bool, err error) {
	rows, err := tx.Query(ctx, vaultStaleSQL, tenant, epoch)
	if err != nil {
		return false, err
	}
	stale, err := pgx.CollectRows(rows, pgx.RowToStructByPos[staleKey])
	if err != nil {
		return false, err
	}
	for _, k := range stale {
		w, err := fn(tenant, k.Subject, k.Class, Wrapped{k.Epoch, k.Box})
		if err != nil {
			return false, err
		}
		if _, err := tx.Exec(ctx, vaultRewrapSQL, tenant, k.Subject, k.Class, w.Epoch, w.Box); err != nil {
			return false, err
		}
	}
	return len(stale) > 0, nil
}
