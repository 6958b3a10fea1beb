package esdbserver_test

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdbserver"
	"sijil/internal/eventlog/memlog"
)

// town is a log of ten events: those of stream a at odd positions, those of b at even ones.
func town(t testing.TB) *memlog.Log {
	l := memlog.New(time.Now)
	for i := range 10 {
		stream, typ := "a", "odd.Happened.v1"
		if i%2 == 1 {
			stream, typ = "b", "even.Happened.v1"
		}
		d := eventlog.Draft{ID: eventlog.UUID(id(i + 1)), Type: typ, Data: []byte(strconv.Itoa(i))}
		if _, err := l.Append(t.Context(), stream, eventlog.Revision(i/2-1), d); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func readStream(stream string, from any, back bool, count uint64) *streams.ReadReq_Options {
	s := &streams.ReadReq_Options_StreamOptions{StreamIdentifier: named(stream)}
	switch v := from.(type) {
	case int:
		s.RevisionOption = &streams.ReadReq_Options_StreamOptions_Revision{Revision: uint64(v)}
	case uint64:
		s.RevisionOption = &streams.ReadReq_Options_StreamOptions_Revision{Revision: v}
	case esdb.End:
		s.RevisionOption = &streams.ReadReq_Options_StreamOptions_End{End: &shared.Empty{}}
	case esdb.Start:
		s.RevisionOption = &streams.ReadReq_Options_StreamOptions_Start{Start: &shared.Empty{}}
	}
	o := &streams.ReadReq_Options{
		StreamOption: &streams.ReadReq_Options_Stream{Stream: s},
		CountOption:  &streams.ReadReq_Options_Count{Count: count},
	}
	if back {
		o.ReadDirection = streams.ReadReq_Options_Backwards
	}
	return o
}

// from gives a read of $all another beginning.
func from(o *streams.ReadReq_Options, at any) *streams.ReadReq_Options {
	switch at.(type) {
	case esdb.Start:
		o.GetAll().AllOption = &streams.ReadReq_Options_AllOptions_Start{Start: &shared.Empty{}}
	case esdb.End:
		o.GetAll().AllOption = &streams.ReadReq_Options_AllOptions_End{End: &shared.Empty{}}
	}
	return o
}

func count(o *streams.ReadReq_Options, n uint64) *streams.ReadReq_Options {
	o.CountOption = &streams.ReadReq_Options_Count{Count: n}
	return o
}

func TestReads(t *testing.T) {
	c := serve(t, esdbserver.Config{Log: town(t)}).dial(t)
	for name, r := range map[string]struct {
		ask  *streams.ReadReq_Options
		want string // positions
	}{
		"a stream from its start":                           {readStream("a", esdb.Start{}, false, 99), "1 3 5 7 9"},
		"a stream from a revision, included":                {readStream("a", 3, false, 99), "7 9"},
		"some events of a stream":                           {readStream("a", 1, false, 2), "3 5"},
		"no events of a stream":                             {readStream("a", 1, false, 0), ""},
		"a stream from its end":                             {readStream("a", esdb.End{}, false, 99), ""},
		"a stream from the greatest revision":               {readStream("a", uint64(math.MaxUint64), false, 99), ""},
		"a stream from behind its end":                      {readStream("a", 5, false, 99), ""},
		"a stream that does not exist":                      {readStream("c", esdb.Start{}, false, 99), "not found: c"},
		"a system stream":                                   {readStream("$settings", esdb.End{}, true, 1), "not found: $settings"},
		"a stream backwards from its end":                   {readStream("b", esdb.End{}, true, 99), "10 8 6 4 2"},
		"a stream backwards from a revision, included":      {readStream("b", 1, true, 99), "4 2"},
		"a stream backwards from the greatest revision":     {readStream("b", uint64(math.MaxUint64), true, 1), "10"},
		"a stream backwards from behind its end":            {readStream("b", 77, true, 2), "10 8"},
		"a stream backwards from its start":                 {readStream("b", esdb.Start{}, true, 99), "2"},
		"a stream that does not exist backwards":            {readStream("c", esdb.End{}, true, 99), "not found: c"},
		"no events of a stream backwards":                   {readStream("b", esdb.End{}, true, 0), ""},
		"all from the start":                                {from(readAll(0, false), esdb.Start{}), "1 2 3 4 5 6 7 8 9 10"},
		"all from position 0":                               {readAll(0, false), "1 2 3 4 5 6 7 8 9 10"},
		"all from a position, included":                     {readAll(9, false), "9 10"},
		"all from behind the end":                           {readAll(11, false), ""},
		"all from the end":                                  {from(readAll(0, false), esdb.End{}), ""},
		"all from the greatest position":                    {readAll(math.MaxUint64, false), ""},
		"some of all":                                       {count(readAll(2, false), 2), "2 3"},
		"none of all":                                       {count(readAll(2, false), 0), ""},
		"all backwards from the end":                        {from(readAll(0, true), esdb.End{}), "10 9 8 7 6 5 4 3 2 1"},
		"all backwards from a position, excluded":           {readAll(3, true), "2 1"},
		"all backwards from the first position":             {readAll(1, true), ""},
		"all backwards from the start":                      {from(readAll(0, true), esdb.Start{}), ""},
		"all backwards from the greatest position":          {count(readAll(math.MaxUint64, true), 1), "10"},
		"all by a prefix of types":                          {filtered(readAll(2, false), true, "", []string{"no", "odd."}, 32, 1), "3 5 7 9"},
		"all backwards by a regular expression for types":   {filtered(readAll(7, true), true, "^e.en", nil, 32, 1), "6 4 2"},
		"all by a prefix of streams":                        {filtered(readAll(8, false), false, "", []string{"b"}, 1, 1), "8 10"},
		"all by a regular expression for streams":           {count(filtered(readAll(0, false), false, "[b-z]$", nil, 0, 0), 3), "2 4 6"},
		"all by the filter that clients use for no $ types": {count(filtered(readAll(0, false), true, `^[^\$].*`, nil, 32, 1), 2), "1 2"},
		"all by what nothing matches":                       {filtered(readAll(0, false), true, "", []string{"x"}, 32, 1), ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, m := range everything(t, open(within(t), t, c, r.ask)) {
				switch {
				case m.GetEvent() != nil:
					got = append(got, strconv.FormatUint(m.GetEvent().GetCommitPosition(), 10))
				case m.GetStreamNotFound() != nil:
					got = append(got, "not found: "+string(m.GetStreamNotFound().GetStreamIdentifier().GetStreamName()))
				default:
					t.Fatalf("a read sent %v", m)
				}
			}
			if got := strings.Join(got, " "); got != r.want {
				t.Errorf("got %q, want %q", got, r.want)
			}
		})
	}
}

func TestAnEventAsRead(t *testing.T) {
	at := time.Date(2026, 9, 1, 8, 30, 0, 123456789, time.UTC)
	l := memlog.New(func() time.Time { return at })
	drafts := []eventlog.Draft{
		{ID: eventlog.UUID(id(1)), Type: "a.A.v1", Data: []byte(`{"title":"شهادة ć 🎓"}`), Meta: []byte(`{"actor":"x"}`)},
		{ID: eventlog.UUID(id(2)), Type: "a.B.v1", Data: []byte{0, 0xff}},
		{ID: eventlog.UUID(id(3)), Type: "a.C.v1"},
	}
	if _, err := l.Append(t.Context(), "s-ć", eventlog.NoStream, drafts...); err != nil {
		t.Fatal(err)
	}
	c := serve(t, esdbserver.Config{Log: l}).dial(t)
	ask := readStream("s-ć", esdb.Start{}, false, 9)
	ask.UuidOption = &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_String_{String_: &shared.Empty{}}}
	text := everything(t, open(within(t), t, c, ask))
	ask.UuidOption.Content = &streams.ReadReq_Options_UUIDOption_Structured{Structured: &shared.Empty{}}
	numbers := everything(t, open(within(t), t, c, ask))
	for i, typ := range []string{"application/json", "application/octet-stream", "application/octet-stream"} {
		want := &streams.ReadResp_ReadEvent_RecordedEvent{
			Id:               &shared.UUID{Value: &shared.UUID_String_{String_: id(i + 1).String()}},
			StreamIdentifier: named("s-ć"), StreamRevision: uint64(i), CommitPosition: uint64(i + 1), PreparePosition: uint64(i + 1),
			// .NET ticks since 1970: the log keeps microseconds.
			Metadata: map[string]string{"type": drafts[i].Type, "content-type": typ, "created": "17882514001234560"},
			Data:     drafts[i].Data, CustomMetadata: drafts[i].Meta,
		}
		if got := text[i].GetEvent().GetEvent(); !proto.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		want.Id = structured(id(i + 1))
		if got := numbers[i].GetEvent().GetEvent(); !proto.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if text[i].GetEvent().GetCommitPosition() != uint64(i+1) || text[i].GetEvent().GetLink() != nil {
			t.Errorf("got %v", text[i])
		}
	}
	client := connect(t, "esdb://"+c.Target()+"?tls=false", nil)
	r, err := client.ReadStream(within(t), "s-ć", esdb.ReadStreamOptions{}, 1)
	if got := drain(t, r, err); !got[0].CreatedDate.Equal(at.Truncate(time.Microsecond)) {
		t.Errorf("a client reads that it was created at %v", got[0].CreatedDate)
	}
}

func TestALongStreamIsReadBackwardsInWindows(t *testing.T) {
	l := memlog.New(time.Now)
	counting := &counted{Log: l}
	revision := eventlog.NoStream
	put := func(n, size int) {
		for range n {
			d := eventlog.Draft{ID: eventlog.UUID(id(int(revision) + 2)), Type: "a.A.v1", Data: make([]byte, size)}
			if _, err := l.Append(t.Context(), "long", revision, d); err != nil {
				t.Fatal(err)
			}
			revision++
		}
	}
	put(700, 10)
	put(6, 1<<20-100) // more than one window in bytes
	put(3, 10)
	c := serve(t, esdbserver.Config{Log: counting}).dial(t, insecureAndWide()...)
	got := positions(everything(t, open(within(t), t, c, readStream("long", esdb.End{}, true, math.MaxUint64))))
	want := make([]uint64, 709)
	for i := range want {
		want[i] = uint64(709 - i)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %d events, %v…", len(got), got[:min(len(got), 20)])
	}
	counting.yielded.Store(0)
	if got := positions(everything(t, open(within(t), t, c, readStream("long", esdb.End{}, true, 1)))); !slices.Equal(got, []uint64{709}) {
		t.Errorf("the last event is %v", got)
	}
	if n := counting.yielded.Load(); n > 2 {
		t.Errorf("%d events were read for the last one", n)
	}
}

func TestTheLogsIdentityIsAStream(t *testing.T) {
	l := town(t)
	logID, err := l.ID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, esdbserver.Config{Log: l})
	c := s.client(t)
	for _, o := range []esdb.ReadStreamOptions{{From: esdb.Start{}}, {From: esdb.End{}, Direction: esdb.Backwards}} {
		r, err := c.ReadStream(within(t), esdbserver.IdentityStream, o, 10)
		got := drain(t, r, err)
		if len(got) != 1 || got[0].EventType != esdbserver.IdentityType || got[0].EventNumber != 0 || got[0].EventID.Version() != 5 {
			t.Fatalf("got %+v", got)
		}
		var says struct{ ID string }
		if err := json.Unmarshal(got[0].Data, &says); err != nil || says.ID != logID {
			t.Errorf("it says %s, want %s: %v", got[0].Data, logID, err)
		}
	}
	sub, err := c.SubscribeToStream(within(t), esdbserver.IdentityStream, esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	if e := sub.Recv(); e.EventAppeared == nil || e.EventAppeared.OriginalEvent().EventType != esdbserver.IdentityType {
		t.Errorf("the subscription began with %+v", e)
	}
	if e := sub.Recv(); e.CaughtUp == nil {
		t.Errorf("the subscription went on with %+v", e)
	}
	raw := s.dial(t)
	if got := untilLive(t, open(within(t), t, raw, live(readStream(esdbserver.IdentityStream, 0, false, 0)))); positions(got) != nil {
		t.Errorf("a subscription after it began with %v", got)
	}
	m := everything(t, open(within(t), t, raw, readStream(esdbserver.IdentityStream, esdb.Start{}, false, 10)))
	if _, ok := m[0].GetEvent().GetPosition().(*streams.ReadResp_ReadEvent_NoPosition); !ok {
		t.Errorf("it claims the position %v", m[0].GetEvent().GetPosition())
	}
	for _, want := range []int64{any_, exists, 0} {
		_, trailers, err := appendRaw(within(t), raw, appendOptions(esdbserver.IdentityStream, want), proposed(1))
		wantDenied(t, trailers, err)
	}
}

func insecureAndWide() []grpc.DialOption {
	return append(plain(), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(17<<20)))
}
