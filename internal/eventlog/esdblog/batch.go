package esdblog

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"sijil/internal/eventlog"
)

// batcher sends appends over one long call instead of a call each, which costs a fraction.
// It is the quick way only: whatever it cannot say was stored, for whatever reason, is sent
// again in the ordinary way with the same revision and the same ids, which finds out.
type batcher struct {
	log    *Log
	client *esdb.Configuration
	once   sync.Once

	mu      sync.Mutex
	running *batchCall // nil while there is none
}

// batchCall is one call and the appends that it has not answered.
type batchCall struct {
	queue chan *batchItem
	ended chan struct{} // closed when it takes no more

	mu      sync.Mutex
	serial  uint64
	waiting map[uint64]*batchItem
}

// batchItem is one append on its way.
type batchItem struct {
	request *streams.BatchAppendReq
	serial  uint64
	answer  chan sent
}

// sent is what a server made of an append. The zero value says that nothing is known.
type sent struct {
	at      eventlog.Position // where its last event is, when it was stored
	refused bool              // the stream is elsewhere,
	head    eventlog.Revision // here
}

// outcome reads an answer. What it does not understand is as good as no answer.
func outcome(r *streams.BatchAppendResp) sent {
	for _, d := range r.GetError().GetDetails() {
		var w shared.WrongExpectedVersion
		if d.UnmarshalTo(&w) != nil {
			continue
		}
		switch v := w.GetCurrentStreamRevisionOption().(type) {
		case *shared.WrongExpectedVersion_CurrentNoStream:
			return sent{refused: true, head: eventlog.NoStream}
		case *shared.WrongExpectedVersion_CurrentStreamRevision:
			if v.CurrentStreamRevision <= last {
				return sent{refused: true, head: eventlog.Revision(v.CurrentStreamRevision)}
			}
		}
	}
	return sent{at: eventlog.Position(r.GetSuccess().GetPosition().GetCommitPosition())}
}

// start begins, at the first append.
func (b *batcher) start() {
	if !b.log.cfg.single {
		b.once.Do(func() { b.log.also(b.run) })
	}
}

// run keeps a call until the log is closed.
func (b *batcher) run() {
	ctx, log := b.log.background, b.log.cfg.Logger
	for failures := 0; ctx.Err() == nil; {
		begun, err := b.call(ctx)
		if status.Code(err) == codes.Unimplemented {
			log.DebugContext(ctx, "the event store offers no batch append; appends are sent one by one")
			return
		}
		if failures++; begun {
			failures = 1
			b.log.super.suspect()
		}
		log.DebugContext(ctx, "the call for batch appends has ended; opening another", "err", err)
		if !pause(ctx, backoff(failures+1)) {
			return
		}
	}
}

// call makes a call and serves it until it ends; begun says whether there was one.
func (b *batcher) call(ctx context.Context) (begun bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	short, enough := context.WithTimeout(ctx, b.log.cfg.Attempt)
	conn, err := dialLeader(short, b.client, b.log.id)
	enough()
	if err != nil {
		return false, err
	}
	defer conn.Close()
	s, err := streams.NewStreamsClient(conn).BatchAppend(leader(ctx))
	if err != nil {
		return false, fmt.Errorf("opening a call for batch appends: %w", err)
	}
	c := &batchCall{queue: make(chan *batchItem, 64), ended: make(chan struct{}), waiting: map[uint64]*batchItem{}}
	b.mu.Lock()
	b.running = c
	b.mu.Unlock()
	received := make(chan error, 1)
	go func() { received <- c.receive(s, cancel) }()
	sending := c.send(ctx, s)
	cancel()
	if err = <-received; err == nil {
		err = sending
	}
	b.mu.Lock()
	b.running = nil
	b.mu.Unlock()
	c.end()
	return true, err
}

// send sends what is queued.
func (c *batchCall) send(ctx context.Context, s streams.Streams_BatchAppendClient) error {
	for {
		select {
		case i := <-c.queue:
			if err := s.Send(i.request); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// receive answers whom the server answers.
func (c *batchCall) receive(s streams.Streams_BatchAppendClient, cancel context.CancelFunc) error {
	defer cancel()
	for {
		r, err := s.Recv()
		if err != nil {
			return err
		}
		// A server echoes an id as it was sent; one that is none of ours is nobody's.
		serial := uint64(r.GetCorrelationId().GetStructured().GetLeastSignificantBits())
		c.mu.Lock()
		i := c.waiting[serial]
		delete(c.waiting, serial)
		c.mu.Unlock()
		if i != nil {
			i.answer <- outcome(r)
		}
	}
}

// end answers everybody who is left that nothing is known.
func (c *batchCall) end() {
	close(c.ended)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, i := range c.waiting {
		i.answer <- sent{}
	}
	c.waiting = nil
}

// append sends an append, stamped, and gives what is known of its outcome.
func (b *batcher) append(ctx context.Context, stream string, want eventlog.Revision, drafts []eventlog.Draft) (s sent) {
	b.mu.Lock()
	c := b.running
	b.mu.Unlock()
	if c == nil {
		return s
	}
	i := &batchItem{request: b.request(stream, want, b.log.clock.stamp(drafts)), answer: make(chan sent, 1)}
	if !c.enroll(i) {
		return s
	}
	defer c.leave(i)
	limit := time.NewTimer(b.log.cfg.Attempt)
	defer limit.Stop()
	select {
	case c.queue <- i:
	case <-c.ended:
		return s
	case <-ctx.Done():
		return s
	}
	select {
	case s = <-i.answer:
	case <-limit.C:
	case <-ctx.Done():
	}
	return s
}

// enroll gives an append the number by which its answer is known.
func (c *batchCall) enroll(i *batchItem) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting == nil {
		return false
	}
	c.serial++
	i.serial = c.serial
	c.waiting[c.serial] = i
	i.request.CorrelationId = &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits: 1, LeastSignificantBits: int64(c.serial),
	}}}
	return true
}

func (c *batchCall) leave(i *batchItem) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, i.serial)
}

// request is an append as the protocol has it.
func (b *batcher) request(stream string, want eventlog.Revision, drafts []eventlog.Draft) *streams.BatchAppendReq {
	o := &streams.BatchAppendReq_Options{
		StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(stream)},
		DeadlineOption:   &streams.BatchAppendReq_Options_Deadline{Deadline: durationpb.New(b.log.cfg.Attempt)},
	}
	if want == eventlog.NoStream {
		o.ExpectedStreamPosition = &streams.BatchAppendReq_Options_NoStream{NoStream: &emptypb.Empty{}}
	} else {
		o.ExpectedStreamPosition = &streams.BatchAppendReq_Options_StreamPosition{StreamPosition: uint64(want)}
	}
	messages := make([]*streams.BatchAppendReq_ProposedMessage, len(drafts))
	for i, d := range drafts {
		messages[i] = &streams.BatchAppendReq_ProposedMessage{
			Id: &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
				MostSignificantBits:  int64(binary.BigEndian.Uint64(d.ID[:8])),
				LeastSignificantBits: int64(binary.BigEndian.Uint64(d.ID[8:])),
			}}},
			Metadata:       map[string]string{"type": d.Type, "content-type": contentType(d.Data)},
			CustomMetadata: d.Meta, Data: d.Data,
		}
	}
	return &streams.BatchAppendReq{Options: o, ProposedMessages: messages, IsFinal: true}
}
