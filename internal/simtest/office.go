package simtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sijil/internal/eventlog"
)

// Office is one API client: a school's system, or an officer.
type Office struct {
	// ClientID is its OAuth client id, "slug.id".
	ClientID string

	crowd  *Crowd
	secret string
	token  atomic.Pointer[string]
	renew  sync.Mutex
}

// Subject is the actor of what the office writes.
func (o *Office) Subject() string { _, id, _ := strings.Cut(o.ClientID, "."); return id }

var (
	// errRefused: the ledger says no, for good, to what it must take.
	errRefused = errors.New("refused")
	// errDown: nobody listens, so the request was not even sent.
	errDown = errors.New("the ledger is down")
	// errThrown: the client threw the answer away.
	errThrown = errors.New("the answer was lost")
)

const (
	// patience is how long one request may take; a ledger that is down refuses at once.
	patience = 20 * time.Second
	// retryPause is how long an office waits before it asks again, at most.
	retryPause = 100 * time.Millisecond
	// cutWithin is the time within which a client that cuts its connection does so: a
	// commit takes some milliseconds.
	cutWithin = 20 * time.Millisecond
)

// Do sends a command until it is acknowledged, under one key. facts are the events that it
// has to record, see [Command].
func (o *Office) Do(ctx context.Context, rng *rand.Rand, path string, body any, facts ...string) (*Command, error) {
	return o.do(ctx, rng, &Command{Path: path, Facts: facts}, body)
}

func (o *Office) do(ctx context.Context, rng *rand.Rand, c *Command, body any) (*Command, error) {
	var err error
	if body != nil { // an approval says everything in its path
		if c.Body, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	c.Office, c.Key = o, o.crowd.newKey()
	book := &o.crowd.Book
	var thrown *Command // what an answer said that the client threw away
	var unknown error   // why the last try has no answer
	for {
		if unknown != nil {
			if !errors.Is(unknown, errDown) {
				book.Retries.Add(1)
			}
			if err := pause(ctx, retryPause/2+time.Duration(rng.Int64N(int64(retryPause/2)))); err != nil {
				return nil, fmt.Errorf("%s was never answered: %w", c.Path, err)
			}
			if o.crowd.FreshKeys.Load() {
				c.Key = o.crowd.newKey()
			}
		}
		cut := rng.Float64() < o.crowd.cfg.Cuts
		told, err := o.send(ctx, c, cut, rng)
		if errors.Is(err, errRefused) {
			book.complain("%v", err)
			return nil, err
		}
		if unknown = err; err != nil {
			continue
		}
		if thrown != nil && !told.same(thrown) {
			book.complain("POST %s under %s is answered %s at %d, and was answered %s at %d", c.Path, c.Key, told.Answer, told.Position, thrown.Answer, thrown.Position)
		}
		if cut { // the answer came all the same, and gets lost on the last yard
			thrown, unknown = told, errThrown
			continue
		}
		c.Answer, c.Position = told.Answer, told.Position
		book.acknowledge(c)
		return c, nil
	}
}

// Again repeats an acknowledged command: the answer must be the one it was given.
func (o *Office) Again(ctx context.Context, rng *rand.Rand, c *Command) error {
	book := &o.crowd.Book
	book.Repeats.Add(1)
	for {
		told, err := o.send(ctx, c, false, rng)
		switch {
		case errors.Is(err, errRefused):
			book.complain("asked again, an acknowledged command is %v", err)
			return err
		case err == nil:
			if !told.same(c) {
				book.complain("asked again, POST %s under %s is answered %s at %d, and was answered %s at %d", c.Path, c.Key, told.Answer, told.Position, c.Answer, c.Position)
			}
			return nil
		}
		if err := pause(ctx, retryPause); err != nil {
			return err
		}
	}
}

// same reports whether two answers are one.
func (c *Command) same(as *Command) bool {
	return bytes.Equal(c.Answer, as.Answer) && c.Position == as.Position
}

// send sends a command once, and gives what it was told: an answer, [errRefused], or
// another error when the outcome is unknown.
func (o *Office) send(ctx context.Context, c *Command, cut bool, rng *rand.Rand) (*Command, error) {
	if cut {
		o.crowd.Book.Cut.Add(1)
		if rng.IntN(2) == 0 {
			var stop context.CancelFunc
			ctx, stop = context.WithTimeout(ctx, time.Duration(rng.Int64N(int64(cutWithin))))
			defer stop()
		}
	}
	status, header, answer, err := o.request(ctx, http.MethodPost, c.Path, c.Body, "Idempotency-Key", c.Key)
	if err != nil {
		return nil, err
	}
	if status/100 != 2 {
		return nil, fmt.Errorf("%w: POST %s under %s: %d %s", errRefused, c.Path, c.Key, status, answer)
	}
	if c.Rows > 0 {
		if err := rowsTaken(c, answer); err != nil {
			return nil, err
		}
	}
	log, digits, _ := strings.Cut(header.Get("X-Sijil-Position"), ":")
	o.crowd.logID.Store(log)
	at, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%w: POST %s answers without a position", errRefused, c.Path)
	}
	return &Command{Answer: answer, Position: eventlog.Position(at)}, nil
}

// rowsTaken is nil when every row of a batch is recorded.
func rowsTaken(c *Command, answer []byte) error {
	var a struct {
		Grades []struct {
			Status int
			ID     string
		}
	}
	if err := json.Unmarshal(answer, &a); err != nil || len(a.Grades) != c.Rows {
		return fmt.Errorf("%w: POST %s with %d rows is answered %s", errRefused, c.Path, c.Rows, answer)
	}
	for _, row := range a.Grades {
		switch {
		case row.Status == http.StatusCreated && row.ID != "":
		case transient(row.Status):
			return errors.New("the outcome of a row is unknown")
		default:
			return fmt.Errorf("%w: POST %s under %s: %s", errRefused, c.Path, c.Key, answer)
		}
	}
	return nil
}

// transient are statuses after which the same request is sent again.
func transient(status int) bool {
	return status >= 500 || status == http.StatusTooManyRequests
}

// request sends one request with a token, and renews the token where it is no longer
// taken. Transient answers are errors.
func (o *Office) request(ctx context.Context, method, path string, body []byte, headers ...string) (int, http.Header, []byte, error) {
	for range 3 {
		token := o.token.Load()
		if token == nil {
			if err := o.newToken(ctx, nil); err != nil {
				return 0, nil, nil, err
			}
			continue
		}
		status, header, answer, err := o.crowd.roundTrip(ctx, method, path, "application/json", body, append(headers, "Authorization", "Bearer "+*token)...)
		switch {
		case err != nil:
			return 0, nil, nil, err
		case status == http.StatusUnauthorized:
			if err := o.newToken(ctx, token); err != nil {
				return 0, nil, nil, err
			}
			continue
		case transient(status):
			return 0, nil, nil, fmt.Errorf("%s %s: %d %s", method, path, status, answer)
		}
		return status, header, answer, nil
	}
	return 0, nil, nil, errors.New("the tokens that the ledger issues are not taken")
}

// newToken gets a token in the place of old, unless somebody else just did.
func (o *Office) newToken(ctx context.Context, old *string) error {
	o.renew.Lock()
	defer o.renew.Unlock()
	if o.token.Load() != old {
		return nil
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {o.ClientID}, "client_secret": {o.secret}}
	status, _, answer, err := o.crowd.roundTrip(ctx, http.MethodPost, "/oauth2/token", "application/x-www-form-urlencoded", []byte(form.Encode()))
	if err != nil {
		return err
	}
	var a struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(answer, &a); err != nil || status != http.StatusOK || a.Token == "" {
		return fmt.Errorf("no token: %d %s", status, answer)
	}
	o.token.Store(&a.Token)
	return nil
}

// roundTrip is one HTTP exchange, wherever the ledger is now.
func (c *Crowd) roundTrip(ctx context.Context, method, path, kind string, body []byte, headers ...string) (int, http.Header, []byte, error) {
	base := c.cfg.Where()
	if base == "" {
		return 0, nil, nil, errDown
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	r, err := http.NewRequestWithContext(ctx, method, base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	if body != nil {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	c.Book.Tries.Add(1)
	resp, err := c.http.Do(r)
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return 0, nil, nil, fmt.Errorf("%w: %w", errDown, err)
	} else if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, nil, err
	}
	return resp.StatusCode, resp.Header, answer, nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
