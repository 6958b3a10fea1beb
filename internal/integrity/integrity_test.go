package integrity_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"sijil/domain"
	"sijil/domain/award"
	"sijil/domain/schema"
	"sijil/domain/statuslist"
	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
	"sijil/internal/integrity"
)

const (
	tenant     domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f01"
	school     domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f02"
	credential domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f03"
)

var (
	diploma = award.Ref{Student: tenant, Program: school, Award: credential}.Stream()
	list    = statuslist.Stream(school, 1)
)

// event is an event of ours, without its place.
func event(t *testing.T, stream string, fact any) eventlog.Recorded {
	t.Helper()
	enc, err := schema.Encode(fact)
	if err != nil {
		t.Fatal(err)
	}
	meta := eventlog.Meta{Tenant: string(tenant), Actor: "a"}
	return eventlog.Recorded{Stream: stream, Draft: eventlog.Draft{
		Type: enc.Type, Data: schema.Payload(enc.Open, "", nil), Meta: meta.Encode(),
	}}
}

// placed puts events one after the other, a second apart.
func placed(events ...eventlog.Recorded) []eventlog.Recorded {
	heads := map[string]eventlog.Revision{}
	for i := range events {
		e := &events[i]
		e.Position = eventlog.Position(i + 1)
		e.Revision = heads[e.Stream]
		heads[e.Stream]++
		e.Meta = eventlog.Stamp(e.Meta, time.Date(2026, 11, 22, 9, 0, i, 0, time.UTC))
	}
	return events
}

func walk(events []eventlog.Recorded) integrity.Report {
	w := integrity.NewWalk()
	for _, e := range events {
		w.Add(e)
	}
	return w.Report()
}

var (
	opened   = statuslist.StatusListOpened{Institution: school, Number: 1, Length: statuslist.MinLength, KeyCheck: "k"}
	assigned = statuslist.StatusIndexAssigned{Award: credential, Edition: 1, Credential: credential, Index: 7}
	awarded  = award.DiplomaAwarded{Edition: 1, Institution: school, AwardDate: "2026-07-01"}
	prepared = award.CredentialPrepared{Edition: 1, Credential: credential, StatusList: 1, StatusIndex: 7, PayloadSHA256: "p"}
	signed   = award.CredentialSigned{Edition: 1, Credential: credential, PayloadSHA256: "p"}
	formed   = award.FormPrepared{Edition: 1, Credential: signed.Credential, Format: award.SDPayload, KeyID: "k", PayloadSHA256: "f"}
	form     = award.FormSigned{Edition: 1, Credential: signed.Credential, Format: award.SDPayload, KeyID: "k", PayloadSHA256: "f", Digest: "d"}
)

// whole is a small log with nothing to complain of.
func whole(t *testing.T) []eventlog.Recorded {
	return placed(
		event(t, diploma, awarded), event(t, list, opened), event(t, list, assigned),
		event(t, diploma, prepared), event(t, diploma, signed),
	)
}

func TestALogThatIsWhole(t *testing.T) {
	events := append(whole(t), eventlog.Recorded{
		Stream: "$settings", Position: 6, Draft: eventlog.Draft{Type: "$metadata", Data: []byte("{}")},
	})
	r := walk(events)
	if !r.Whole() || r.Events != 6 || r.Streams != 3 || r.Position != 6 || r.Foreign != 1 || r.Awards != 1 || r.Signed != 1 {
		t.Errorf("got %+v", r)
	}
}

func TestWhatIsBrokenIsFoundAndLocated(t *testing.T) {
	restamp := func(e *eventlog.Recorded, m eventlog.Meta) { e.Meta = m.Encode() }
	for name, c := range map[string]struct {
		change func(t *testing.T, events []eventlog.Recorded) []eventlog.Recorded
		want   []integrity.Rule
		at     eventlog.Position
	}{
		"an event of a stream is missing": {func(_ *testing.T, e []eventlog.Recorded) []eventlog.Recorded {
			return slices.Delete(e, 1, 2)
		}, []integrity.Rule{integrity.StreamGap}, 3},
		"an event stands twice": {func(_ *testing.T, e []eventlog.Recorded) []eventlog.Recorded {
			again := e[2]
			again.Position, again.Revision = 6, 2
			again.Meta = e[4].Meta
			return append(e, again)
		}, []integrity.Rule{integrity.PlaceTwice}, 6},
		"a revision stands twice": {func(_ *testing.T, e []eventlog.Recorded) []eventlog.Recorded {
			e[4].Revision = 1
			return e
		}, []integrity.Rule{integrity.StreamGap}, 5},
		"a position stands twice": {func(_ *testing.T, e []eventlog.Recorded) []eventlog.Recorded {
			e[3].Position = 3
			return e
		}, []integrity.Rule{integrity.PositionOrder}, 3},
		"a time goes back": {func(_ *testing.T, e []eventlog.Recorded) []eventlog.Recorded {
			restamp(&e[3], eventlog.Meta{Tenant: string(tenant), RecordedAt: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)})
			return e
		}, []integrity.Rule{integrity.TimeOrder}, 4},
		"a time is missing": {func(_ *testing.T, e []eventlog.Recorded) []eventlog.Recorded {
			restamp(&e[3], eventlog.Meta{Tenant: string(tenant)})
			return e
		}, []integrity.Rule{integrity.TimeOrder}, 4},
		"a stream passes to another tenant": {func(_ *testing.T, e []eventlog.Recorded) []eventlog.Recorded {
			restamp(&e[4], eventlog.Meta{Tenant: string(school), RecordedAt: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)})
			return e
		}, []integrity.Rule{integrity.TenantMixed}, 5},
		"a byte of a payload is changed": {func(_ *testing.T, e []eventlog.Recorded) []eventlog.Recorded {
			e[4].Data[10] ^= 1
			return e
		}, []integrity.Rule{integrity.Unreadable}, 5},
		"a type of ours is unknown": {func(_ *testing.T, e []eventlog.Recorded) []eventlog.Recorded {
			e[4].Type = "award.CredentialForged.v1"
			return e
		}, []integrity.Rule{integrity.Unreadable}, 5},
		"metadata is none": {func(_ *testing.T, e []eventlog.Recorded) []eventlog.Recorded {
			e[4].Meta = []byte("{")
			return e
		}, []integrity.Rule{integrity.Unreadable}, 5},
		"a credential is signed without an award": {func(t *testing.T, _ []eventlog.Recorded) []eventlog.Recorded {
			return placed(event(t, diploma, signed))
		}, []integrity.Rule{integrity.NotAwarded, integrity.NotPrepared}, 1},
		"a credential is signed before it is prepared": {func(t *testing.T, _ []eventlog.Recorded) []eventlog.Recorded {
			return placed(event(t, diploma, awarded), event(t, diploma, signed))
		}, []integrity.Rule{integrity.NotPrepared}, 2},
		"something else is signed than was prepared": {func(t *testing.T, e []eventlog.Recorded) []eventlog.Recorded {
			other := signed
			other.PayloadSHA256 = "q"
			return placed(append(e[:4], event(t, diploma, other))...)
		}, []integrity.Rule{integrity.NotPrepared}, 5},
		"an annulled award is signed": {func(t *testing.T, e []eventlog.Recorded) []eventlog.Recorded {
			return placed(append(e[:4], event(t, diploma, award.AwardAnnulled{Edition: 1, Reason: "r"}), event(t, diploma, signed))...)
		}, []integrity.Rule{integrity.NotAwarded}, 6},
		"an edition is signed twice": {func(t *testing.T, e []eventlog.Recorded) []eventlog.Recorded {
			return placed(append(e, event(t, diploma, signed))...)
		}, []integrity.Rule{integrity.SignedTwice}, 6},
		"a form is made and made again": {func(t *testing.T, e []eventlog.Recorded) []eventlog.Recorded {
			return placed(append(e, event(t, diploma, formed), event(t, diploma, form), event(t, diploma, formed), event(t, diploma, form))...)
		}, nil, 0},
		"a form is signed that was not prepared": {func(t *testing.T, e []eventlog.Recorded) []eventlog.Recorded {
			return placed(append(e, event(t, diploma, form))...)
		}, []integrity.Rule{integrity.NotPrepared}, 6},
		"a form is signed twice": {func(t *testing.T, e []eventlog.Recorded) []eventlog.Recorded {
			return placed(append(e, event(t, diploma, formed), event(t, diploma, form), event(t, diploma, form))...)
		}, []integrity.Rule{integrity.SignedTwice}, 8},
		"a form is prepared before the credential is signed": {func(t *testing.T, e []eventlog.Recorded) []eventlog.Recorded {
			return placed(append(e[:4], event(t, diploma, formed))...)
		}, []integrity.Rule{integrity.NotAwarded}, 5},
		"an edition is prepared twice": {func(t *testing.T, e []eventlog.Recorded) []eventlog.Recorded {
			return placed(append(e, event(t, diploma, prepared))...)
		}, []integrity.Rule{integrity.PreparedTwice}, 6},
		"a credential names a place that is not its own": {func(t *testing.T, e []eventlog.Recorded) []eventlog.Recorded {
			other := prepared
			other.StatusIndex = 8
			return placed(append(e[:3], event(t, diploma, other))...)
		}, []integrity.Rule{integrity.PlaceTwice}, 4},
	} {
		r := walk(c.change(t, whole(t)))
		var got []integrity.Rule
		for _, p := range r.Problems {
			got = append(got, p.Rule)
		}
		if !slices.Equal(got, c.want) || r.Broken != len(c.want) || len(c.want) > 0 && r.Problems[0].Position != c.at {
			t.Errorf("%s: got %v, want %v at %d", name, r.Problems, c.want, c.at)
		}
	}
}

func TestCheckReadsTheLogToItsEnd(t *testing.T) {
	log := memlog.New(time.Now)
	for i, e := range whole(t) {
		e.Draft.ID[0] = byte(i)
		e.Meta = eventlog.Meta{Tenant: string(tenant)}.Encode()
		if _, err := log.Append(t.Context(), e.Stream, e.Revision-1, e.Draft); err != nil {
			t.Fatal(err)
		}
	}
	r, err := integrity.Check(t.Context(), log, 0, nil)
	if err != nil || !r.Whole() || r.Events != 5 || r.Signed != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	log.FailRead = func(string) error { return errors.New("the disk is gone") }
	if _, err := integrity.Check(t.Context(), log, 0, nil); err == nil {
		t.Error("a log that cannot be read is taken for whole")
	}
}

// TestSlackIsBetweenStreamsOnly: on an event store two streams' times may cross a little, a
// stream's own never.
func TestSlackIsBetweenStreamsOnly(t *testing.T) {
	for name, c := range map[string]struct {
		at    int
		back  time.Duration
		slack time.Duration
		want  int
	}{
		"another stream's moment before, without slack": {at: 1, back: 30 * time.Second, want: 1},
		"another stream's moment before, with slack":    {at: 1, back: 30 * time.Second, slack: time.Minute},
		"further back than the slack":                   {at: 1, back: 2 * time.Minute, slack: time.Minute, want: 1},
		"within a stream, with slack":                   {at: 4, back: 2 * time.Second, slack: time.Minute, want: 1},
	} {
		events := whole(t)
		was, _ := eventlog.RecordedAt(events[c.at].Meta)
		events[c.at].Meta = eventlog.Meta{Tenant: string(tenant), RecordedAt: was.Add(-c.back)}.Encode()
		w := integrity.NewWalk()
		w.Slack = c.slack
		for _, e := range events {
			w.Add(e)
		}
		if r := w.Report(); r.Broken != c.want {
			t.Errorf("%s: %v", name, r.Problems)
		}
	}
}
