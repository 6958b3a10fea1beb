package pgtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/internal/pgembed"
	"sijil/migrations"
)

// plant puts a migrated cluster into a data directory: a copy of one that is made once
// per set of migrations, which costs a tenth of making it.
func plant(ctx context.Context, dir string) error {
	if _, err := shared(ctx); err != nil { // while we use home, the keeper does not clear it
		return err
	}
	home, err := home()
	if err != nil {
		return err
	}
	seed := filepath.Join(home, "seed-"+migrations.Checksum()[:16])
	turn, err := lock(ctx, filepath.Join(home, "seed.lock"), syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer turn.Close()
	if _, err := os.Stat(seed); errors.Is(err, os.ErrNotExist) {
		if err := grow(ctx, seed); err != nil {
			return err
		}
	}
	// cp keeps owner and mode, which root's server needs.
	if out, err := exec.CommandContext(ctx, "cp", "-a", filepath.Join(seed, "pg"), dir).CombinedOutput(); err != nil {
		return fmt.Errorf("copying the seed: %w: %s", err, out)
	}
	return nil
}

// grow makes the seed under another name until it is whole.
func grow(ctx context.Context, seed string) error {
	draft := seed + ".draft"
	if err := os.RemoveAll(draft); err != nil {
		return err
	}
	server, err := pgembed.Start(ctx, pgembed.Config{Dir: draft, Unsupervised: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	err = func() error {
		pool, err := pgxpool.New(ctx, server.URL())
		if err != nil {
			return err
		}
		defer pool.Close()
		_, err = migrations.Up(ctx, pool)
		return err
	}()
	if err := errors.Join(err, server.Stop(ctx)); err != nil {
		return err
	}
	return os.Rename(draft, seed)
}
