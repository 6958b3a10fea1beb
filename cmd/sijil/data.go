package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"sijil/internal/database"
)

// dataFlags are for every verb that needs the ledger. The connection string comes from the
// environment only: it may hold a password, and command lines are there for all to see.
type dataFlags struct {
	Data       string `type:"path" placeholder:"DIR" env:"SIJIL_DATA" default:"${data_dir}" help:"Data directory: the ledger's keys and, unless SIJIL_DATABASE_URL names another server, its PostgreSQL. Default: ${data_dir}."`
	Eventstore string `placeholder:"URL" help:"EventStoreDB or KurrentDB cluster that keeps the event log, as esdb://host:2113; also from SIJIL_EVENTSTORE, which may hold a password. Default: the log is in PostgreSQL."`
}

// open opens the ledger's database, ready for use.
func (d dataFlags) open(ctx context.Context, log *slog.Logger) (*database.DB, error) {
	return d.openWith(ctx, database.Config{Logger: log})
}

func (d dataFlags) openWith(ctx context.Context, cfg database.Config) (*database.DB, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	cfg.DataDir, cfg.URL = d.Data, os.Getenv("SIJIL_DATABASE_URL")
	return database.Open(ctx, cfg)
}

// exists is for verbs that only look: a misspelled directory must not become a new ledger.
func (d dataFlags) exists() error {
	if os.Getenv("SIJIL_DATABASE_URL") != "" {
		return nil
	}
	if _, err := os.Stat(filepath.Join(d.Data, "pg")); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no ledger in %s: name its directory with --data (sijil serve makes a new one)", d.Data)
	}
	return nil
}

// check refuses the default directory when somebody else made it: /var/tmp is open to all.
func (d dataFlags) check() error {
	if d.Data != defaultDataDir() {
		return nil
	}
	fi, err := os.Lstat(d.Data)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking at the data directory: %w", err)
	}
	if st, ok := fi.Sys().(*syscall.Stat_t); !fi.IsDir() || ok && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s was made by somebody else: choose another data directory with --data", d.Data)
	}
	return nil
}

// defaultDataDir is below the user's home; root's must be open to the account that
// PostgreSQL runs as.
func defaultDataDir() string {
	if os.Geteuid() == 0 {
		return "/var/tmp/sijil"
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "sijil")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return filepath.Join(os.TempDir(), fmt.Sprintf("sijil-%d", os.Geteuid()))
	}
	return filepath.Join(home, ".local", "share", "sijil")
}
