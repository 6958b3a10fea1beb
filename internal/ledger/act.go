package ledger

import (
	"container/list"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"sijil/domain"
	"sijil/internal/eventlog"
	"sijil/internal/vault"
)

// Request is what a caller says of a command beside its content.
type Request struct {
	// Tenant is the authority; Institution the one that acts within it.
	Tenant, Institution domain.ID
	// Actor is the authenticated token subject, opaque; OnBehalfOf whom it says it acts for.
	Actor, OnBehalfOf string
	// Client, Route and Key make the command's identity: the same three are the same command.
	Client, Route, Key string
	// Body is the raw request, to tell a retry from another command under the same key.
	Body []byte
	// Subject is the person the command is about, if any: the body's hash dies with their key.
	Subject domain.ID
	// EffectiveAt is when the fact holds in the world: a day or an RFC 3339 instant.
	EffectiveAt string
	// CorrelationID names the request, CausationID the event that made a process act.
	CorrelationID, CausationID string
	// After is the position the caller has already seen: no evidence may be older.
	After eventlog.Position
}

// Act is a command's envelope with its derived identity. It is a value: the methods
// return changed copies.
type Act struct {
	Request
	// At is the server's clock when the command came. recordedAt is set by the log.
	At      time.Time
	command []byte
}

// Begin derives the command's identity: an HMAC under the tenant's key, so that nobody
// can compute which key a stored event came from.
func (l *Ledger) Begin(ctx context.Context, r Request) (Act, error) {
	if !r.Tenant.Valid() || r.Actor == "" || r.Client == "" || r.Key == "" {
		return Act{}, errors.New("a command needs a tenant, an actor, a client and a key")
	}
	id, err := l.vault.MAC(ctx, r.Tenant, "command", string(r.Tenant), r.Client, r.Route, r.Key)
	if err != nil {
		return Act{}, fmt.Errorf("deriving a command's identity: %w", err)
	}
	return Act{Request: r, At: l.now().UTC(), command: id}, nil
}

// Row is the n-th row of a batch as a command of its own, under key "key/n".
func (l *Ledger) Row(ctx context.Context, a Act, n int, body []byte) (Act, error) {
	r := a.Request
	r.Key += "/" + strconv.Itoa(n)
	r.Body = body
	return l.Begin(ctx, r)
}

// About names the person the command is about, once it is known.
func (a Act) About(subject domain.ID) Act { a.Subject = subject; return a }

// Effective sets when the fact holds in the world.
func (a Act) Effective(at string) Act { a.EffectiveAt = at; return a }

// ID is a server-made id: the retry of a command gets the same one.
func (a Act) ID(name string) domain.ID { return domain.KeyedID(a.derive("id", name, 0)) }

// Today is the server's day in UTC.
func (a Act) Today() domain.Date { return domain.DateOf(a.At) }

// CommandKey is what metadata keeps of the command's identity, by which its events are found in
// the log.
func (a Act) CommandKey() string { return base64.RawURLEncoding.EncodeToString(a.command) }

// eventID is the id of the command's i-th event on stream.
func (a Act) eventID(stream string, i int) domain.ID {
	return domain.KeyedID(a.derive("event", stream, i))
}

func (a Act) derive(what, name string, i int) []byte {
	h := hmac.New(sha256.New, a.command)
	var n [8]byte
	binary.BigEndian.PutUint32(n[:4], uint32(len(what)))
	binary.BigEndian.PutUint32(n[4:], uint32(i))
	h.Write(n[:])
	h.Write([]byte(what))
	h.Write([]byte(name))
	return h.Sum(nil)
}

// bodyMAC is the keyed hash of the request body: under the person's key where there is a
// person, else under the tenant's. A bare hash of a name and a birth date is guessable.
func (l *Ledger) bodyMAC(ctx context.Context, a Act) (string, error) {
	if a.Body == nil {
		return "", nil
	}
	var mac []byte
	var err error
	if a.Subject != "" {
		mac, err = l.vault.PersonMAC(ctx, a.Tenant, a.Subject, "body", string(a.Body))
	} else {
		mac, err = l.vault.MAC(ctx, a.Tenant, "body", string(a.Body))
	}
	if errors.Is(err, vault.ErrErased) {
		return "", domain.Refuse(domain.Conflict, "personal_data_erased", "this person's data was erased; their record takes no more entries")
	} else if err != nil {
		return "", fmt.Errorf("hashing a request body: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(mac), nil
}

// errKeyReused is the refusal of a second body under one idempotency key.
func errKeyReused() error {
	return domain.Refuse(domain.Invalid, "idempotency_key_reused", "this Idempotency-Key came before with another body; use a new key for a new command")
}

// recentKeys remembers which body a command key came with lately. The proof is in the
// event's metadata; this catches a second body whose content leads to another stream,
// where that event cannot be found.
type recentKeys struct {
	mu    sync.Mutex
	max   int
	sums  map[string]*list.Element
	order *list.List
}

type recentKey struct {
	command string
	sum     [sha256.Size]byte
}

func newRecentKeys(n int) *recentKeys {
	return &recentKeys{max: n, sums: map[string]*list.Element{}, order: list.New()}
}

// same reports whether the command came with this body before, or never; remember
// keeps it for later.
func (r *recentKeys) same(a Act, remember bool) bool {
	sum := sha256.Sum256(a.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.sums[string(a.command)]; e != nil {
		return e.Value.(recentKey).sum == sum
	}
	if remember {
		r.sums[string(a.command)] = r.order.PushBack(recentKey{string(a.command), sum})
		if r.order.Len() > r.max {
			delete(r.sums, r.order.Remove(r.order.Front()).(recentKey).command)
		}
	}
	return true
}
