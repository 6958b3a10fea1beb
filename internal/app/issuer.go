package app

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"sijil/domain"
	"sijil/internal/issuer"
	"sijil/projections"
	"sijil/verifier/did"
)

// Issuing is the part of the service that signs and publishes, under one public URL.
type Issuing struct {
	Issuer    *issuer.Issuer
	Publisher *issuer.Publisher
	Place     *issuer.PGPlace
}

// Issuing is an issuer under publicURL with the keys of the data directory.
func (a *App) Issuing(publicURL string) (*Issuing, error) {
	i, err := issuer.New(issuer.Config{
		Ledger: a.Ledger, Keys: a.signing, PublicURL: publicURL, Now: a.cfg.Now, Logger: a.cfg.Logger,
	})
	if err != nil {
		return nil, err
	}
	p := issuer.NewPublisher(i, statusBits{a.Reader})
	p.Recorded = recorded{a.Reader}
	p.Authority = func(ctx context.Context) (domain.ID, error) { return projections.SoleAuthority(ctx, a.DB.Projector) }
	return &Issuing{Issuer: i, Publisher: p, Place: a.IssuerPlace()}, nil
}

// SigningKeys are the files of institutions' signing keys in the data directory, where they lie
// unless [Config.KeyPlaces] says otherwise.
func (a *App) SigningKeys() *issuer.FileKeys { return issuer.NewFileKeys(KeyDir(a.cfg.DataDir)) }

// IssuerPlace is how far the issuer has come.
func (a *App) IssuerPlace() *issuer.PGPlace { return issuer.NewPGPlace(a.DB.Projector, a.LogID) }

// IssuerStuck is what keeps awards from being signed, and what ends that; nil when the
// issuer gets on. It is about the issuer that [App.API] made.
func (a *App) IssuerStuck() error {
	if a.issuer == nil {
		return nil
	}
	if err := a.issuer.Err(); err != nil {
		return err
	}
	for _, w := range a.issuer.Waiting() {
		return fmt.Errorf("%d awards wait: %s", w.Awards, w.Cause)
	}
	return nil
}

func (i *Issuing) follower() *follower {
	return &follower{
		name:     "issuer",
		run:      func(ctx context.Context) error { return i.Issuer.Follow(ctx, i.Place) },
		stumbles: i.Issuer.Err,
	}
}

// statusBits reads status lists from the read models.
type statusBits struct{ reader *projections.Reader }

// Bits implements [issuer.Bits].
func (b statusBits) Bits(ctx context.Context, tenant, institution domain.ID, n int, purpose string, at time.Time) (set []int, length int, changed string, ok bool, err error) {
	until := at
	if until.IsZero() {
		until = farFuture
	}
	err = b.reader.View(ctx, projections.Scope{Tenant: tenant}, func(tx pgx.Tx) error {
		lists, err := projections.StatusLists(ctx, tx, tenant, institution)
		if err != nil {
			return err
		}
		for _, l := range lists {
			if l.Number == n {
				length, ok = l.Length, true
			}
		}
		if ok {
			set, err = projections.StatusBits(ctx, tx, tenant, institution, n, purpose, until)
		}
		return err
	})
	h := sha256.New()
	for _, i := range set {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(i))) // never fails
	}
	return set, length, string(h.Sum(nil)), ok, err
}

// recorded reads what was signed from the read models.
type recorded struct{ reader *projections.Reader }

// Count implements [issuer.Recorded].
func (r recorded) Count(ctx context.Context, tenant, institution domain.ID) (n int, err error) {
	err = r.reader.View(ctx, projections.Scope{Tenant: tenant, Institutions: []domain.ID{institution}}, func(tx pgx.Tx) error {
		n, err = projections.RecordedCount(ctx, tx, tenant, institution)
		return err
	})
	return n, err
}

// Begin implements [issuer.Recorded].
func (r recorded) Begin(ctx context.Context, tenant, institution domain.ID, prefix string, limit int) ([]did.RecordLine, error) {
	var rows []projections.RecordedCredential
	err := r.reader.View(ctx, projections.Scope{Tenant: tenant, Institutions: []domain.ID{institution}}, func(tx pgx.Tx) (err error) {
		rows, err = projections.RecordedCredentials(ctx, tx, tenant, institution, prefix, limit)
		return err
	})
	lines := make([]did.RecordLine, 0, len(rows))
	for _, c := range rows {
		payload, perr := c.Payload()
		if perr != nil {
			return nil, perr
		}
		line := did.NewRecordLine("urn:uuid:"+string(c.Credential), payload, did.Instant{Time: c.SignedAt.UTC()})
		if line.Reason = c.Reason; c.Successor != nil {
			line.Successor = did.HashID("urn:uuid:" + string(*c.Successor))
		}
		for n, text := range c.FormPayloads {
			sum, perr := projections.PayloadSum(text)
			if perr != nil {
				return nil, perr
			}
			line.AddForm(sum, did.Instant{Time: c.FormTimes[n].UTC()})
		}
		lines = append(lines, line)
	}
	return lines, err
}

// farFuture is after everything that was recorded.
var farFuture = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
