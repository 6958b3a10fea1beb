package online

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sijil/verifier"
	"sijil/verifier/did"
)

const (
	// keepRecords is how long an answer of the ledger's is kept. What it recorded does not change,
	// but more comes to it, and reasons why some of it does not count.
	keepRecords = time.Minute
	// maxRecordSets is how many answers are kept, of at most [did.MaxRecords] lines each.
	maxRecordSets = 64
)

// Record implements [verifier.Trust]: it asks the ledger for everything whose id begins as
// this one's does. The ledger learns that much of the id and no more, and nothing of who is
// being checked. Verify asks only about credentials whose key is retired or compromised, and
// about those that are revoked or suspended, for the reason.
func (t *Trust) Record(ctx context.Context, issuer, id string) (verifier.Record, error) {
	i, err := t.issuer(ctx, issuer)
	if errors.Is(err, verifier.ErrUnknown) || err == nil && i.Records == nil {
		return verifier.Record{}, verifier.ErrNoLedger
	} else if err != nil {
		return verifier.Record{}, err
	}
	prefix, ok := i.Records.Prefix(id)
	if !ok {
		return verifier.Record{}, verifier.ErrNoLedger
	}
	l, place, _ := t.home(issuer)
	url := place + "/records"
	if prefix != "" {
		url += "?prefix=" + prefix
	}
	set, at, err := t.records.get(ctx, url, keepRecords, func(ctx context.Context) (did.RecordSet, error) {
		b, err := l.client.get(ctx, url, "application/json")
		if err != nil {
			return nil, fmt.Errorf("%w: %w", verifier.ErrUnreachable, err)
		}
		set, err := did.ParseRecords(b, issuer, prefix)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", verifier.ErrUnreachable, err)
		}
		return set, nil
	})
	if err != nil {
		return verifier.Record{}, err
	}
	r, ok := set.Find(id)
	if !ok {
		return verifier.Record{}, verifier.ErrUnknown
	}
	rec := verifier.Record{PayloadSHA256: r.PayloadSHA256, RecordedAt: r.RecordedAt.Time, Reason: r.Reason, Successor: r.Successor, Source: l.origin, AsOf: at}
	for _, f := range r.Forms {
		rec.Forms = append(rec.Forms, verifier.RecordedForm{PayloadSHA256: f.PayloadSHA256, RecordedAt: f.RecordedAt.Time})
	}
	return rec, nil
}
