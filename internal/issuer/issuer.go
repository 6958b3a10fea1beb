package issuer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/internal/eventlog"
	"sijil/internal/follower"
	"sijil/internal/ledger"
	"sijil/verifier/did"
	"sijil/verifier/status"
)

// Config is what an issuer works with. Fields without a remark are required.
type Config struct {
	Ledger *ledger.Ledger
	Keys   Keys
	// PublicURL is where the ledger is found: institutions' DIDs and status lists are named
	// by it for ever.
	PublicURL string
	Now       func() time.Time
	Logger    *slog.Logger
	// Workers is how many credentials are on their way at once; 0 means 256. Each waits for
	// the log most of the time, which takes many appends into one commit.
	Workers int
}

// Issuer issues, and publishes what verifiers need. Safe for concurrent use.
type Issuer struct {
	ledger  *ledger.Ledger
	keys    Keys
	base    string
	now     func() time.Time
	logger  *slog.Logger
	workers int
	lint    *linter

	mu      sync.Mutex
	waiting map[string]wait // by award stream and edition
	told    map[string]time.Time
	// following is the log's follower, nil before the first turn.
	following *follower.Follower
}

// New is an issuer; an error means that cfg cannot work.
func New(cfg Config) (*Issuer, error) {
	if cfg.Ledger == nil || cfg.Keys == nil || cfg.Now == nil || cfg.Logger == nil {
		return nil, errors.New("the issuer's configuration is not complete")
	}
	if _, err := did.Web(cfg.PublicURL, "x"); err != nil {
		return nil, err
	}
	if cfg.Workers == 0 {
		cfg.Workers = 256
	}
	lint, err := newLinter()
	if err != nil {
		return nil, err
	}
	return &Issuer{
		ledger: cfg.Ledger, keys: cfg.Keys, base: strings.TrimSuffix(cfg.PublicURL, "/"), now: cfg.Now, logger: cfg.Logger,
		workers: cfg.Workers, lint: lint, waiting: map[string]wait{}, told: map[string]time.Time{},
	}, nil
}

// DID is the institution's name as an issuer.
func (i *Issuer) DID(inst domain.ID) (string, error) { return did.Web(i.base, string(inst)) }

// listURL is where an institution's n-th list is served; the suspension list has the same
// places as the revocation list beside it.
func (i *Issuer) listURL(inst domain.ID, n int, purpose string) string {
	url := i.base + "/status/" + string(inst) + "-" + strconv.Itoa(n)
	if purpose != status.Revocation {
		url += "-" + purpose
	}
	return url
}

// job is one award on its way to a credential.
type job struct {
	tenant domain.ID
	ref    award.Ref
	fact   award.DiplomaAwarded
	event  eventlog.Recorded
	meta   eventlog.Meta
	// credential follows from the event.
	credential domain.ID
	base       ledger.Act
}

func (j job) id() domain.ID { return domain.IDFromBytes(j.event.ID) }

// awardType is what the issuer waits for, in any version.
const awardType = "award.DiplomaAwarded."

// jobOf reads an event; ok is false when it is no award.
func (i *Issuer) jobOf(ctx context.Context, e eventlog.Recorded) (j job, ok bool, err error) {
	if !strings.HasPrefix(e.Type, awardType) {
		return job{}, false, nil
	}
	fact, err := ledger.Decode(e)
	if err != nil {
		return job{}, false, fmt.Errorf("reading an award: %w", err)
	}
	j.event = e
	if j.fact, ok = fact.(award.DiplomaAwarded); !ok {
		return job{}, false, fmt.Errorf("a %T stands where an award should", fact)
	}
	if j.ref, ok = award.ParseRef(e.Stream); !ok {
		return job{}, false, fmt.Errorf("an award stands in stream %s", e.Stream)
	}
	if j.meta, err = eventlog.DecodeMeta(e.Meta); err != nil {
		return job{}, false, err
	}
	j.tenant = domain.ID(j.meta.Tenant)
	mac, err := i.ledger.Vault().MAC(ctx, j.tenant, "credential", string(j.id()))
	if err != nil {
		return job{}, false, fmt.Errorf("deriving a credential's id: %w", err)
	}
	j.credential = domain.KeyedID(mac)
	j.base, err = i.ledger.Begin(ctx, ledger.Request{
		Tenant: j.tenant, Institution: j.fact.Institution, Actor: "issuer", Client: "issuer", Route: "issue", Key: string(j.id()),
		CausationID: string(j.id()), CorrelationID: j.meta.CorrelationID, EffectiveAt: string(j.fact.AwardDate), After: e.Position,
	})
	return j, err == nil, err
}

// act is the job's command. Each step is another event of the same command on the award's
// stream, so each gets a route of its own.
func (i *Issuer) act(j job) ledger.Act { return j.base }

// step is the job's command named step.
func (i *Issuer) step(ctx context.Context, j job, step string) (ledger.Act, error) {
	r := j.base.Request
	r.Route = "issue/" + step
	return i.ledger.Begin(ctx, r)
}
