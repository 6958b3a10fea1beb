package issuer

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"sijil/domain"
	"sijil/verifier/did"
)

// Recorded answers what was signed, from the read models.
type Recorded interface {
	// Count is how many credentials of an institution were signed.
	Count(ctx context.Context, tenant, institution domain.ID) (int, error)
	// Begin are those whose id begins so, at most limit.
	Begin(ctx context.Context, tenant, institution domain.ID, prefix string, limit int) ([]did.RecordLine, error)
}

const (
	// sharedBy is how many credentials a question is about at most on average, and at least a
	// sixteenth of that where there are as many: so many an asker hides among.
	sharedBy = did.MaxRecords / 2
	// recount is how old the count may be by which questions are cut.
	recount = 10 * time.Minute
)

// counts remembers how many credentials institutions have signed.
type counts struct {
	mu   sync.Mutex
	kept map[domain.ID]counted
}

type counted struct {
	n  int
	at time.Time
}

// recordIndex says how finely questions about an institution's credentials are to be cut; nil
// where this server does not answer them.
func (p *Publisher) recordIndex(ctx context.Context, tenant, id domain.ID) (*did.RecordIndex, error) {
	if p.Recorded == nil {
		return nil, nil
	}
	now := p.issuer.now()
	p.counts.mu.Lock()
	c, ok := p.counts.kept[id]
	p.counts.mu.Unlock()
	if !ok || now.Sub(c.at) >= recount {
		n, err := p.Recorded.Count(ctx, tenant, id)
		if err != nil {
			return nil, err
		}
		c = counted{n, now}
		p.counts.mu.Lock()
		if p.counts.kept == nil {
			p.counts.kept = map[domain.ID]counted{}
		}
		p.counts.kept[id] = c
		p.counts.mu.Unlock()
	}
	x := &did.RecordIndex{}
	for n := c.n; n > sharedBy && x.PrefixLength < did.MaxRecordPrefix; n /= 16 {
		x.PrefixLength++
	}
	return x, nil
}

// Records is the JSON at /institutions/{id}/records: what the ledger recorded as signed, for all
// credentials whose id begins with prefix. Hashes and times only, so that it is everybody's to
// read. prefix_too_short when those would be too many: jwks.json says how long it is.
func (p *Publisher) Records(ctx context.Context, id domain.ID, prefix string) ([]byte, error) {
	tenant, _, err := p.issuer.ledger.IssuingInstitution(ctx, id)
	if err != nil {
		return nil, err
	}
	if p.Recorded == nil {
		return nil, errNotFound()
	}
	if len(prefix) > did.MaxRecordPrefix || strings.Trim(prefix, "0123456789abcdef") != "" {
		return nil, domain.Refuse(domain.Invalid, "invalid_field", "prefix is at most %d digits 0-9 and a-f", did.MaxRecordPrefix)
	}
	lines, err := p.Recorded.Begin(ctx, tenant, id, prefix, did.MaxRecords+1)
	if err != nil {
		return nil, err
	}
	if len(lines) > did.MaxRecords {
		p.counts.mu.Lock()
		delete(p.counts.kept, id)
		p.counts.mu.Unlock()
		return nil, domain.Refuse(domain.Invalid, "prefix_too_short", "more than %d credentials begin so", did.MaxRecords)
	}
	name, err := p.issuer.DID(id)
	if err != nil {
		return nil, err
	}
	return json.Marshal(did.Records{Issuer: name, Prefix: prefix, Records: lines})
}
