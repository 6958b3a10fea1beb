package esdbserver_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdbserver"
	"sijil/internal/eventlog/memlog"
)

func TestPartsOfAppendsArriveMixed(t *testing.T) {
	c := serve(t, esdbserver.Config{}).dial(t)
	b := openBatch(within(t), t, c)
	b.send(id(101), "s", none, false, 1, 2)
	b.send(id(102), "r", any_, false)
	more := part(id(101), "s", none, false, 3)
	more.Options = nil // only the first part has them
	if err := b.Send(more); err != nil {
		t.Fatal(err)
	}
	b.send(id(102), "r", any_, true, 9)
	if got := b.recv(); got.GetSuccess() == nil || string(got.GetStreamIdentifier().GetStreamName()) != "r" {
		t.Errorf("got %v", got)
	}
	b.send(id(101), "s", none, true)
	if got := b.recv(); got.GetSuccess().GetCurrentRevision() != 2 {
		t.Errorf("got %v", got)
	}
	if err := b.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("it ended with %v", err)
	}
}

// Clients that do not wait for answers rely on order within a stream.
func TestPipelinedAppendsToAStreamKeepTheirOrder(t *testing.T) {
	const events = 300 // more than are written at a time
	c := serve(t, esdbserver.Config{}).dial(t)
	b := openBatch(within(t), t, c)
	go func() {
		for i := range events {
			_ = b.Send(part(id(i), fmt.Sprintf("s%d", i%3), any_, true, i))
		}
		_ = b.CloseSend()
	}()
	for range events {
		if got := b.recv(); got.GetSuccess() == nil {
			t.Fatalf("got %v", got)
		}
	}
	for s := range 3 {
		for i, m := range everything(t, open(within(t), t, c, readStream(fmt.Sprintf("s%d", s), esdb.Start{}, false, events))) {
			if want := structured(id(3*i + s)); m.GetEvent().GetEvent().GetId().String() != want.String() {
				t.Fatalf("event %d of stream %d is %v, want %v", i, s, m.GetEvent().GetEvent().GetId(), want)
			}
		}
	}
}

func TestBatchedAppendsAreRefusedOneByOne(t *testing.T) {
	b := openBatch(within(t), t, serve(t, esdbserver.Config{}).dial(t))
	big := part(id(1), "s", none, false, 1)
	big.ProposedMessages[0].Data = make([]byte, eventlog.MaxAppend)
	for _, r := range []*streams.BatchAppendReq{big, part(id(1), "s", none, true, 2)} {
		if err := b.Send(r); err != nil {
			t.Fatal(err)
		}
	}
	size := &shared.MaximumAppendSizeExceeded{}
	b.detail(b.recv(), codes.InvalidArgument, size)
	if size.GetMaxAppendSize() != eventlog.MaxAppend {
		t.Errorf("the greatest size is %d", size.GetMaxAppendSize())
	}
	for name, adjust := range map[string]func(*streams.BatchAppendReq){
		"no type":           func(r *streams.BatchAppendReq) { delete(r.ProposedMessages[0].Metadata, "type") },
		"no id":             func(r *streams.BatchAppendReq) { r.ProposedMessages[0].Id = nil },
		"no stream":         func(r *streams.BatchAppendReq) { r.Options.StreamIdentifier = nil },
		"no expectation":    func(r *streams.BatchAppendReq) { r.Options.ExpectedStreamPosition = nil },
		"no options at all": func(r *streams.BatchAppendReq) { r.Options = nil },
	} {
		t.Run(name, func(t *testing.T) {
			r := part(id(1), "s", none, true, 1)
			adjust(r)
			if err := b.Send(r); err != nil {
				t.Fatal(err)
			}
			b.detail(b.recv(), codes.InvalidArgument, &shared.BadRequest{})
		})
	}
	b.send(id(1), "$settings", any_, true, 1)
	b.detail(b.recv(), codes.PermissionDenied, &shared.AccessDenied{})
	b.send(id(1), "s", none, true, 1)
	if got := b.recv(); got.GetSuccess() == nil {
		t.Errorf("a good one after them: %v", got)
	}
}

func TestBatchedAppendsHaveDeadlines(t *testing.T) {
	l := memlog.New(time.Now)
	slow := make(chan struct{})
	l.FailAppend = func(stream string, _ []eventlog.Draft) (bool, error) {
		if stream == "slow" {
			<-slow
		}
		return false, nil
	}
	b := openBatch(within(t), t, serve(t, esdbserver.Config{Log: deaf{l}}).dial(t))
	past := part(id(1), "s", none, true, 1)
	past.Options.DeadlineOption = &streams.BatchAppendReq_Options_Deadline_21_10_0{Deadline_21_10_0: timestamppb.New(time.Now().Add(-time.Second))}
	none_ := part(id(2), "s", none, true, 1)
	none_.Options.DeadlineOption = &streams.BatchAppendReq_Options_Deadline{Deadline: durationpb.New(0)}
	for _, r := range []*streams.BatchAppendReq{past, none_} {
		if err := b.Send(r); err != nil {
			t.Fatal(err)
		}
		b.detail(b.recv(), codes.DeadlineExceeded, &shared.Timeout{})
	}
	if at, err := l.Head(t.Context(), "s"); at != eventlog.NoStream || err != nil {
		t.Errorf("what came too late was written: %d, %v", at, err)
	}
	// Another stream's slow append holds nobody up, and its deadline is its own.
	b.send(id(3), "slow", none, true, 1)
	future := part(id(4), "s", none, true, 1)
	future.Options.DeadlineOption = &streams.BatchAppendReq_Options_Deadline{Deadline: durationpb.New(patience)}
	if err := b.Send(future); err != nil {
		t.Fatal(err)
	}
	if got := b.recv(); got.GetSuccess() == nil || string(got.GetStreamIdentifier().GetStreamName()) != "s" {
		t.Errorf("got %v", got)
	}
	close(slow)
	if got := b.recv(); got.GetSuccess() == nil {
		t.Errorf("got %v", got)
	}
}

func TestABatchHasLimits(t *testing.T) {
	c := serve(t, esdbserver.Config{}).dial(t)
	b := openBatch(within(t), t, c)
	for i := range 17 {
		b.send(id(i), "s", any_, false, i)
	}
	_, err := b.Recv()
	wantRefused(t, nil, err, codes.ResourceExhausted)

	b = openBatch(within(t), t, c)
	nameless := part(id(1), "s", any_, true, 1)
	nameless.CorrelationId = nil
	if err := b.Send(nameless); err != nil {
		t.Fatal(err)
	}
	_, err = b.Recv()
	wantRefused(t, nil, err, codes.InvalidArgument)
	if got := everything(t, open(within(t), t, c, readStream("s", esdb.Start{}, false, 1))); got[0].GetStreamNotFound() == nil {
		t.Errorf("something was written: %v", got)
	}
}
