package eventlog

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrInvalid: the append is wrong in itself: no drafts, an impossible revision, or a name
// that is empty, not UTF-8, or holds U+0000. Nothing was stored.
var ErrInvalid = errors.New("append is not well formed")

// Check is what every adapter asks before it takes an append: [ErrInvalid], [ErrTooLarge]
// or nil. One writer's bad name must never reach the database inside a batch that it
// shares with other writers.
func Check(stream string, want Revision, drafts []Draft) error {
	switch {
	case len(drafts) == 0:
		return fmt.Errorf("%w: it has no events", ErrInvalid)
	case want < NoStream:
		return fmt.Errorf("%w: revision %d does not exist", ErrInvalid, want)
	case !ValidName(stream):
		return fmt.Errorf("%w: the stream's name is empty, not UTF-8 or holds U+0000", ErrInvalid)
	case len(stream) > MaxStreamName:
		return fmt.Errorf("%w: a stream's name has at most %d bytes", ErrTooLarge, MaxStreamName)
	}
	for _, d := range drafts {
		if !ValidName(d.Type) {
			return fmt.Errorf("%w: an event's type is empty, not UTF-8 or holds U+0000", ErrInvalid)
		}
	}
	if n := Size(drafts); n > MaxAppend {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, n, MaxAppend)
	}
	return nil
}

// ValidName reports whether s can be the name of a stream or a type: not empty, UTF-8,
// without U+0000. Anything else names nothing.
func ValidName(s string) bool {
	return s != "" && utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}

// String is the canonical lower-case text of RFC 9562 section 4.
func (u UUID) String() string {
	t := make([]byte, 0, 36)
	for i, part := range [][]byte{u[:4], u[4:6], u[6:8], u[8:10], u[10:]} {
		if i > 0 {
			t = append(t, '-')
		}
		t = hex.AppendEncode(t, part)
	}
	return string(t)
}
