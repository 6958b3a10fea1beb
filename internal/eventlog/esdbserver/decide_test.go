package esdbserver_test

import (
	"context"
	"math"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"sijil/internal/eventlog/esdbserver"
)

// decisions are EventStoreDB's rules for an append by what it expects and by the ids of its events,
// on a stream that holds the events 1, 2, 3 at positions 1, 2, 4.
var decisions = map[string]struct {
	stream string
	want   int64
	ids    []int
	head   int64  // after success, or where the stream is
	pos    uint64 // after success
	wrong  bool
}{
	"a new stream begins":                                               {"new", none, []int{9}, 0, 5, false},
	"a new stream begins wherever":                                      {"new", any_, []int{9}, 0, 5, false},
	"a stream that must exist does not":                                 {"new", exists, []int{9}, none, 0, true},
	"a revision of a stream that does not exist":                        {"new", 0, []int{9}, none, 0, true},
	"the next event":                                                    {"old", 2, []int{9}, 3, 5, false},
	"the next events":                                                   {"old", 2, []int{8, 9}, 4, 6, false},
	"the next event, wherever":                                          {"old", any_, []int{9}, 3, 5, false},
	"the next event of a stream that exists":                            {"old", exists, []int{9}, 3, 5, false},
	"at the head a known id is written again":                           {"old", 2, []int{3}, 3, 5, false},
	"behind the head":                                                   {"old", 0, []int{9}, 2, 0, true},
	"behind the head, the same ids in another order":                    {"old", 0, []int{3, 2}, 2, 0, true},
	"behind the head, the same ids and one more":                        {"old", 0, []int{2, 3, 9}, 2, 0, true},
	"behind the head, what is there: answered again":                    {"old", 0, []int{2, 3}, 2, 4, false},
	"behind the head, a part of what is there: answered again":          {"old", none, []int{1, 2}, 1, 2, false},
	"behind the head, what is there elsewhere":                          {"old", 0, []int{3}, 2, 0, true},
	"a stream that must not exist does":                                 {"old", none, []int{9}, 2, 0, true},
	"ahead of the head":                                                 {"old", 7, []int{9}, 2, 0, true},
	"ahead of the head, with known ids":                                 {"old", 7, []int{1}, 2, 0, true},
	"wherever, all ids known: the old last event":                       {"old", any_, []int{1, 2}, 1, 2, false},
	"wherever, all ids known, not in order":                             {"old", any_, []int{3, 1}, 0, 1, false},
	"wherever, the first known and a later one not":                     {"old", any_, []int{3, 9}, 2, 0, true},
	"wherever, the first unknown and a later one known":                 {"old", any_, []int{9, 3}, 4, 6, false},
	"a stream that exists, all ids known":                               {"old", exists, []int{3}, 2, 4, false},
	"a stream that exists, the first known and a later one not":         {"old", exists, []int{1, 9}, 2, 0, true},
	"an id of another stream is another event":                          {"old", any_, []int{7}, 3, 5, false},
	"nothing, at the head":                                              {"old", 2, nil, 2, 0, false},
	"nothing, wherever, where nothing is":                               {"new", any_, nil, none, 0, false},
	"nothing, behind the head":                                          {"old", 1, nil, 2, 0, true},
	"nothing, in a stream that must exist and does not":                 {"new", exists, nil, none, 0, true},
	"nothing, in a stream that must not exist and does":                 {"old", none, nil, 2, 0, true},
	"the log's id is there already":                                     {esdbserver.IdentityStream, none, []int{9}, 0, 0, true},
	"the log's id is not at that revision":                              {esdbserver.IdentityStream, 4, []int{9}, 0, 0, true},
	"a revision that no signed number holds, which old clients mean so": {"old", math.MinInt64, []int{9}, 2, 0, true},
}

// prepared is a server with what the table of decisions starts from.
func prepared(t *testing.T) *grpc.ClientConn {
	c := serve(t, esdbserver.Config{}).dial(t)
	mustAppend(t, c, "old", none, 1, 2)
	mustAppend(t, c, "other", none, 7)
	mustAppend(t, c, "old", 1, 3)
	return c
}

func TestAppendDecides(t *testing.T) {
	for name, d := range decisions {
		t.Run(name, func(t *testing.T) {
			c := prepared(t)
			var events []*streams.AppendReq_ProposedMessage
			for _, n := range d.ids {
				events = append(events, proposed(n))
			}
			resp, _, err := appendRaw(within(t), c, appendOptions(d.stream, d.want), events...)
			if err != nil {
				t.Fatal(err)
			}
			if w := resp.GetWrongExpectedVersion(); d.wrong {
				if w == nil {
					t.Fatalf("got %v, want a wrong version", resp)
				}
				checkWrong(t, w, d.want, d.head)
				return
			}
			s := resp.GetSuccess()
			if s == nil {
				t.Fatalf("got %v, want success", resp)
			}
			if got := revision(s.GetNoStream() != nil, s.GetCurrentRevision()); got != d.head {
				t.Errorf("success at revision %d, want %d", got, d.head)
			}
			p := s.GetPosition()
			if p.GetCommitPosition() != d.pos || p.GetPreparePosition() != d.pos || (s.GetNoPosition() != nil) != (d.pos == 0) {
				t.Errorf("success at %v, want %d", s.GetPositionOption(), d.pos)
			}
		})
	}
}

func revision(none bool, at uint64) int64 {
	if none {
		return -1
	}
	return int64(at)
}

// checkWrong looks at the answer to a wrong version and at its twin for old clients.
func checkWrong(t *testing.T, w *streams.AppendResp_WrongExpectedVersion, want, head int64) {
	t.Helper()
	if got := revision(w.GetCurrentNoStream() != nil, w.GetCurrentRevision()); got != head {
		t.Errorf("the stream is said to be at %d, want %d", got, head)
	}
	if got := revision(w.GetNoStream_20_6_0() != nil, w.GetCurrentRevision_20_6_0()); got != head {
		t.Errorf("old clients are told that the stream is at %d, want %d", got, head)
	}
	var now, old bool
	switch want {
	case none:
		now, old = w.GetExpectedNoStream() != nil, w.GetExpectedRevision_20_6_0() == math.MaxUint64
	case any_:
		now, old = w.GetExpectedAny() != nil, w.GetAny_20_6_0() != nil
	case exists:
		now, old = w.GetExpectedStreamExists() != nil, w.GetStreamExists_20_6_0() != nil
	default:
		now, old = w.GetExpectedRevision() == uint64(want), w.GetExpectedRevision_20_6_0() == uint64(want)
	}
	if !now || !old {
		t.Errorf("the expectation is repeated as %v, and to old clients as %v", w.GetExpectedRevisionOption(), w.GetExpectedRevisionOption_20_6_0())
	}
}

func TestBatchAppendDecides(t *testing.T) {
	for name, d := range decisions {
		t.Run(name, func(t *testing.T) {
			b := openBatch(within(t), t, prepared(t))
			correlation := uuid.New()
			b.send(correlation, d.stream, d.want, true, d.ids...)
			got := b.recv()
			if !proto.Equal(got.GetCorrelationId(), structured(correlation)) || string(got.GetStreamIdentifier().GetStreamName()) != d.stream {
				t.Errorf("the answer is for %v and %v", got.GetCorrelationId(), got.GetStreamIdentifier())
			}
			if !echoes(got, d.want) {
				t.Errorf("the expectation is repeated as %v", got.GetExpectedStreamPosition())
			}
			if d.wrong {
				w := &shared.WrongExpectedVersion{}
				b.detail(got, codes.AlreadyExists, w)
				if at := revision(w.GetCurrentNoStream() != nil, w.GetCurrentStreamRevision()); at != d.head {
					t.Errorf("the stream is said to be at %d, want %d", at, d.head)
				}
				now := w.GetExpectedStreamPosition() == uint64(d.want)
				switch d.want {
				case none:
					now = w.GetExpectedNoStream() != nil
				case any_:
					now = w.GetExpectedAny() != nil
				case exists:
					now = w.GetExpectedStreamExists() != nil
				}
				if !now {
					t.Errorf("the expectation is repeated as %v", w.GetExpectedStreamPositionOption())
				}
				return
			}
			s := got.GetSuccess()
			if s == nil {
				t.Fatalf("got %v, want success", got)
			}
			if at := revision(s.GetNoStream() != nil, s.GetCurrentRevision()); at != d.head || s.GetPosition().GetCommitPosition() != d.pos {
				t.Errorf("success at %d, %v; want %d, %d", at, s.GetPositionOption(), d.head, d.pos)
			}
		})
	}
}

func echoes(got *streams.BatchAppendResp, want int64) bool {
	switch want {
	case none:
		return got.GetNoStream() != nil
	case any_:
		return got.GetAny() != nil
	case exists:
		return got.GetStreamExists() != nil
	}
	return got.GetStreamPosition() == uint64(want)
}

// batchCall is a batch append without a client.
type batchCall struct {
	testing.TB
	streams.Streams_BatchAppendClient
}

func openBatch(ctx context.Context, t testing.TB, c *grpc.ClientConn) batchCall {
	t.Helper()
	call, err := streams.NewStreamsClient(c).BatchAppend(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return batchCall{t, call}
}

// part is one message of an append.
func part(correlation uuid.UUID, stream string, want int64, final bool, ids ...int) *streams.BatchAppendReq {
	o := &streams.BatchAppendReq_Options{StreamIdentifier: named(stream)}
	switch want {
	case none:
		o.ExpectedStreamPosition = &streams.BatchAppendReq_Options_NoStream{NoStream: &emptypb.Empty{}}
	case any_:
		o.ExpectedStreamPosition = &streams.BatchAppendReq_Options_Any{Any: &emptypb.Empty{}}
	case exists:
		o.ExpectedStreamPosition = &streams.BatchAppendReq_Options_StreamExists{StreamExists: &emptypb.Empty{}}
	default:
		o.ExpectedStreamPosition = &streams.BatchAppendReq_Options_StreamPosition{StreamPosition: uint64(want)}
	}
	r := &streams.BatchAppendReq{CorrelationId: structured(correlation), Options: o, IsFinal: final}
	for _, n := range ids {
		p := proposed(n)
		r.ProposedMessages = append(r.ProposedMessages, &streams.BatchAppendReq_ProposedMessage{Id: p.Id, Metadata: p.Metadata, Data: p.Data, CustomMetadata: p.CustomMetadata})
	}
	return r
}

func (b batchCall) send(correlation uuid.UUID, stream string, want int64, final bool, ids ...int) {
	b.Helper()
	if err := b.Send(part(correlation, stream, want, final, ids...)); err != nil {
		b.Fatal(err)
	}
}

func (b batchCall) recv() *streams.BatchAppendResp {
	b.Helper()
	got, err := b.Recv()
	if err != nil {
		b.Fatal(err)
	}
	return got
}

// detail reads the one detail of a refused append.
func (b batchCall) detail(got *streams.BatchAppendResp, code codes.Code, into proto.Message) {
	b.Helper()
	e := got.GetError()
	if e == nil || codes.Code(e.GetCode()) != code || len(e.GetDetails()) != 1 || e.GetMessage() == "" {
		b.Fatalf("got %v, want an error with code %v and one detail", got, code)
	}
	if err := e.GetDetails()[0].UnmarshalTo(into); err != nil {
		b.Fatal(err)
	}
}
