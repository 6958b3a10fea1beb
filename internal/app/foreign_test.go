package app_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"sijil/internal/apitest"
	"sijil/internal/app"
	"sijil/internal/pgtest"
)

// TestALogThatTheDatabaseDoesNotBelongToIsRefused, whichever part of it remembers another one,
// until the ledger is moved there.
func TestALogThatTheDatabaseDoesNotBelongToIsRefused(t *testing.T) {
	t.Parallel()
	cfg := app.Config{DataDir: t.TempDir(), DatabaseURL: pgtest.URL(t), Now: apitest.NewClock(time.Now()).Now, Logger: slog.New(slog.DiscardHandler)}
	open := func(t *testing.T, anyLog bool) (*app.App, error) {
		t.Helper()
		cfg.AnyLog = anyLog
		a, err := app.Open(t.Context(), cfg)
		if err == nil {
			t.Cleanup(func() { closeApp(t, a) })
		}
		return a, err
	}
	owner, err := pgxpool.New(t.Context(), cfg.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(owner.Close)
	first, err := open(t, false)
	if err != nil {
		t.Fatal(err)
	}
	// Every part takes note of the log.
	if err := first.Runner.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`insert into process_place (log_id, position) select id::text, 0 from event_log`,
		`insert into issuer_place (log_id, position) select id::text, 0 from event_log`,
		`insert into process_reminder (tenant, rule, event, grp, due, stream, revision) values (gen_random_uuid(), 'r', gen_random_uuid(), '', now(), 's', 0)`,
	} {
		if _, err := owner.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	const other = "0b5c0000-0000-4000-8000-000000000000"
	for part, table := range map[string]string{"read models": "read.checkpoints", "processes": "process_place", "issuer": "issuer_place"} {
		t.Run(part, func(t *testing.T) {
			if _, err := owner.Exec(t.Context(), `update `+table+` set log_id = $1`, other); err != nil {
				t.Fatal(err)
			}
			_, err := open(t, false)
			foreign, ok := errors.AsType[*app.ForeignLogError](err)
			if !ok || foreign.Was != other || foreign.Log != first.LogID || !slices.Equal(foreign.Parts, []string{part}) {
				t.Fatalf("opening: %v", err)
			}
			for _, cure := range []string{"SIJIL_EVENTSTORE", "sijil replay --rebuild", other, first.LogID} {
				if !strings.Contains(err.Error(), cure) {
					t.Errorf("the message does not name %s: %v", cure, err)
				}
			}
			a, err := open(t, true)
			if err != nil {
				t.Fatalf("opening it to look: %v", err)
			}
			if part == "read models" {
				if err := a.Rebuild(t.Context(), nil, "students"); !errors.As(err, &foreign) {
					t.Errorf("rebuilding one read model: %v", err)
				}
			}
			if err := a.Rebuild(t.Context(), nil); err != nil {
				t.Fatalf("rebuilding: %v", err)
			}
			if _, err := open(t, false); err != nil {
				t.Errorf("after the move: %v", err)
			}
		})
	}
	// A log that ends before what was read of it has lost events.
	for part, table := range map[string]string{"read models": "read.checkpoints", "processes": "process_place", "issuer": "issuer_place"} {
		t.Run(part+" ahead of the log", func(t *testing.T) {
			if _, err := owner.Exec(t.Context(), `update `+table+` set position = 7`); err != nil {
				t.Fatal(err)
			}
			_, err := open(t, false)
			lost, ok := errors.AsType[*app.LostEventsError](err)
			if !ok || lost.Seen != 7 || lost.End != 0 || !slices.Equal(lost.Parts, []string{part}) || !strings.Contains(err.Error(), "sijil replay --rebuild") {
				t.Fatalf("opening: %v", err)
			}
			a, err := open(t, true)
			if err == nil {
				err = a.Rebuild(t.Context(), nil)
			}
			if err != nil {
				t.Fatalf("rebuilding: %v", err)
			}
			if _, err := open(t, false); err != nil {
				t.Errorf("after rebuilding: %v", err)
			}
		})
	}
	// What moved begins again, and what was to be come back to is read again.
	var process, issuer, reminders int
	err = owner.QueryRow(t.Context(), `select (select position from process_place), (select position from issuer_place), (select count(*) from process_reminder)`).Scan(&process, &issuer, &reminders)
	if err != nil || process != 0 || issuer != 0 || reminders != 0 {
		t.Errorf("processes at %d with %d reminders, the issuer at %d, %v", process, reminders, issuer, err)
	}
}

func closeApp(t testing.TB, a *app.App) {
	if err := a.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Errorf("closing: %v", err)
	}
}
