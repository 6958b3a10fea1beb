package esdbserver

import (
	"context"
	"errors"
	"io"
	"sync"

	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc/codes"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"sijil/internal/eventlog"
)

// What one connection's batch may hold: bytes of appends that are being written, each counted as
// if it had writingCost more, and appends of which not everything has arrived.
const (
	maxWriting  = 32 << 20
	writingCost = maxWriting / 256 // so that at most so many are written at a time, a transaction of pglog
	maxArriving = 16
)

// BatchAppend takes many appends over one call, in parts that arrive mixed, and answers each by its
// correlation id as soon as it is written. Appends to one stream are written in the order in which they
// were complete.
func (s *streamsService) BatchAppend(stream streams.Streams_BatchAppendServer) error {
	caller, err := s.caller(stream.Context())
	if err != nil {
		return s.ending(stream.Context(), "batch append", err, stream.SetTrailer)
	}
	ctx, cancel := s.lasting(stream.Context(), caller)
	defer cancel()
	b := &batch{
		server: s.Server, caller: caller, stream: stream,
		arriving: map[eventlog.UUID]*arrival{}, last: map[string]chan struct{}{},
		room: semaphore.NewWeighted(maxWriting),
	}
	err = b.run(ctx)
	b.finish()
	return s.ending(ctx, "batch append", err, stream.SetTrailer)
}

type batch struct {
	server *Server
	caller Caller
	stream streams.Streams_BatchAppendServer

	arriving map[eventlog.UUID]*arrival
	room     *semaphore.Weighted
	writers  sync.WaitGroup

	ordering sync.Mutex
	last     map[string]chan struct{} // per stream, closed when its last append is written

	sending sync.Mutex
}

// arrival is an append and what its answer repeats.
type arrival struct {
	incoming
	id      *shared.UUID
	options *streams.BatchAppendReq_Options
	ctx     context.Context // ends at the append's deadline
	cancel  context.CancelFunc
}

// run takes requests until the client has sent all, or ctx ends.
func (b *batch) run(ctx context.Context) error {
	requests, ended := make(chan *streams.BatchAppendReq), make(chan error, 1)
	go func() { // receiving can be interrupted only by leaving the handler
		for {
			r, err := b.stream.Recv()
			if err != nil {
				ended <- err
				return
			}
			select {
			case requests <- r:
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		case r := <-requests:
			if err := b.take(ctx, r); err != nil {
				return err
			}
		}
	}
}

// finish waits until everything that was complete is written and answered. What was not is forgotten.
func (b *batch) finish() {
	b.writers.Wait()
	for _, a := range b.arriving {
		a.cancel()
	}
}

// take adds a part of an append, and begins to write it when it is the last one. It waits while too
// many are being written, and so does the client.
func (b *batch) take(ctx context.Context, r *streams.BatchAppendReq) error {
	id, err := decodeUUID(r.GetCorrelationId())
	if err != nil {
		return err
	}
	a := b.arriving[id]
	if a == nil {
		if len(b.arriving) == maxArriving {
			return &refusal{code: codes.ResourceExhausted, message: "too many appends of the batch have begun and not ended"}
		}
		a = b.begin(r)
		b.arriving[id] = a
	}
	for _, m := range r.GetProposedMessages() {
		a.add(m)
	}
	if !r.GetIsFinal() {
		return nil
	}
	delete(b.arriving, id)
	cost := int64(min(a.size, eventlog.MaxAppend) + writingCost)
	if err := b.room.Acquire(ctx, cost); err != nil {
		a.cancel()
		return err
	}
	before, done := b.enqueue(a.stream)
	b.writers.Go(func() {
		defer b.room.Release(cost)
		defer a.cancel()
		if before != nil {
			<-before
		}
		answer := b.write(a)
		b.dequeue(a.stream, done)
		b.send(answer)
	})
	return nil
}

// begin reads the options of an append's first part.
func (b *batch) begin(r *streams.BatchAppendReq) *arrival {
	o := r.GetOptions()
	a := &arrival{id: r.GetCorrelationId(), options: o}
	// Not the context of run: what has arrived is written although the server stops.
	a.ctx, a.cancel = deadline(b.stream.Context(), o)
	name, err := streamName(o.GetStreamIdentifier())
	if err != nil {
		a.refuse(err)
		return a
	}
	a.stream = name
	switch v := o.GetExpectedStreamPosition().(type) {
	case *streams.BatchAppendReq_Options_StreamPosition:
		a.want = expected{atRevision, v.StreamPosition}
	case *streams.BatchAppendReq_Options_NoStream:
		a.want = expected{kind: noStream}
	case *streams.BatchAppendReq_Options_Any:
		a.want = expected{kind: anyRevision}
	case *streams.BatchAppendReq_Options_StreamExists:
		a.want = expected{kind: streamExists}
	default:
		a.refuse(invalid("an append says which revision it expects"))
	}
	return a
}

// deadline is the context of one append: clients say a time or, since 22.0, a duration.
func deadline(ctx context.Context, o *streams.BatchAppendReq_Options) (context.Context, context.CancelFunc) {
	switch v := o.GetDeadlineOption().(type) {
	case *streams.BatchAppendReq_Options_Deadline:
		return context.WithTimeout(ctx, v.Deadline.AsDuration())
	case *streams.BatchAppendReq_Options_Deadline_21_10_0:
		return context.WithDeadline(ctx, v.Deadline_21_10_0.AsTime())
	}
	return context.WithCancel(ctx)
}

// enqueue gives a place behind the stream's last append, if one is being written.
func (b *batch) enqueue(stream string) (before, done chan struct{}) {
	b.ordering.Lock()
	defer b.ordering.Unlock()
	before, done = b.last[stream], make(chan struct{})
	b.last[stream] = done
	return before, done
}

func (b *batch) dequeue(stream string, done chan struct{}) {
	b.ordering.Lock()
	defer b.ordering.Unlock()
	close(done)
	if b.last[stream] == done {
		delete(b.last, stream)
	}
}

func (b *batch) write(a *arrival) *streams.BatchAppendResp {
	done, err := b.attempt(a)
	answer := &streams.BatchAppendResp{CorrelationId: a.id, StreamIdentifier: a.options.GetStreamIdentifier()}
	a.echo(answer)
	switch {
	case err != nil:
		answer.Result = encodeBatchError(b.server.asRefusal(a.ctx, "batch append", err))
	case done.wrong:
		answer.Result = encodeBatchWrong(a.want, done.head)
	default:
		answer.Result = encodeBatchSuccess(done)
	}
	return answer
}

// attempt writes one append, unless its deadline has passed.
func (b *batch) attempt(a *arrival) (done outcome, err error) {
	defer b.server.survive(a.ctx, "BatchAppend", &err) // what protects a handler does not reach here
	if err := a.ctx.Err(); err != nil {
		return done, err
	}
	return b.server.write(a.ctx, b.caller, &a.incoming)
}

// send answers one append. When it fails the call has ended, and run hears of it.
func (b *batch) send(answer *streams.BatchAppendResp) {
	b.sending.Lock()
	defer b.sending.Unlock()
	if err := b.stream.Send(answer); err != nil {
		b.server.cfg.Logger.DebugContext(b.stream.Context(), "a client left before its batch was answered", "err", err)
	}
}
