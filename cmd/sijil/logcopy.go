package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sijil/internal/logcopy"
)

type logCopyCmd struct {
	From       string `required:"" placeholder:"LOG" help:"The log to copy."`
	To         string `required:"" placeholder:"LOG" help:"Where to; empty, or begun by an earlier copy."`
	VerifyOnly bool   `help:"Copy nothing, only compare the two."`
	JSON       bool   `name:"json" help:"Print one JSON object."`
}

// Help is the part of the manual that the flags do not tell.
func (logCopyCmd) Help() string {
	return `A LOG is one of

  DIR                        the log in the PostgreSQL of a data directory
  postgres://USER@HOST/DB    the log in a PostgreSQL; the password comes from PGPASSWORD or ~/.pgpass
  esdb://HOST:2113           an EventStoreDB or KurrentDB; user and password come from
                             SIJIL_EVENTSTORE_USER and SIJIL_EVENTSTORE_PASSWORD_FILE, the authority
                             of its certificate from SIJIL_EVENTSTORE_CA_FILE
  env:NAME                   whatever the environment variable NAME holds; it may have a password

Event ids, types, bytes, metadata, the revisions of every stream and the order of the whole stay;
positions do not, and the copy is another log. Killed at any moment, the same command goes on where
the target ends. Then both logs are read once more and compared event by event; the digest
printed is that of every log with these events. A ledger may go on writing to the source: the copy goes
to the end as it was seen last, and says so when there is more.

Only the log is copied. To move a ledger, stop it, copy, and run sijil replay --rebuild with the new
log configured: docs/operations.md has it step by step.

Exit status: 0 the target equals the source, or did when the source was last looked at,
1 it does not, or it could not be found out.`
}

// copyResult is what `sijil log copy --json` prints.
type copyResult struct {
	*logcopy.Copied
	Verified logcopy.Verified `json:"verified"`
	Seconds  float64          `json:"seconds"`
}

// Run copies and compares.
func (c *logCopyCmd) Run(ctx context.Context, a *app) (err error) {
	from, err := openHome(ctx, a, "--from", c.From, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.close()) }()
	to, err := openHome(ctx, a, "--to", c.To, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.close()) }()
	cfg := logcopy.Config{From: from.Log, To: to.Log, Logger: a.log}
	began := a.now()
	var result copyResult
	if !c.VerifyOnly {
		copied, err := c.copy(ctx, a, cfg, began)
		if err != nil {
			return err
		}
		result.Copied = &copied
	}
	p := newPace(a, "comparing")
	cfg.Progress = p.set
	result.Verified, err = logcopy.Verify(ctx, cfg)
	p.done()
	if err != nil {
		return err
	}
	result.Seconds = a.now().Sub(began).Seconds()
	if c.JSON {
		err = json.NewEncoder(a.stdout).Encode(result)
	} else {
		err = result.print(a)
	}
	if c.VerifyOnly && result.Verified.Behind > 0 {
		return errors.Join(err, fmt.Errorf("the target is the beginning of the source, and %d events are missing: run the copy again", result.Verified.Behind))
	}
	return err
}

func (c *logCopyCmd) copy(ctx context.Context, a *app, cfg logcopy.Config, began time.Time) (logcopy.Copied, error) {
	p := newPace(a, "copying")
	cfg.Progress = p.set
	done, err := logcopy.Copy(ctx, cfg)
	p.done()
	switch {
	case err != nil && ctx.Err() != nil:
		return done, fmt.Errorf("stopped after %d events: the same command goes on where the target ends", done.Events)
	case err != nil || c.JSON:
		return done, err
	}
	how := ""
	if done.Resumed {
		how = " behind those that were there"
	}
	took := a.now().Sub(began)
	fmt.Fprintf(a.stdout, "copied %d events%s from log %s to log %s in %.1f s, %.0f/s\n", done.Events, how, done.FromID, done.ToID, took.Seconds(), float64(done.Events)/max(took.Seconds(), 0.001))
	return done, nil
}

func (r *copyResult) print(a *app) error {
	v := r.Verified
	_, err := fmt.Fprintf(a.stdout, "log %s equals log %s: %d events in %d streams, %d bytes, sha256 %s\n", v.ToID, v.FromID, v.Events, v.Streams, v.Bytes, v.Digest)
	if err == nil && v.Behind > 0 {
		_, err = fmt.Fprintf(a.stdout, "the source has %d more events by now: stop what writes to it and run the copy again\n", v.Behind)
	}
	return err
}
