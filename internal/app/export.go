package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"sijil/domain"
	"sijil/internal/eventlog"
	"sijil/internal/vault"
	"sijil/projections"
	"sijil/verifier/bundle"
	"sijil/verifier/did"
	"sijil/verifier/keyfile"
)

// CatchUp brings the read models to the end of the log, or waits for the process that
// projects; for commands that run beside or without the service. [ErrEmpty] when there is
// nothing to read.
func (a *App) CatchUp(ctx context.Context) error {
	_, err := a.catchUp(ctx)
	return err
}

// catchUp also says what the end was.
func (a *App) catchUp(ctx context.Context) (end eventlog.Position, err error) {
	if end, err = a.Log.End(ctx); err != nil {
		return 0, fmt.Errorf("finding the end of the log: %w", err)
	}
	if end == 0 {
		return 0, ErrEmpty
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.Runner.Run(ctx) }()
	waited := make(chan error, 1)
	go func() { waited <- a.Runner.WaitFor(ctx, end, catchUpTime) }()
	select {
	case err = <-waited:
		stop()
		<-ended
	case err = <-ended:
		stop()
		<-waited
	}
	return end, err
}

// ErrEmpty: nothing was ever recorded in this ledger.
var ErrEmpty = errors.New("the ledger is empty: nothing was recorded yet")

// catchUpTime bounds how long a command waits for the read models.
const catchUpTime = time.Hour

// Exported says what an export wrote.
type Exported struct {
	Issuers     int `json:"issuers"`
	StatusLists int `json:"statusLists"`
	Records     int `json:"records"`
	Credentials int `json:"credentials"`
	// Erased counts credentials that cannot be opened any more.
	Erased int `json:"erased"`
	// Of a bundle: its manifest, and the thumbprint of the key that signed it.
	LogID       string    `json:"logId,omitempty"`
	TreeSize    int64     `json:"treeSize,omitempty"`
	GeneratedAt time.Time `json:"generatedAt,omitzero"`
	Expires     time.Time `json:"expires,omitzero"`
	Key         string    `json:"key,omitempty"`
}

// ExportBundle writes the offline trust bundle of every institution that signs, or of one,
// to out, signed with the bundle key. It and its status lists are good for life. An
// institution has a name under each public URL that credentials were signed under.
func (a *App) ExportBundle(ctx context.Context, out string, institution domain.ID, life time.Duration) (Exported, error) {
	var done Exported
	key, err := a.BundleKey()
	if err != nil {
		return done, err
	}
	// What is recorded from here on may be in the bundle; what the size counts is.
	size, err := a.catchUp(ctx)
	if err != nil {
		return done, err
	}
	urls, err := a.IssuerPlace().URLs(ctx)
	if err != nil {
		return done, err
	}
	lists, err := projections.IssuerLists(ctx, a.DB.Projector, institution)
	if err != nil {
		return done, err
	}
	if len(lists) == 0 {
		return done, errors.New("nothing is signed yet, so there is nothing that a bundle could help to check")
	}
	b := bundle.Bundle{
		Now:   did.Instant{Time: a.cfg.Now().UTC().Truncate(time.Second)},
		Lists: map[string][]byte{}, Documents: map[string][]byte{}, HasRecords: true,
	}
	names, accredited := map[domain.ID][]string{}, a.accreditors()
	for _, url := range urls {
		issuing, err := a.Issuing(url)
		if err != nil {
			return done, err
		}
		for _, l := range lists {
			name, err := did.Web(url, string(l.Institution))
			if err != nil {
				return done, err
			}
			if known := names[l.Institution]; len(known) == 0 || known[len(known)-1] != name {
				names[l.Institution] = append(known, name)
				trusted, err := issuing.Publisher.Issuer(ctx, l.Institution)
				if err != nil {
					return done, err
				}
				if trusted.Accreditations, err = accredited.accreditations(ctx, l.Tenant, l.Institution); err != nil {
					return done, err
				}
				if b.Documents[trusted.ID], err = issuing.Publisher.DIDDocument(ctx, l.Institution); err != nil {
					return done, err
				}
				b.Issuers = append(b.Issuers, trusted)
			}
			for _, suffix := range []string{"", "-" + projections.PurposeSuspension} {
				list := string(l.Institution) + "-" + strconv.Itoa(l.Number) + suffix
				signed, err := issuing.Publisher.List(ctx, list, time.Time{}, life)
				if domain.CodeOf(err) == "no_status_key" {
					return done, fmt.Errorf("the institution %s has no usable status key here: run `sijil keys authorize --institution %s`", l.Institution, l.Institution)
				} else if err != nil {
					return done, err
				}
				b.Lists[url+"/status/"+list] = signed.Token
			}
		}
	}
	for c, err := range projections.Signed(ctx, a.DB.Projector, institution) {
		if err != nil {
			return done, err
		}
		var forms []did.RecordedForm
		for n, sum := range c.FormPayloads {
			forms = append(forms, did.RecordedForm{PayloadSHA256: sum, RecordedAt: did.Instant{Time: c.FormTimes[n].UTC()}})
		}
		record := did.Record{
			ID: "urn:uuid:" + string(c.Credential), PayloadSHA256: c.PayloadSHA256, RecordedAt: did.Instant{Time: c.SignedAt.UTC()},
			Reason: c.Reason, Forms: forms,
		}
		if c.Successor != nil {
			record.Successor = did.HashID("urn:uuid:" + string(*c.Successor))
		}
		for _, name := range names[c.Institution] {
			record.Issuer = name
			b.Records = append(b.Records, record)
		}
	}
	for c, err := range projections.SignedAttestations(ctx, a.DB.Projector, institution) {
		if err != nil {
			return done, err
		}
		record := did.Record{
			ID: "urn:uuid:" + string(c.Credential), PayloadSHA256: c.PayloadSHA256, RecordedAt: did.Instant{Time: c.SignedAt.UTC()}, Reason: c.Reason,
		}
		for _, name := range names[c.Institution] {
			record.Issuer = name
			b.Records = append(b.Records, record)
		}
	}
	pub, err := keyfile.NewPublic(key.Public())
	if err != nil {
		return done, err
	}
	from := bundle.Origin{LogID: a.LogID, TreeSize: int64(size), Expires: did.Instant{Time: b.Now.Add(life)}}
	done = Exported{
		Issuers: len(b.Issuers), StatusLists: len(b.Lists), Records: len(b.Records),
		LogID: from.LogID, TreeSize: from.TreeSize, GeneratedAt: b.Now.Time, Expires: from.Expires.Time, Key: pub.ID,
	}
	return done, bundle.WriteSigned(out, b, from, key)
}

// openAtOnce is how many credentials are opened and written at the same time.
const openAtOnce = 8

// ExportCredentials writes every signed credential, or those of one institution, to
// dir/{credential id}.jwt. The files are the diplomas themselves: they are readable by
// their owner only. A file that is there is written anew.
func (a *App) ExportCredentials(ctx context.Context, dir string, institution domain.ID) (Exported, error) {
	var done Exported
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return done, fmt.Errorf("making the directory of credentials: %w", err)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(openAtOnce)
	erased := make(chan struct{}, openAtOnce)
	counted := make(chan int)
	go func() {
		n := 0
		for range erased {
			n++
		}
		counted <- n
	}()
	var failed error
	for c, err := range projections.Signed(ctx, a.DB.Projector, institution) {
		if err != nil {
			failed = err
			break
		}
		done.Credentials++
		g.Go(func() error {
			err := a.exportOne(ctx, dir, c)
			if errors.Is(err, vault.ErrErased) || errors.Is(err, vault.ErrNoKey) {
				erased <- struct{}{}
				return nil
			}
			return err
		})
	}
	err := errors.Join(g.Wait(), failed)
	close(erased)
	done.Erased = <-counted
	done.Credentials -= done.Erased
	return done, err
}

func (a *App) exportOne(ctx context.Context, dir string, c projections.SignedCredential) error {
	plain, err := a.Vault.Open(ctx, c.Tenant, c.Token)
	if err != nil {
		return fmt.Errorf("opening a credential: %w", err)
	}
	var token string
	if err := json.Unmarshal(plain, &token); err != nil {
		return errors.New("a sealed credential is not what its writer wrote")
	}
	if err := os.WriteFile(filepath.Join(dir, string(c.Credential)+".jwt"), []byte(token), 0o600); err != nil {
		return fmt.Errorf("writing a credential: %w", err)
	}
	return nil
}
