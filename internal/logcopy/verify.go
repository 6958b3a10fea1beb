package logcopy

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"

	"sijil/internal/eventlog"
)

// Verified says what a comparison of two whole logs found.
type Verified struct {
	FromID string `json:"fromLogId"`
	ToID   string `json:"toLogId"`
	// Events are the target's, all equal to the source's and in its order; Streams of them begin
	// one, Bytes is the size of their data and metadata.
	Events  int64 `json:"events"`
	Streams int64 `json:"streams"`
	Bytes   int64 `json:"bytes"`
	// Digest is the SHA-256 of all of them in order, without positions: equal for equal logs.
	Digest string `json:"sha256"`
	// Behind is how many more events the source holds.
	Behind int64 `json:"behind"`
}

// DifferentError is the first place where a target is not the source.
type DifferentError struct {
	// Event counts from 1, in the order of the logs.
	Event int64
	// What differs: "stream", "revision", "id", "type", "data", "metadata", or "length" when the
	// target goes on where the source ends.
	What string
	// Type and Revision are the target's event's. Its stream's name is left out of messages.
	Type     string
	Revision eventlog.Revision
}

func (e *DifferentError) Error() string {
	if e.What == "length" {
		return fmt.Sprintf("the target is not a copy: it holds event %d (%s) where the source has ended", e.Event, e.Type)
	}
	return fmt.Sprintf("the target is not a copy: event %d (%s at revision %d) has another %s than in the source", e.Event, e.Type, e.Revision, e.What)
}

// Verify reads both logs once, side by side, and compares every event: stream, revision,
// id, type, data, metadata and order. A target that is the beginning of the source is
// equal so far, see Behind. [*DifferentError] at the first difference; [ErrSame], [ErrCutShort].
func Verify(ctx context.Context, cfg Config) (Verified, error) {
	c := newCopier(cfg)
	ids, err := c.identify(ctx)
	v := Verified{FromID: ids.FromID, ToID: ids.ToID}
	if err != nil {
		return v, err
	}
	end, err := c.From.End(ctx)
	if err != nil {
		return v, fmt.Errorf("finding the source's end: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	to := &reader{pieces: c.pieces(ctx, "target", c.To, 0)}
	from := &reader{pieces: c.pieces(ctx, "source", c.From, 0)}
	again := false // the source's new end was asked for
	sum := sha256.New()
	p := Progress{End: end}
	for {
		copied, more, err := to.next()
		if err != nil {
			return v, err
		}
		original, has, err := from.next()
		if err != nil {
			return v, err
		}
		if err := ctx.Err(); err != nil {
			return v, err
		}
		if more && !has && !again {
			// Both grow, and the source was read before the target had this event of it.
			again = true
			from.pieces = c.pieces(ctx, "source", c.From, p.At)
			if original, has, err = from.next(); err != nil {
				return v, err
			}
		}
		if !more {
			v.Digest = hex.EncodeToString(sum.Sum(nil))
			for ; has && err == nil; _, has, err = from.next() {
				v.Behind++
			}
			if err == nil {
				err = ctx.Err()
			}
			if err == nil && from.at < end {
				err = fmt.Errorf("%w (at position %d of %d)", ErrCutShort, from.at, end)
			}
			return v, err
		}
		what := "length"
		if has {
			what = different(original, copied)
		}
		if what != "" {
			return v, &DifferentError{Event: v.Events + 1, What: what, Type: copied.Type, Revision: copied.Revision}
		}
		write(sum, copied)
		v.Events++
		v.Bytes += int64(len(copied.Data) + len(copied.Meta))
		if copied.Revision == 0 {
			v.Streams++
		}
		p.Events, p.At = v.Events, original.Position
		if again = false; v.Events%pieceEvents == 0 {
			c.Progress(p)
		}
	}
}

// reader takes pieces apart.
type reader struct {
	pieces <-chan piece
	now    []eventlog.Recorded
	at     eventlog.Position // of the last one taken
}

func (r *reader) next() (e eventlog.Recorded, ok bool, err error) {
	for len(r.now) == 0 {
		p, ok := <-r.pieces
		if !ok || p.err != nil {
			return e, false, p.err
		}
		r.now = p.events
	}
	e, r.now = r.now[0], r.now[1:]
	r.at = e.Position
	return e, true, nil
}

// different names what two events differ in, "" when they are one.
func different(a, b eventlog.Recorded) string {
	switch {
	case a.Stream != b.Stream:
		return "stream"
	case a.Revision != b.Revision:
		return "revision"
	case a.ID != b.ID:
		return "id"
	case a.Type != b.Type:
		return "type"
	case string(a.Data) != string(b.Data):
		return "data"
	case string(a.Meta) != string(b.Meta):
		return "metadata"
	}
	return ""
}

// write feeds e to a digest. Every part has its length before it, so that no two logs feed
// the same bytes.
func write(to hash.Hash, e eventlog.Recorded) {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 64+len(e.Stream)+len(e.Type)), uint64(e.Revision))
	b = append(b, e.ID[:]...)
	for _, s := range []string{e.Stream, e.Type} {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
	}
	for _, s := range [][]byte{e.Data, e.Meta} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		_, _ = to.Write(b) // never fails
		_, _ = to.Write(s)
		b = b[:0]
	}
}
