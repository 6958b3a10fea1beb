// Package process holds the rules that span streams: it follows the log and sends
// commands whose keys derive from the event that made it act, so that it can die anywhere
// and run twice. What is to be done later, or failed, waits as a reminder outside the log.
package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"sijil/domain"
	"sijil/internal/eventlog"
	"sijil/internal/ledger"
)

// Config is what processes work with. Fields without a remark are required.
type Config struct {
	Ledger *ledger.Ledger
	Store  Store
	Now    func() time.Time
	Logger *slog.Logger
	// Abandon is how long a reserved number waits for its link; 0 means [DefaultAbandon].
	Abandon time.Duration
}

// DefaultAbandon leaves a caller an hour to repeat a command whose outcome it did not learn.
const DefaultAbandon = time.Hour

// Runner runs every rule. Several processes may run one each: a command that two of them
// send is recorded once.
type Runner struct {
	cfg   Config
	rules []rule

	mu     sync.Mutex
	failed error
}

// New is a runner of all rules.
func New(cfg Config) *Runner {
	if cfg.Abandon == 0 {
		cfg.Abandon = DefaultAbandon
	}
	return &Runner{cfg: cfg, rules: rules(cfg.Abandon)}
}

// Err is why the runner does not get on at the moment, for /readyz; nil when it does.
func (r *Runner) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *Runner) setErr(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = err
}

const (
	// maxBatch bounds the reminders of one transaction, and those looked at in one step.
	maxBatch = 1000
	// maxUnsaved bounds the events that ask for nothing before the place behind them is
	// stored: after a crash they are read again, and until then they cost no commit.
	maxUnsaved = 10_000
	// tick is how late a reminder may be seen.
	tick = time.Second
	// firstBackoff is the pause after a first failure; each further one doubles it.
	firstBackoff = 100 * time.Millisecond
)

// Run works until ctx ends, and tries again what fails. It returns early only for
// [ErrForeignLog].
func (r *Runner) Run(ctx context.Context) error {
	for backoff := firstBackoff; ctx.Err() == nil; {
		err := r.follow(ctx)
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, ErrForeignLog):
			r.setErr(err)
			return err
		default:
			if r.Err() == nil {
				backoff = firstBackoff // it got on meanwhile: this is another failure
			}
			r.setErr(err)
			r.cfg.Logger.WarnContext(ctx, "the processes do not get on; trying again", "in", backoff, "err", err)
			sleep(ctx, backoff)
			backoff = min(2*backoff, 10*time.Second)
		}
	}
	return ctx.Err()
}

// follow reads the log from the stored place on, and acts on what is due.
func (r *Runner) follow(ctx context.Context) error {
	log := r.cfg.Ledger.Log()
	id, err := log.ID(ctx)
	if err != nil {
		return fmt.Errorf("asking the log for its id: %w", err)
	}
	at, err := r.cfg.Store.Place(ctx, id)
	if err != nil {
		return fmt.Errorf("loading the place in the log: %w", err)
	}
	p := &place{log: id, stored: at, batch: newBatch(at)}
	for {
		if err := r.read(ctx, p); err != nil {
			return err
		}
		more, err := r.act(ctx)
		if err != nil {
			return err
		}
		r.setErr(nil)
		if more {
			continue
		}
		waiting, stop := context.WithTimeout(ctx, tick)
		err = log.Wait(waiting, p.batch.to)
		stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("waiting for the log: %w", err)
		}
	}
}

// place is how far one runner has read, and what it has not stored of that.
type place struct {
	log    string
	stored eventlog.Position
	batch  *batch
}

// read notes the events after the place that are at hand, and stores what they ask for.
func (r *Runner) read(ctx context.Context, p *place) error {
	for end := false; !end; {
		var err error
		if end, err = r.readOn(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// readOn reads what is at hand, or until another process has moved the place: it
// may have read less than we had, so reading begins again from where it is.
func (r *Runner) readOn(ctx context.Context, p *place) (end bool, err error) {
	for e, err := range eventlog.Since(ctx, r.cfg.Ledger.Log(), p.batch.to) {
		if err != nil {
			return false, fmt.Errorf("reading the log: %w", err)
		}
		if err := r.note(e, p.batch); err != nil {
			return false, err
		}
		p.batch.to = e.Position
		p.batch.events++
		if p.batch.asks >= maxBatch || p.batch.events >= maxUnsaved {
			if kept, err := r.keep(ctx, p); err != nil || !kept {
				return false, err
			}
		}
	}
	if p.batch.asks == 0 {
		return true, nil
	}
	return r.keep(ctx, p)
}

// keep stores the batch and begins the next one. false when another process has moved the
// place: nothing was stored, and the next batch begins where that one is.
func (r *Runner) keep(ctx context.Context, p *place) (bool, error) {
	kept, err := r.cfg.Store.Keep(ctx, p.log, p.stored, p.batch.to, p.batch.cleared, p.batch.added())
	if err != nil {
		return false, fmt.Errorf("keeping reminders: %w", err)
	}
	if p.stored = p.batch.to; !kept {
		if p.stored, err = r.cfg.Store.Place(ctx, p.log); err != nil {
			return false, err
		}
	}
	p.batch = newBatch(p.stored)
	return kept, nil
}

// note asks every rule what an event means to it.
func (r *Runner) note(e eventlog.Recorded, b *batch) error {
	interested := false
	for _, rule := range r.rules {
		interested = interested || rule.reads(e.Type)
	}
	if !interested {
		return nil
	}
	meta, err := eventlog.DecodeMeta(e.Meta)
	if err != nil {
		return err
	}
	fact, err := ledger.Decode(e)
	if err != nil {
		return err
	}
	for _, rule := range r.rules {
		if !rule.reads(e.Type) {
			continue
		}
		n := noted{rule: rule.name, event: e, meta: meta, batch: b}
		rule.note(n, fact)
	}
	return nil
}

// act does what is due, one after the other; more is true when there may be more at once.
func (r *Runner) act(ctx context.Context) (more bool, err error) {
	due, err := r.cfg.Store.Due(ctx, r.cfg.Now(), maxBatch)
	if err != nil {
		return false, fmt.Errorf("looking for due reminders: %w", err)
	}
	for _, m := range due {
		if err := r.attend(ctx, m); err != nil {
			return false, err
		}
	}
	return len(due) == maxBatch, nil
}

// attend runs one reminder's rule. What a rule cannot do now is tried again later, and
// does not keep the others waiting.
func (r *Runner) attend(ctx context.Context, m Reminder) error {
	err := r.run(ctx, m)
	switch {
	case err == nil:
		return r.cfg.Store.Settle(ctx, m)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	m.Failed++
	wait := min(time.Second<<min(m.Failed, 12), time.Hour)
	m.Due = r.cfg.Now().Add(wait)
	r.cfg.Logger.WarnContext(ctx, "a rule across streams could not be carried out; trying again", "rule", m.Rule, "stream", m.Stream, "revision", m.Revision, "failed", m.Failed, "in", wait, "err", err)
	return r.cfg.Store.Postpone(ctx, m)
}

// run gives a rule its event and a command key that derives from it.
func (r *Runner) run(ctx context.Context, m Reminder) error {
	for _, rule := range r.rules {
		if rule.name != m.Rule {
			continue
		}
		for e, err := range r.cfg.Ledger.Log().Read(ctx, m.Stream, m.Revision) {
			if err != nil {
				return fmt.Errorf("reading the event of a reminder: %w", err)
			}
			meta, err := eventlog.DecodeMeta(e.Meta)
			if err != nil {
				return err
			}
			fact, err := ledger.Decode(e)
			if err != nil {
				return err
			}
			act, err := r.cfg.Ledger.Begin(ctx, ledger.Request{
				Tenant: m.Tenant, Institution: domain.ID(meta.Institution), Actor: "process:" + rule.name,
				Client: "process", Route: rule.name, Key: e.ID.String(),
				CorrelationID: meta.CorrelationID, CausationID: e.ID.String(), After: e.Position,
			})
			if err != nil {
				return err
			}
			return rule.act(ctx, r.cfg.Ledger, act, e, fact)
		}
		return nil // the log was replaced by a shorter one: nothing to come back to
	}
	return fmt.Errorf("no rule is called %q: the reminder comes from another version of this program", m.Rule)
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// reads reports whether the rule looks at events of this type, any version of it.
func (r rule) reads(typ string) bool {
	for _, t := range r.types {
		if strings.HasPrefix(typ, t+".v") {
			return true
		}
	}
	return false
}
