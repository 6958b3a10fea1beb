package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	service "sijil/internal/app"
	"sijil/internal/database"
)

// home is an event log somewhere, opened by itself without a ledger around it.
type home struct {
	service.Log
	close func() error
}

// openHome opens the log that a flag names; with create, a data directory may be new.
func openHome(ctx context.Context, a *app, flag, name string, create bool) (*home, error) {
	at, secret := strings.CutPrefix(name, "env:")
	if secret {
		if at = os.Getenv(at); at == "" {
			return nil, fmt.Errorf("%s: the environment has no variable %s", flag, strings.TrimPrefix(name, "env:"))
		}
	} else if strings.Contains(at, "://") && holdsPassword(at) || strings.Contains(at, "password=") {
		return nil, fmt.Errorf("%s holds a password, which everybody on this machine can read: put it into a variable and give env:NAME", flag)
	}
	h, err := openAt(ctx, a, at, create)
	if err != nil {
		return nil, fmt.Errorf("opening the log of %s: %w", flag, err)
	}
	return h, nil
}

func openAt(ctx context.Context, a *app, at string, create bool) (*home, error) {
	scheme, _, isURL := strings.Cut(at, "://")
	switch {
	case isEventStore(at):
		l, err := withCredentials(at).Open(ctx, a.now, a.log)
		if err != nil {
			return nil, err
		}
		return &home{l, func() error { l.Close(); return nil }}, nil
	case scheme == "postgres" || scheme == "postgresql":
		return openDatabase(ctx, a, database.Config{URL: at, Logger: a.log})
	case isURL:
		return nil, fmt.Errorf("there is no way to a log by %s://: give a data directory, postgres://…, esdb://… or env:NAME", scheme)
	}
	dir, err := filepath.Abs(at)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, "pg")); !create && errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no ledger in %s", dir)
	}
	return openDatabase(ctx, a, database.Config{DataDir: dir, Logger: a.log})
}

func openDatabase(ctx context.Context, a *app, cfg database.Config) (*home, error) {
	db, err := database.Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	rest := context.WithoutCancel(ctx)
	l, err := service.OpenPostgres(ctx, db.Log, a.now, a.log)
	if err != nil {
		return nil, errors.Join(err, db.Close(rest))
	}
	return &home{l, func() error { l.Close(); return db.Close(rest) }}, nil
}
