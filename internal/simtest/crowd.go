package simtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"sijil/internal/eventlog"
)

// Config says whom to act against, and how. Where, Client and Today are required.
type Config struct {
	// Where is the ledger's base URL now, "" while it is known to be down.
	Where func() string
	// Client makes an API client with a role for an institution ("" for the authority).
	Client func(ctx context.Context, role, institution string) (id, secret string, err error)
	// Today is the day of the story; every date derives from it.
	Today time.Time
	// Seed decides who does what; when, the ledger decides too.
	Seed uint64
	// Clerks work at once; 0 means 16.
	Clerks int
	// Cuts is the share of requests whose connection the client cuts, or whose answer it
	// throws away.
	Cuts float64
}

// Crowd is the offices of an authority and the clerks who work in them.
type Crowd struct {
	Book Book
	// FreshKeys makes clients that do it wrong: each retry comes under a new key.
	FreshKeys atomic.Bool

	cfg     Config
	http    *http.Client
	keys    atomic.Int64
	logID   atomic.Value // string: the log that positions are of
	schools [2]*School
	// ministry approves what schools propose.
	ministry *Office
	clerks   []*clerk
}

// New is a crowd that has not begun.
func New(cfg Config) *Crowd {
	if cfg.Clerks == 0 {
		cfg.Clerks = 16
	}
	c := &Crowd{cfg: cfg, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * cfg.Clerks}}}
	for i := range cfg.Clerks {
		c.clerks = append(c.clerks, &clerk{crowd: c, number: i, rng: rand.New(rand.NewPCG(cfg.Seed, uint64(i)+1))})
	}
	return c
}

// Close gives connections back.
func (c *Crowd) Close() { c.http.CloseIdleConnections() }

// positionHeader is a position as a read carries it.
func (c *Crowd) positionHeader(at eventlog.Position) string {
	log, _ := c.logID.Load().(string)
	return log + ":" + strconv.FormatUint(uint64(at), 10)
}

func (c *Crowd) newKey() string {
	return "s" + strconv.FormatUint(c.cfg.Seed, 36) + "-" + strconv.FormatInt(c.keys.Add(1), 10)
}

// Work lets the clerks work until enough is done, and returns when each has had the answer
// to their last command. An error means that one could not go on: a command was refused,
// or ctx ended before an answer.
func (c *Crowd) Work(ctx context.Context, enough <-chan struct{}) error {
	all, ctx := errgroup.WithContext(ctx)
	for _, k := range c.clerks {
		all.Go(func() error {
			for {
				select {
				case <-enough:
					return nil
				default:
				}
				if err := k.step(ctx); err != nil {
					return fmt.Errorf("clerk %d: %w", k.number, err)
				}
			}
		})
	}
	return all.Wait()
}

// AskAgain repeats every acknowledged command; each has to be answered as it was.
func (c *Crowd) AskAgain(ctx context.Context) error {
	return c.spread(ctx, len(c.Book.Acknowledged()), func(ctx context.Context, rng *rand.Rand, i int) error {
		k := c.Book.Acknowledged()[i]
		return k.Office.Again(ctx, rng, k)
	})
}

// ReadBack reads every pupil; each has to be there as registered, with every grade.
func (c *Crowd) ReadBack(ctx context.Context) error {
	var all []*pupil
	for _, k := range c.clerks {
		all = append(append(all, k.pupils...), k.left...)
	}
	return c.spread(ctx, len(all), func(ctx context.Context, _ *rand.Rand, i int) error { return c.readBack(ctx, all[i]) })
}

// Unsigned is how many awards have no signed credential yet, as the register of diplomas
// says it.
func (c *Crowd) Unsigned(ctx context.Context) (int, error) {
	n := 0
	for _, state := range []string{"awarded", "prepared"} {
		var page struct{ Items []any }
		if err := c.schools[0].Office.get(ctx, "/v1/credentials?limit=100&state="+state, 0, &page); err != nil {
			return 0, err
		}
		n += len(page.Items)
	}
	return n, nil
}

// spread calls f for 0 … n-1, as many at once as there are clerks.
func (c *Crowd) spread(ctx context.Context, n int, f func(context.Context, *rand.Rand, int) error) error {
	var next atomic.Int64
	all, ctx := errgroup.WithContext(ctx)
	for w := range c.cfg.Clerks {
		rng := rand.New(rand.NewPCG(c.cfg.Seed, 1_000+uint64(w)))
		all.Go(func() error {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := f(ctx, rng, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return all.Wait()
}

// hire makes several API clients side by side: each is a run of the operator's program.
func (c *Crowd) hire(ctx context.Context, institution string, roles ...string) ([]*Office, error) {
	offices := make([]*Office, len(roles))
	errs := make([]error, len(roles))
	var all sync.WaitGroup
	for i, role := range roles {
		all.Go(func() {
			id, secret, err := c.cfg.Client(ctx, role, institution)
			offices[i], errs[i] = &Office{ClientID: id, secret: secret, crowd: c}, err
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("making a client: %w", err)
		}
	}
	return offices, nil
}
