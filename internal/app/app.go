// Package app puts the service together: database, event log, vault, ledger, read models
// and what follows the log. The commands of cmd/sijil and the tests of the API use the same
// composition, so that what is tested is what runs.
package app

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"time"

	"sijil/internal/access"
	"sijil/internal/database"
	"sijil/internal/issuer"
	"sijil/internal/ledger"
	"sijil/internal/process"
	"sijil/internal/vault"
	"sijil/projections"
)

// Config says where the ledger lives. Now is required, and one of DataDir and the
// embedded default's absence: keys are always files below DataDir.
type Config struct {
	// DataDir holds the keys (keys/) and, without DatabaseURL, the embedded PostgreSQL.
	DataDir string
	// DatabaseURL is a server run by somebody else; empty for the embedded one.
	DatabaseURL string
	// EventStore moves the log out of the database; its zero value leaves it there.
	EventStore EventStore
	// AnyLog opens also a log that the database does not belong to, see [ForeignLogError]: for
	// looking at it, and for [App.Rebuild]. Nothing may follow it.
	AnyLog bool
	// KeyPlaces are where institutions' signing keys lie; its zero value is the data directory.
	KeyPlaces KeyPlaces
	Now       func() time.Time
	Logger    *slog.Logger // nil means slog.Default()
}

// App is one process's ledger. Its parts may be used directly.
type App struct {
	DB     *database.DB
	Log    Log
	LogID  string
	Vault  *vault.Vault
	Master *vault.FileMaster
	Ledger *ledger.Ledger
	Runner *projections.Runner
	Reader *projections.Reader
	// Processes are the rules that span streams.
	Processes *process.Runner
	Clients   *access.Clients
	TokenKey  ed25519.PrivateKey
	// NewMaster is true when this start made the first master key.
	NewMaster bool

	cfg       Config
	processes *process.PGStore
	followers []*follower
	issuer    *issuer.Issuer
	signing   issuer.Places
	tokens    []func() error
}

// KeyDir is where a data directory keeps its key files.
func KeyDir(dataDir string) string { return filepath.Join(dataDir, "keys") }

// Open starts or reaches the database and builds every part. Nothing follows the log
// until [App.Follow].
func Open(ctx context.Context, cfg Config) (_ *App, err error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	a := &App{cfg: cfg}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close(context.WithoutCancel(ctx)))
		}
	}()
	a.DB, err = database.Open(ctx, database.Config{DataDir: cfg.DataDir, URL: cfg.DatabaseURL, Logger: cfg.Logger})
	if err != nil {
		return a, err
	}
	if err := a.openKeys(ctx); err != nil {
		return a, err
	}
	if err := a.openKeyPlaces(); err != nil {
		return a, err
	}
	opened, err := a.openLog(ctx)
	if err != nil {
		return a, err
	}
	a.Log = opened // not before: what failed may be a nil inside an interface
	if a.LogID, err = a.Log.ID(ctx); err != nil {
		return a, err
	}
	if !cfg.AnyLog {
		if err := a.own(ctx); err != nil {
			return a, err
		}
	}
	a.Vault = vault.New(vault.NewPGStore(a.DB.Vault), a.Master, vault.Config{})
	a.Ledger = ledger.New(a.Log, a.Vault, ledger.Config{Now: cfg.Now, Logger: cfg.Logger})
	a.Runner = projections.NewRunner(a.DB.Projector, a.Log, cfg.Logger)
	a.Reader = projections.NewReader(a.DB.App)
	a.processes = process.NewPGStore(a.DB.Projector)
	a.Processes = process.New(process.Config{
		Ledger: a.Ledger, Store: a.processes, Now: cfg.Now, Logger: cfg.Logger,
	})
	a.Clients = &access.Clients{Pool: a.DB.App}
	a.followers = a.allFollowers()
	return a, nil
}

const anyWrappedKeySQL = `select exists (select from vault_keys where class = 'tenant')`

// openKeys reads the master and token keys, and makes them in a new ledger. A database
// that holds wrapped keys is not new: with another master key nothing would open again.
func (a *App) openKeys(ctx context.Context) (err error) {
	dir := KeyDir(a.cfg.DataDir)
	files, err := filepath.Glob(filepath.Join(dir, "master-*.key"))
	if err != nil {
		return fmt.Errorf("looking for master keys: %w", err)
	}
	if len(files) == 0 {
		var used bool
		if err := a.DB.Owner.QueryRow(ctx, anyWrappedKeySQL).Scan(&used); err != nil {
			return fmt.Errorf("looking for wrapped keys: %w", err)
		}
		if used {
			return fmt.Errorf("the master keys are missing in %s, and the database holds data sealed under them: restore the key files from their backup", dir)
		}
	}
	for range 3 {
		a.Master, a.NewMaster, err = vault.OpenFileMaster(dir)
		if !errors.Is(err, fs.ErrExist) { // another process makes the first key right now
			break
		}
	}
	if err != nil {
		return err
	}
	if a.NewMaster {
		a.cfg.Logger.WarnContext(ctx, "made the first master key: back it up now, apart from the database; without it every sealed name is lost", "dir", dir)
	}
	a.TokenKey, err = access.LoadTokenKey(dir)
	return err
}

// Close ends the log, which finishes what it accepted, and the database. Stop followers
// and listeners first.
func (a *App) Close(ctx context.Context) error {
	if a.Log != nil {
		a.Log.Close()
	}
	err := a.closeKeyPlaces()
	if a.DB != nil {
		err = errors.Join(err, a.DB.Close(ctx))
	}
	return err
}
