package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sijil/internal/database"
	"sijil/migrations"
)

// migrateCmd moves the schema. Every verb that opens the ledger does the same by itself;
// this one is for doing it ahead, and for looking.
type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" default:"withargs" help:"Apply the migrations that are missing (the default)."`
	Status migrateStatusCmd `cmd:"" help:"List the migrations and when each was applied. Changes nothing."`
}

// Help is the part of the manual that the flags do not tell.
func (migrateCmd) Help() string {
	return `Migrations go forward only, each in a transaction of its own, and several
processes may migrate at once: one does it, the others wait. Everything that opens
the ledger migrates it first, so there is no need to run this by hand; it is for doing
it before a release goes live.

A database that a newer program has migrated, or whose migrations differ from the
ones in this program, is left alone.`
}

type migrateUpCmd struct{ dataFlags }

// Run applies what is missing and lists it.
func (c *migrateUpCmd) Run(ctx context.Context, a *app) (err error) {
	db, err := c.openWith(ctx, database.Config{SchemaAsFound: true, Logger: a.log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close(ctx)) }()
	done, err := db.Migrate(ctx)
	for _, m := range done {
		fmt.Fprintln(a.stdout, "applied", m.Name)
	}
	if err == nil && len(done) == 0 {
		fmt.Fprintln(a.stdout, "nothing to do")
	}
	return err
}

type migrateStatusCmd struct{ dataFlags }

// Run lists every migration with the time it was applied.
func (c *migrateStatusCmd) Run(ctx context.Context, a *app) (err error) {
	db, err := c.openWith(ctx, database.Config{SchemaAsFound: true, Logger: a.log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close(ctx)) }()
	status, err := migrations.Status(ctx, db.Owner)
	for _, m := range status {
		when := "pending"
		if !m.Applied.IsZero() {
			when = m.Applied.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(a.stdout, "%-20s  %s\n", when, m.Name)
	}
	return err
}
