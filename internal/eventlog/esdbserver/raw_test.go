package esdbserver_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// What follows speaks the protocol without a client, to see what clients hide.

func structured(u uuid.UUID) *shared.UUID {
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits:  int64(binary.BigEndian.Uint64(u[:8])),
		LeastSignificantBits: int64(binary.BigEndian.Uint64(u[8:])),
	}}}
}

func named(stream string) *shared.StreamIdentifier {
	return &shared.StreamIdentifier{StreamName: []byte(stream)}
}

// want is an expected revision: a number, or one of these.
const (
	none   = -1
	any_   = -2
	exists = -4
)

func appendOptions(stream string, want int64) *streams.AppendReq {
	o := &streams.AppendReq_Options{StreamIdentifier: named(stream)}
	switch want {
	case none:
		o.ExpectedStreamRevision = &streams.AppendReq_Options_NoStream{NoStream: &shared.Empty{}}
	case any_:
		o.ExpectedStreamRevision = &streams.AppendReq_Options_Any{Any: &shared.Empty{}}
	case exists:
		o.ExpectedStreamRevision = &streams.AppendReq_Options_StreamExists{StreamExists: &shared.Empty{}}
	default:
		o.ExpectedStreamRevision = &streams.AppendReq_Options_Revision{Revision: uint64(want)}
	}
	return &streams.AppendReq{Content: &streams.AppendReq_Options_{Options: o}}
}

func proposed(n int) *streams.AppendReq_ProposedMessage {
	return &streams.AppendReq_ProposedMessage{
		Id: structured(id(n)), Data: []byte(`{"n":1}`), CustomMetadata: []byte(`{"m":1}`),
		Metadata: map[string]string{"type": "test.Happened.v1", "content-type": "application/json"},
	}
}

// appendRaw sends messages as they are and gives the answer, or the error with its trailers.
func appendRaw(ctx context.Context, c *grpc.ClientConn, first *streams.AppendReq, events ...*streams.AppendReq_ProposedMessage) (*streams.AppendResp, metadata.MD, error) {
	var trailers metadata.MD
	call, err := streams.NewStreamsClient(c).Append(ctx, grpc.Trailer(&trailers))
	if err != nil {
		return nil, nil, err
	}
	messages := []*streams.AppendReq{first}
	if first == nil {
		messages = nil
	}
	for _, e := range events {
		messages = append(messages, &streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: e}})
	}
	for _, m := range messages {
		if err := call.Send(m); errors.Is(err, io.EOF) {
			break // the answer says why
		} else if err != nil {
			return nil, nil, err
		}
	}
	resp, err := call.CloseAndRecv()
	return resp, trailers, err
}

func mustAppend(t testing.TB, c *grpc.ClientConn, stream string, want int64, ids ...int) {
	t.Helper()
	var events []*streams.AppendReq_ProposedMessage
	for _, n := range ids {
		events = append(events, proposed(n))
	}
	resp, _, err := appendRaw(t.Context(), c, appendOptions(stream, want), events...)
	if err != nil || resp.GetSuccess() == nil {
		t.Fatalf("appending to %s: %v, %v", stream, resp, err)
	}
}

func readAll(from uint64, back bool) *streams.ReadReq_Options {
	o := &streams.ReadReq_Options{
		StreamOption: &streams.ReadReq_Options_All{All: &streams.ReadReq_Options_AllOptions{
			AllOption: &streams.ReadReq_Options_AllOptions_Position{Position: &streams.ReadReq_Options_Position{CommitPosition: from, PreparePosition: from}},
		}},
		CountOption:  &streams.ReadReq_Options_Count{Count: 1 << 40},
		FilterOption: &streams.ReadReq_Options_NoFilter{NoFilter: &shared.Empty{}},
	}
	if back {
		o.ReadDirection = streams.ReadReq_Options_Backwards
	}
	return o
}

func live(o *streams.ReadReq_Options) *streams.ReadReq_Options {
	o.CountOption = &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}}
	return o
}

func filtered(o *streams.ReadReq_Options, byType bool, regex string, prefixes []string, window, multiplier uint32) *streams.ReadReq_Options {
	x := &streams.ReadReq_Options_FilterOptions_Expression{Regex: regex, Prefix: prefixes}
	f := &streams.ReadReq_Options_FilterOptions{
		Filter:                       &streams.ReadReq_Options_FilterOptions_StreamIdentifier{StreamIdentifier: x},
		Window:                       &streams.ReadReq_Options_FilterOptions_Max{Max: window},
		CheckpointIntervalMultiplier: multiplier,
	}
	if byType {
		f.Filter = &streams.ReadReq_Options_FilterOptions_EventType{EventType: x}
	}
	if window == 0 {
		f.Window = &streams.ReadReq_Options_FilterOptions_Count{Count: &shared.Empty{}}
	}
	o.FilterOption = &streams.ReadReq_Options_Filter{Filter: f}
	return o
}

// open begins a read or a subscription.
func open(ctx context.Context, t testing.TB, c *grpc.ClientConn, o *streams.ReadReq_Options, options ...grpc.CallOption) streams.Streams_ReadClient {
	t.Helper()
	r, err := streams.NewStreamsClient(c).Read(ctx, &streams.ReadReq{Options: o}, options...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// everything is what a read sends until it ends.
func everything(t testing.TB, r streams.Streams_ReadClient) (got []*streams.ReadResp) {
	t.Helper()
	for {
		m, err := r.Recv()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m)
	}
}

// untilLive is what a subscription sends up to caught_up.
func untilLive(t testing.TB, r streams.Streams_ReadClient) (got []*streams.ReadResp) {
	t.Helper()
	for {
		m, err := r.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if m.GetCaughtUp() != nil {
			return got
		}
		got = append(got, m)
	}
}

// positions are those of the events among what was sent.
func positions(messages []*streams.ReadResp) (at []uint64) {
	for _, m := range messages {
		if e := m.GetEvent(); e != nil {
			at = append(at, e.GetCommitPosition())
		}
	}
	return at
}
