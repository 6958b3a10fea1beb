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
	Key    bundleKeyCmd    `cmd:"" help:"Print the public key of this ledger's bundles, for verifiers to pin."`
}

type bundleKeyCmd struct{ dataFlags }

// Help is the part of the manual that the flags do not tell.
func (bundleKeyCmd) Help() string {
	return `The key is a JWKS. Who checks diplomas offline keeps it and gives it to the verifier:

  sijil bundle key > ledger.jwks
  sijil verify --bundle trust.zip --bundle-key ledger.jwks diploma.jwt

A running ledger publishes the same under /.well-known/bundle-jwks.json. Its private half is
keys/bundle.key in the data directory; it signs bundles and nothing else. If somebody
else had it: remove the file, and give the new key to everyone who pinned the old one.`
}

// Run prints the key, and makes it in a ledger that has none.
func (c *bundleKeyCmd) Run(ctx context.Context, a *app) (err error) {
	if err := c.exists(); err != nil {
		return err
	}
	l, err := c.openLedger(ctx, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close(context.WithoutCancel(ctx))) }()
	set, err := l.BundleKeySet()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s\n", set)
	return err
}

type bundleExportCmd struct {
	dataFlags
	Out         string        `type:"path" placeholder:"DIR|ZIP" help:"Where the bundle goes: a new directory, or a file whose name ends in .zip."`
	Credentials string        `type:"path" placeholder:"DIR" help:"Where the signed credentials go, each as {credential id}.jwt. They are personal data."`
	Institution domain.ID     `placeholder:"ID" help:"Only this institution's. Default: every institution that signs."`
	ValidFor    time.Duration `default:"168h" placeholder:"TIME" help:"How long the bundle and its status lists are good for; a verifier does not confirm with older ones. Default: ${default}."`
	JSON        bool          `name:"json" help:"Print one JSON object."`
}

// Help is the part of the manual that the flags do not tell.
func (bundleExportCmd) Help() string {
	return `A bundle holds the institutions' keys with their history, their accreditations, the status
lists and what the ledger recorded (credential id, digest, time): with it anybody checks
diplomas without a network. It names nobody. It is signed: verifiers pin the key once.

  sijil bundle export --out trust.zip
  sijil bundle key > ledger.jwks
  sijil verify --bundle trust.zip --bundle-key ledger.jwks diploma.jwt

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
		fmt.Fprintf(a.stdout, "  log %s, %d events, made %s, expires %s, signed with %s\n",
			done.LogID, done.TreeSize, done.GeneratedAt.UTC().Format(time.RFC3339), done.Expires.UTC().Format(time.RFC3339), done.Key)
	}
	if c.Credentials != "" {
		fmt.Fprintf(a.stdout, "credentials %s: %d files, %d of erased persons left out\n", c.Credentials, done.Credentials, done.Erased)
	}
	return nil
}
