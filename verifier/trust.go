package verifier

import (
	"context"
	"crypto"
	"errors"
	"sync"
	"time"

	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/status"
)

// What a Trust answers when it cannot answer. All three make a verdict CANNOT CONFIRM.
var (
	// ErrUnknown: the issuer, key or list is not one that this trust knows.
	ErrUnknown = errors.New("not known to this source of trust")
	// ErrUnreachable: it is one that should be there, but could not be had, or not in a
	// form that can be believed.
	ErrUnreachable = errors.New("source of trust could not be reached")
	// ErrNoLedger: this trust has no extract of the ledger.
	ErrNoLedger = errors.New("no ledger extract here")
)

// Trust is where a verifier gets keys, status lists and the ledger's memory. [Verify] asks
// for Keys before it has checked a signature and for everything else only after: an
// implementation that uses the network may fetch for Keys only from issuers registered
// beforehand. Methods may be called concurrently and must return when ctx ends.
type Trust interface {
	// Keys are all keys known under kid, of whatever issuer and purpose. [ErrUnknown] if there
	// are none.
	Keys(ctx context.Context, kid string) ([]OwnedKey, error)

	// Issuer is the registered issuer of exactly that id, or [ErrUnknown]. Its name is shown
	// instead of the one in the credential.
	Issuer(ctx context.Context, id string) (Issuer, error)

	// StatusList is the token at the URL, no older than maxAge if the source can choose.
	// [ErrUnknown] for a URL that may not be asked, [ErrUnreachable] for one that does not
	// answer.
	StatusList(ctx context.Context, url string, maxAge time.Duration) (*Fetched, error)

	// Record is what the ledger recorded under the credential's id. [ErrUnknown] if the
	// extract does not have it, [ErrNoLedger] if there is no extract.
	Record(ctx context.Context, issuer, id string) (Record, error)

	// Knows reports whether links to that origin ("https://host[:port]") are ours, so that a
	// credential carried in one may be read.
	Knows(origin string) bool

	// Source describes this trust to a reader.
	Source() Source
}

// Source is where answers come from.
type Source struct {
	Name string    // as "bundle" or "https://ledger.example"
	AsOf time.Time // when what it says was gathered; zero: as it is asked
	// Asks: a record has to be asked for, and who is asked learns that something is checked. So
	// it is done only where the answer is needed: for a key that is retired or compromised, and for
	// the reason why a credential is revoked or suspended.
	Asks bool
	// Unsigned: nothing shows who made it. Every verdict from it carries a warning.
	Unsigned bool
}

// OwnedKey is a key and the issuer it belongs to; an empty Issuer belongs to none.
type OwnedKey struct {
	Issuer string
	did.Key
	// VouchedUntil is until when the source stands behind what it says of the key, zero for no
	// end: a bundle cannot know what happens to a key after its term.
	VouchedUntil time.Time
}

// Issuer is what a verifier needs of a registered issuer.
type Issuer struct {
	ID, Name       string
	StatusRequired bool
	// SuspensionSuffix finds the suspension list beside a revocation list; see [did.Issuer].
	SuspensionSuffix string
	Accreditations   []did.Accreditation
}

// Record is the ledger's memory of one credential.
type Record struct {
	PayloadSHA256 [32]byte
	RecordedAt    time.Time
	// Reason is the [Class] of reasons for which it does not count, empty while it does. Successor
	// is the hash of the id of the credential that took its place.
	Reason, Successor string
	// Source has this record, AsOf is how fresh it is.
	Source string
	AsOf   time.Time
	// Forms are other payloads that were signed of the same credential later: with parts that
	// can be withheld, say.
	Forms []RecordedForm
}

// RecordedForm is one of them.
type RecordedForm struct {
	PayloadSHA256 [32]byte
	RecordedAt    time.Time
}

// of is the record of the payload with this digest, ok false when none was recorded.
func (r Record) of(digest [32]byte) (found Record, ok bool) {
	if r.PayloadSHA256 == digest {
		return r, true
	}
	for _, f := range r.Forms {
		if f.PayloadSHA256 == digest {
			r.PayloadSHA256, r.RecordedAt = digest, f.RecordedAt
			return r, true
		}
	}
	return r, false
}

// Fetched is a status list as it was received. It must not be changed afterwards; whoever
// fetches again makes a new one. What verifying it gave is kept in it, so that a list is
// unpacked once and not for each of its diplomas.
type Fetched struct {
	Token []byte
	// Source tells a reader where it came from.
	Source string
	// At is when it was received or, for a bundle, when that was made.
	At time.Time
	// Age is how long ago that was when the Trust handed it out. A source that cannot get a
	// younger one, as a bundle, leaves it zero.
	Age time.Duration

	mu   *sync.Mutex
	memo *listMemo
}

// NewFetched is a list received at that time. White space around the token is dropped, as
// files gain some.
func NewFetched(token []byte, source string, at time.Time) *Fetched {
	return &Fetched{Token: trim(token), Source: source, At: at, mu: new(sync.Mutex), memo: new(listMemo)}
}

// Aged is f as handed out later; it shares what f remembers.
func (f *Fetched) Aged(age time.Duration) *Fetched {
	g := *f
	g.Age = age
	return &g
}

// listMemo is what reading a token gave, and the key under which its signature held.
type listMemo struct {
	read bool
	kid  string
	key  crypto.PublicKey
	list status.List
	err  *credential.Refusal
}
