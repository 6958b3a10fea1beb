// Package eventlog is the port to the event log: what every adapter (memlog, pglog,
// esdblog) promises, written so that a stranger could implement it. logtest holds the
// promises as a test suite. It depends on nothing of ours.
package eventlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Revision is an event's place in its stream: 0, 1, 2 … without gaps.
type Revision int64

// NoStream is the revision of a stream without events.
const NoStream Revision = -1

// Position is an event's place in the whole log. Later events have greater positions.
// It is opaque: it means something only on the log that gave it, so every stored
// position keeps the log id beside it. Zero is before the first event.
type Position uint64

// UUID is an event id in RFC 9562 binary form.
type UUID [16]byte

// Draft is an event before it has a place.
type Draft struct {
	// ID is derived from the command, so that a retry carries the same one.
	ID UUID
	// Type is a versioned name, "enrollment.StudentEnrolled.v1".
	Type string
	// Data and Meta are stored byte for byte, with one exception: see [Stamp].
	Data []byte
	Meta []byte
}

// Recorded is an event in its place.
type Recorded struct {
	Draft
	Stream   string
	Revision Revision
	Position Position
	// Created is when this log stored the event, for operators. It does not survive a copy
	// to another log: what counts is recordedAt in Meta.
	Created time.Time
}

// Log is an append-only, totally ordered log of events in named streams.
//
// Every method returns when ctx ends. All methods may be called concurrently.
type Log interface {
	// ID names this log for ever: a random UUID made with it. Restored from a backup or
	// copied elsewhere it is another log, since positions may differ.
	ID(ctx context.Context) (string, error)

	// Append adds drafts to stream after revision want, [NoStream] meaning that the stream
	// must not exist. All are stored or none, durably on return, and they get consecutive
	// revisions. It touches one stream. At least one draft and names that are text, else
	// [ErrInvalid]; together at most [MaxAppend] bytes of data, metadata and type, else
	// [ErrTooLarge]. See [Check].
	//
	// [*ConflictError] (errors.Is [ErrConflict]) when the stream is not at want: nothing was
	// stored. One exception makes retries harmless: when want is below the head and the events
	// at want+1… carry exactly these ids, that earlier append is answered again.
	//
	// Any other error is an unknown outcome: the events may or may not be stored. The caller
	// finds out with Find, and retries with the same want and the same bytes. A caller that
	// does not know the original want reads the head first, then calls Find, and only then
	// appends with that head; the other order can store one command twice.
	Append(ctx context.Context, stream string, want Revision, drafts ...Draft) ([]Recorded, error)

	// Head is the stream's last revision, NoStream when it has none.
	Head(ctx context.Context, stream string) (Revision, error)

	// Find is the event of stream with this id, the first if there are several; ok is false
	// when there is none. Ids are unique per stream only. What an Append that returned stored is
	// always found.
	Find(ctx context.Context, stream string, id UUID) (e Recorded, ok bool, err error)

	// Read yields the events of stream from revision from, included, in order, as far as
	// it went when reading began. A stream that does not exist yields nothing. An error is yielded
	// last, with a zero event.
	Read(ctx context.Context, stream string, from Revision) iter.Seq2[Recorded, error]

	// All yields every event after position after, excluded, in order of position, as far as
	// the log went when reading began or further. It never yields an event while a lower
	// position may still become visible: who resumes after the last position seen misses nothing.
	All(ctx context.Context, after Position) iter.Seq2[Recorded, error]

	// Back yields every event before position before, excluded, the last first: the log from
	// its end for math.MaxUint64. What is appended meanwhile is not yielded.
	Back(ctx context.Context, before Position) iter.Seq2[Recorded, error]

	// End is the position of the last event, 0 when the log is empty.
	End(ctx context.Context) (Position, error)

	// Wait returns nil when an event after position after is visible, at once if there is
	// one already; ctx's error when ctx ends first. Push with polling as a safety net: a lost
	// notification delays it by at most a second or so.
	Wait(ctx context.Context, after Position) error
}

// MaxAppend is the most bytes of data, metadata and type names in one Append (EventStoreDB's
// default maximum append size).
const MaxAppend = 1 << 20

// MaxStreamName is the longest stream name in bytes.
const MaxStreamName = 400

var (
	// ErrConflict: the stream is not where the writer thought.
	ErrConflict = errors.New("stream is at another revision")
	// ErrTooLarge: one append exceeds [MaxAppend], or a name exceeds its limit. Nothing was stored.
	ErrTooLarge = errors.New("append is too large")
	// ErrClosed: the log was closed on this side. An Append that got it may have been stored.
	ErrClosed = errors.New("event log is closed")
)

// ConflictError says where the stream really is.
type ConflictError struct {
	Stream string
	Want   Revision
	Actual Revision
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("stream is at revision %d, not %d", e.Actual, e.Want)
}

// Is makes errors.Is(err, ErrConflict) true.
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// Size is what counts against [MaxAppend]: the bytes as they will be stored, with the
// stamps that [Stamp] is going to set. So nothing that passed is refused behind another log
// that counts what it is sent.
func Size(drafts []Draft) int {
	n := 0
	for _, d := range drafts {
		n += len(d.Data) + len(d.Meta) + len(d.Type)
		if bytes.HasPrefix(d.Meta, unstamped) {
			n += len(stampLayout)
		}
	}
	return n
}
