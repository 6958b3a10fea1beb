package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"sijil/api"
	"sijil/domain"
	"sijil/internal/access"
	service "sijil/internal/app"
	"sijil/internal/csvimport"
	"sijil/projections"
)

// importCmd turns CSV files into the commands that schools would post.
type importCmd struct {
	dataFlags
	Mapping   string `required:"" type:"existingfile" placeholder:"FILE" help:"Which files there are, what their columns hold and which requests a row becomes; see examples/oulad/mapping.yaml."`
	PublicURL string `name:"public-url" placeholder:"URL" env:"SIJIL_PUBLIC_URL" help:"Where the ledger is, or will be, served, as with sijil serve: signed credentials name their issuer by it for ever. Default: the one this ledger signed under last, else http://localhost:8080."`
	DryRun    bool   `help:"Read, check and build every request, and post none."`
	JSON      bool   `name:"json" help:"Print the result as one JSON object."`
	Dir       string `arg:"" name:"csvdir" type:"existingdir" help:"The directory of the CSV files."`
}

// Help is the part of the manual that the flags do not tell.
func (importCmd) Help() string {
	return `Rows become API requests that meet the same tokens, limits, checks and rules as a school's own
requests. Each carries an Idempotency-Key made from its row: an import that was interrupted goes
on when it is run again, and a second run of the same files records nothing.

A row that is not taken is reported with file, line, column and reason; the others are not held
up by it. A file that cannot be read to its end is not begun.

Every principal of the mapping becomes an API client of that tenant, named "import: …"; revoke
it with "sijil client revoke" when the import is over.

Exit status: 0 the import ran to its end, also when rows were rejected (they are in the report);
1 it stopped, and running it again goes on from there.`
}

// Run imports.
func (c *importCmd) Run(ctx context.Context, a *app) error {
	mapping, err := csvimport.Load(c.Mapping)
	if err != nil {
		return err
	}
	p := &importProgress{w: a.stderr}
	cfg := csvimport.Config{Mapping: mapping, Dir: c.Dir, DryRun: c.DryRun, Progress: p.show}
	var report csvimport.Report
	if c.DryRun {
		report, err = csvimport.Run(ctx, cfg, a.now)
	} else {
		report, err = c.post(ctx, a, cfg)
	}
	p.end()
	if perr := c.print(a.stdout, report); err == nil {
		err = perr
	}
	return err
}

// memory is where an import begins to collect garbage eagerly, in bytes: it runs beside the
// PostgreSQL of a small server.
const memory = 220 << 20

// post runs the import against the API of this process, and waits until every award made is
// signed or refused.
func (c *importCmd) post(ctx context.Context, a *app, cfg csvimport.Config) (report csvimport.Report, err error) {
	debug.SetMemoryLimit(memory)
	// The API logs every request; here the report speaks for them.
	quiet := *a
	quiet.log = slog.New(warnings{a.log.Handler()})
	ledger, err := c.openLedger(ctx, &quiet)
	if err != nil {
		return report, err
	}
	defer closeLedger(ctx, a, ledger)
	if err := c.name(ctx, ledger); err != nil {
		return report, err
	}
	server, err := ledger.API(c.PublicURL, service.Limits{RequestsPerSecond: 1e9, TokensPerSecond: 1e9}, nil)
	if err != nil {
		return report, err
	}
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	var followers sync.WaitGroup
	followers.Go(func() { ledger.Follow(following) })
	defer func() { stop(); followers.Wait() }()

	cfg.Poster = c.poster(a, ledger, server, cfg.Mapping.Tenant)
	report, err = csvimport.Run(ctx, cfg, a.now)
	if err == nil {
		report.Certificates, err = signedCredentials(ctx, a, ledger, access.TenantID(cfg.Mapping.Tenant))
	}
	report.Appended = int(ledger.Ledger.Total().Appended.Load())
	return report, err
}

// name settles the public URL: the one given, else the one that credentials of this ledger
// were signed under last, else where sijil serve listens by default.
func (c *importCmd) name(ctx context.Context, ledger *service.App) error {
	if c.PublicURL != "" {
		return nil
	}
	urls, err := ledger.IssuerPlace().URLs(ctx)
	if err != nil {
		return err
	}
	c.PublicURL = "http://localhost:8080"
	if len(urls) > 0 {
		c.PublicURL = urls[len(urls)-1]
	}
	return nil
}

func (c *importCmd) poster(a *app, ledger *service.App, server *api.Server, slug string) *csvimport.InProcess {
	return &csvimport.InProcess{
		Handler: server.Handler(), Base: c.PublicURL, Now: a.now,
		Token: func(ctx context.Context, as, role, institution string) (string, time.Time, error) {
			client, scopes, err := importClient(ctx, ledger.Clients, slug, as, role, domain.ID(institution))
			if err != nil {
				return "", time.Time{}, err
			}
			now := a.now()
			token, err := server.IssueToken(client.Principal(scopes), now)
			return token, now.Add(access.TokenLife), err
		},
	}
}

// importClient is the client a principal acts as, made by the first import.
func importClient(ctx context.Context, clients *access.Clients, slug, as, role string, institution domain.ID) (access.Client, []access.Scope, error) {
	scopes, err := access.RoleScopes(role)
	if err != nil {
		return access.Client{}, nil, fmt.Errorf("principal %s: %w", as, err)
	}
	if institution == "" {
		institution = access.TenantID(slug)
	}
	all, err := clients.List(ctx, slug)
	if err != nil {
		return access.Client{}, nil, err
	}
	name := "import: " + as
	for _, c := range all {
		if c.Name == name && c.Institution == institution && c.Revoked == nil {
			return c, scopes, nil
		}
	}
	c, _, err := clients.Create(ctx, access.NewClient{Slug: slug, Name: name, Institution: institution, Scopes: scopes})
	return c, scopes, err
}

// signedCredentials waits for the issuer and counts what is signed in the tenant.
func signedCredentials(ctx context.Context, a *app, ledger *service.App, tenant domain.ID) (int, error) {
	p := newProgress(a.stderr, "signing", 0)
	defer p.done()
	for {
		end, err := ledger.Log.End(ctx)
		if err != nil {
			return 0, err
		}
		for ledger.Runner.WaitFor(ctx, end, time.Second) != nil {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			if err := ledger.Runner.Err(); err != nil {
				return 0, fmt.Errorf("waiting for the read models: %w", err)
			}
		}
		var states map[string]int
		err = ledger.Reader.View(ctx, projections.Scope{Tenant: tenant, All: true}, func(tx projections.Tx) (err error) {
			states, err = projections.CredentialStates(ctx, tx, tenant)
			return err
		})
		if err != nil {
			return 0, err
		}
		waiting := states[projections.StateAwarded] + states[projections.StatePrepared]
		p.of(int64(states[projections.StateSigned]), int64(states[projections.StateSigned]+waiting))
		if waiting == 0 {
			return states[projections.StateSigned], nil
		}
		if err := ledger.IssuerStuck(); err != nil {
			return states[projections.StateSigned], fmt.Errorf("%d awards are not signed: %w", waiting, err)
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func (c *importCmd) print(w io.Writer, r csvimport.Report) error {
	if c.JSON {
		return json.NewEncoder(w).Encode(r)
	}
	for _, j := range r.Rejected {
		at := j.File
		if j.Line > 0 {
			at += fmt.Sprintf(":%d", j.Line)
		}
		if j.Column != "" {
			at += " " + j.Column
		}
		fmt.Fprintf(w, "%s: %s: %s\n", at, j.Reason, j.Detail)
	}
	for _, code := range slices.Sorted(maps.Keys(r.Refusals)) {
		fmt.Fprintf(w, "%d refused: %s\n", r.Refusals[code], code)
	}
	_, err := fmt.Fprintf(w, "%d rows, %d commands (%d executed before), %d events appended, %d signed credentials, %d rows rejected, in %.1f s\n",
		r.Rows, r.Commands, r.Duplicates, r.Appended, r.Certificates, len(r.Rejected), r.Seconds)
	return err
}

// importProgress shows one bar a file.
type importProgress struct {
	w    io.Writer
	mu   sync.Mutex
	file string
	p    *progress
}

func (i *importProgress) show(p csvimport.Progress) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if p.File != i.file {
		i.p.done()
		i.file, i.p = p.File, newProgress(i.w, p.File, int64(p.FileTotal))
	}
	i.p.set(int64(p.FileRows))
}

func (i *importProgress) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.p.done()
}

// warnings passes warnings and worse on.
type warnings struct{ slog.Handler }

// Enabled implements slog.Handler.
func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}
