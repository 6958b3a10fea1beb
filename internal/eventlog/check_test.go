package eventlog

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestCheck(t *testing.T) {
	one := []Draft{{Type: "a.B.v1"}}
	for name, c := range map[string]struct {
		stream string
		want   Revision
		drafts []Draft
		err    error
	}{
		"an event in a new stream":         {"s-1", NoStream, one, nil},
		"a name of the greatest length":    {strings.Repeat("é", MaxStreamName/2), 0, one, nil},
		"a name that is a byte too long":   {strings.Repeat("x", MaxStreamName+1), 0, one, ErrTooLarge},
		"no name":                          {"", 0, one, ErrInvalid},
		"a name that is not UTF-8":         {"\xc3", 0, one, ErrInvalid},
		"a name with U+0000":               {"a\x00b", 0, one, ErrInvalid},
		"no events":                        {"s-1", 0, nil, ErrInvalid},
		"a revision below no stream":       {"s-1", -2, one, ErrInvalid},
		"a type that is not UTF-8":         {"s-1", 0, []Draft{{Type: "a"}, {Type: "\xff"}}, ErrInvalid},
		"an event of the greatest size":    {"s-1", 0, []Draft{{Type: "a", Data: make([]byte, MaxAppend-1)}}, nil},
		"an event that is a byte too long": {"s-1", 0, []Draft{{Type: "ab", Data: make([]byte, MaxAppend-1)}}, ErrTooLarge},
	} {
		if err := Check(c.stream, c.want, c.drafts); !errors.Is(err, c.err) {
			t.Errorf("%s: got %v, want %v", name, err, c.err)
		}
	}
}

func TestUUIDText(t *testing.T) {
	u := UUID{0x01, 0x90, 0xb5, 0xa2, 0x7c, 0x3e, 0x7d, 0x4f, 0x8a, 0x21, 0x5b, 0x6c, 0x7d, 0x8e, 0x9f}
	if got, want := u.String(), "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestConflictError(t *testing.T) {
	err := error(&ConflictError{Stream: "s-1", Want: 3, Actual: 5})
	if !errors.Is(err, ErrConflict) || errors.Is(err, ErrClosed) {
		t.Error("a ConflictError is ErrConflict and nothing else")
	}
	if strings.Contains(err.Error(), "s-1") {
		t.Error("the message names the stream, which is for callers to decide")
	}
}

// Whatever clocks say and whatever was copied: Created and the stamps it gives never
// decrease, and no stamp is before a time that the log holds already.
func TestStamperLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Stamper
		var created, latest time.Time
		for range rapid.IntRange(1, 20).Draw(t, "events") {
			now := someTime.Add(time.Duration(rapid.Int64Range(-1e12, 1e12).Draw(t, "clock")))
			m := Meta{Actor: "a"}
			copied := rapid.Bool().Draw(t, "copied")
			if copied {
				m.RecordedAt = someTime.Add(time.Duration(rapid.Int64Range(-1e13, 1e13).Draw(t, "copy"))).Truncate(time.Microsecond)
			}
			meta, at := s.Next(m.Encode(), now)
			stamp, ok := RecordedAt(meta)
			switch {
			case !ok:
				t.Fatalf("no stamp in %q", meta)
			case at.Before(created):
				t.Fatalf("created goes back from %v to %v", created, at)
			case at.Nanosecond()%1000 != 0 || at.Location() != time.UTC:
				t.Fatalf("created is %v", at)
			case copied && !stamp.Equal(m.RecordedAt):
				t.Fatalf("a copied time became %v", stamp)
			case !copied && (stamp.Before(latest) || !stamp.Equal(at)):
				t.Fatalf("stamped %v after %v, created %v", stamp, latest, at)
			}
			created = at
			if stamp.After(latest) {
				latest = stamp
			}
		}
	})
}

func TestSizeCountsTheStamp(t *testing.T) {
	d := Draft{Type: "a.B.v1", Meta: Meta{Actor: "a"}.Encode()}
	stored := d
	stored.Meta = Stamp(d.Meta, someTime)
	if got, want := Size([]Draft{d}), Size([]Draft{stored}); got != want {
		t.Errorf("counted %d bytes, %d are stored", got, want)
	}
}
