package eventlog

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write golden files that are missing")

var someTime = time.Date(2026, 7, 1, 9, 30, 15, 123456000, time.UTC)

// Stored metadata is read for ever, so its form is pinned. Files are only ever added.
func TestMetaGolden(t *testing.T) {
	for name, m := range map[string]Meta{
		"empty": {},
		"full": {
			RecordedAt: someTime, EffectiveAt: "2026-06-30",
			Actor: "0190b5a2-7c3e-7d4f-8a21-000000000001", OnBehalfOf: "0190b5a2-7c3e-7d4f-8a21-000000000002",
			Tenant: "0190b5a2-7c3e-7d4f-8a21-000000000003", Institution: "0190b5a2-7c3e-7d4f-8a21-000000000004",
			CorrelationID: "req-1", CausationID: "0190b5a2-7c3e-7d4f-8a21-000000000005",
			CommandKey: "a2V5", BodyMAC: "bWFj",
			Inputs:   []Input{{Stream: "enrollment-0190b5a2-7c3e-7d4f-8a21-000000000006", Revision: 12}, {Stream: "x", Revision: NoStream}},
			Subjects: []string{"0190b5a2-7c3e-7d4f-8a21-000000000006"},
		},
		"unstamped": {Actor: "a", EffectiveAt: "2026-06-30T10:00:00Z"},
		"text":      {Actor: `<"&'>`, CorrelationID: "سجل ć 🎓 \u2028"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", "meta-"+name+".json")
			got := m.Encode()
			want, err := os.ReadFile(file)
			if os.IsNotExist(err) && *update {
				want, err = got, os.WriteFile(file, got, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("encoded as\n%s\nwant\n%s", got, want)
			}
			back, err := DecodeMeta(want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(m, back); diff != "" {
				t.Errorf("decoded otherwise (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeMeta(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want Meta
		err  string
	}{
		"members of a foreign event are ignored":    {in: `{"actor":"a","$causedBy":{"x":[1]}}`, want: Meta{Actor: "a"}},
		"nothing is no metadata":                    {in: ``, err: "reading event metadata"},
		"text is no metadata":                       {in: `x`, err: "reading event metadata"},
		"a number is no actor":                      {in: `{"actor":1}`, err: "reading event metadata"},
		"a time in another zone was not ours":       {in: `{"recordedAt":"2026-07-01T09:30:15.123456+01:00"}`, err: "reading recordedAt"},
		"a time without microseconds was not ours":  {in: `{"recordedAt":"2026-07-01T09:30:15Z"}`, err: "reading recordedAt"},
		"a day that does not exist was not ours":    {in: `{"recordedAt":"2026-02-30T09:30:15.123456Z"}`, err: "reading recordedAt"},
		"an empty recordedAt is one not yet filled": {in: `{"recordedAt":""}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := DecodeMeta([]byte(c.in))
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Fatalf("got error %v, want %q", err, c.err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func anyMeta(t *rapid.T) Meta {
	text := rapid.String()
	m := Meta{
		EffectiveAt: text.Draw(t, "effectiveAt"), Actor: text.Draw(t, "actor"), OnBehalfOf: text.Draw(t, "onBehalfOf"),
		Tenant: text.Draw(t, "tenant"), Institution: text.Draw(t, "institution"), CorrelationID: text.Draw(t, "correlation"),
		CausationID: text.Draw(t, "causation"), CommandKey: text.Draw(t, "commandKey"), BodyMAC: text.Draw(t, "bodyMAC"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "inputs") {
		m.Inputs = append(m.Inputs, Input{text.Draw(t, "stream"), Revision(rapid.Int64().Draw(t, "revision"))})
	}
	for range rapid.IntRange(0, 3).Draw(t, "subjects") {
		m.Subjects = append(m.Subjects, text.Draw(t, "subject"))
	}
	return m
}

func anyTime(t *rapid.T) time.Time {
	// The years that the layout writes in four digits.
	s := rapid.Int64Range(-62_135_596_800, 253_402_300_799).Draw(t, "seconds")
	return time.Unix(s, rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
}

// Stamping commutes with encoding: the stamped bytes are those of the same metadata with
// the time in it. Nothing else changes, and a stamp is never replaced.
func TestStampLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, at := anyMeta(t), anyTime(t)
		open := m.Encode()
		kept := bytes.Clone(open)
		stamped := Stamp(open, at)
		if !bytes.Equal(open, kept) {
			t.Fatal("stamping changed its input")
		}
		m.RecordedAt = at.UTC().Truncate(time.Microsecond)
		if !m.RecordedAt.IsZero() { // the first instant of year 1 reads as none
			if want := m.Encode(); !bytes.Equal(stamped, want) {
				t.Fatalf("stamped as %q, want %q", stamped, want)
			}
		}
		if got, ok := RecordedAt(stamped); !ok || !got.Equal(m.RecordedAt) {
			t.Fatalf("the stamp reads as %v, %v; want %v", got, ok, m.RecordedAt)
		}
		back, err := DecodeMeta(stamped)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, back); diff != "" {
			t.Fatal(diff)
		}
		if again := Stamp(stamped, at.Add(time.Hour)); !bytes.Equal(again, stamped) {
			t.Fatalf("a stamp was replaced: %q", again)
		}
		// Text order is time order.
		other := anyTime(t).UTC().Truncate(time.Microsecond)
		a, b := string(Stamp(Meta{}.Encode(), m.RecordedAt)), string(Stamp(Meta{}.Encode(), other))
		if (a < b) != m.RecordedAt.Before(other) {
			t.Fatalf("%q and %q are not in the order of their times", a, b)
		}
	})
}

// What the log stored is decoded, or refused; what is decoded is written and read again the
// same; and stamping touches no bytes but those of an open recordedAt.
func FuzzMeta(f *testing.F) {
	files, err := filepath.Glob("testdata/meta-*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no golden files", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"recordedAt":"2026-07-01T09:30:15.123456`))
	f.Add([]byte(`{"recordedAt":"" , "actor":"x"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		stamped := Stamp(b, someTime)
		if open := bytes.HasPrefix(b, unstamped); open != !bytes.Equal(stamped, b) {
			t.Fatalf("%q was stamped as %q", b, stamped)
		}
		if at, ok := RecordedAt(stamped); ok && bytes.HasPrefix(b, unstamped) && !at.Equal(someTime) {
			t.Fatalf("%q reads as stamped at %v", stamped, at)
		}
		m, err := DecodeMeta(b)
		if err != nil {
			return
		}
		if json.Valid(b) && !json.Valid(stamped) {
			t.Fatalf("stamping made %q of %q", stamped, b)
		}
		back, err := DecodeMeta(m.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, back, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}
