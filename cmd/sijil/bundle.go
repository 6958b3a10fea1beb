package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sijil/domain"
	service "sijil/internal/app"
)

// bundleCmd writes what a verifier needs offline.
type bundleCmd struct {
	Export bundleExportCmd `cmd:"" help:"Write an offline trust bundle, the signed credentials, or both."`
}

type bundleExportCmd struct {
	dataFlags
	Out         string        `type:"path" placeholder:"DIR|ZIP" help:"Where the bundle goes: a new directory, or a file whose name ends in .zip."`
	Credentials string        `type:"path" placeholder:"DIR" help:"Where the signed credentials go, each as {credential id}.jwt. They are personal data."`
	Institution domain.ID     `placeholder:"ID" help:"Only this institution's. Default: every institution that signs."`
	ValidFor    time.Duration `default:"168h" placeholder:"TIME" help:"How long the bundle's status lists are good for; a verifier does not confirm with older ones. Default: ${default}."`
	JSON        bool          `name:"json" help:"Print one JSON object."`
}

// Help is the part of the manual that the flags do not tell.
func (bundleExportCmd) Help() string {
	return `A bundle holds the institutions' keys with their history, the status lists and what
the ledger recorded (credential id, digest, time): with it anybody checks diplomas without a
network. It names nobody.

  sijil bundle export --out trust.zip
  sijil verify --bundle trust.zip --insecure-bundle diploma.jwt

Works while the ledger is being served from the same data.`
}

// Run writes what was asked for.
func (c *bundleExportCmd) Run(ctx context.Context, a *app) (err error) {
	if c.Out == "" && c.Credentials == "" {
		return errors.New("say what to write: a bundle with --out, the signed credentials with --credentials, or both")
	}
	if c.Institution != "" && !c.Institution.Valid() {
		return errors.New("--institution is an institution's id, a UUID in lower case")
	}
	if c.ValidFor <= 0 {
		return errors.New("--valid-for is a time to come, as 168h")
	}
	if err := c.exists(); err != nil {
		return err
	}
	l, err := c.openLedger(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close(context.WithoutCancel(ctx))) }()
	if err := l.CatchUp(ctx); err != nil {
		return err
	}
	var done service.Exported
	if c.Out != "" {
		if done, err = l.ExportBundle(ctx, c.Out, c.Institution, c.ValidFor); err != nil {
			return err
		}
	}
	if c.Credentials != "" {
		files, err := l.ExportCredentials(ctx, c.Credentials, c.Institution)
		if err != nil {
			return err
		}
		done.Credentials, done.Erased = files.Credentials, files.Erased
	}
	if c.JSON {
		return json.NewEncoder(a.stdout).Encode(done)
	}
	if c.Out != "" {
		fmt.Fprintf(a.stdout, "bundle %s: %d issuers, %d status lists, %d records\n", c.Out, done.Issuers, done.StatusLists, done.Records)
	}
	if c.Credentials != "" {
		fmt.Fprintf(a.stdout, "credentials %s: %d files, %d of erased persons left out\n", c.Credentials, done.Credentials, done.Erased)
	}
	return nil
}
