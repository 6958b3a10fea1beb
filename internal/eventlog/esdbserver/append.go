package esdbserver

import (
	"context"
	"errors"
	"io"
	"math"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"sijil/internal/eventlog"
)

type streamsService struct {
	streams.UnimplementedStreamsServer
	*Server
}

// maxIgnored is how much of a refused append is still read. A client that is answered while
// it sends does not see the answer, only that sending failed.
const maxIgnored = 64 << 20

// Append takes one append: its options, then its events one by one.
func (s *streamsService) Append(stream streams.Streams_AppendServer) error {
	ctx := stream.Context()
	done, want, err := s.append(ctx, stream)
	if err != nil {
		return s.ending(ctx, "append", err, stream.SetTrailer)
	}
	return stream.SendAndClose(encodeOutcome(want, done))
}

func (s *streamsService) append(ctx context.Context, stream streams.Streams_AppendServer) (outcome, expected, error) {
	in := &incoming{}
	caller, err := s.caller(ctx)
	if err == nil {
		err = in.begin(stream)
	}
	if err != nil {
		in.refuse(err)
	}
	if err := in.receive(stream); err != nil {
		return outcome{}, in.want, err
	}
	done, err := s.write(ctx, caller, in)
	return done, in.want, err
}

// write appends what has arrived for caller.
func (s *Server) write(ctx context.Context, caller Caller, in *incoming) (outcome, error) {
	if in.refused != nil {
		return outcome{}, in.refused
	}
	if err := in.permitted(caller); err != nil {
		return outcome{}, err
	}
	if in.stream == IdentityStream {
		return outcome{wrong: true}, nil
	}
	return decide(ctx, caller.Log, in.stream, in.want, in.drafts)
}

// begin reads the first message.
func (in *incoming) begin(stream streams.Streams_AppendServer) error {
	m, err := stream.Recv()
	if errors.Is(err, io.EOF) {
		return invalid("an append begins with its options")
	}
	if err != nil {
		return err
	}
	options := m.GetOptions()
	if options == nil {
		return invalid("an append begins with its options")
	}
	in.stream, err = streamName(options.GetStreamIdentifier())
	if err != nil {
		return err
	}
	switch v := options.GetExpectedStreamRevision().(type) {
	case *streams.AppendReq_Options_Revision:
		in.want = expected{atRevision, v.Revision}
	case *streams.AppendReq_Options_NoStream:
		in.want = expected{kind: noStream}
	case *streams.AppendReq_Options_Any:
		in.want = expected{kind: anyRevision}
	case *streams.AppendReq_Options_StreamExists:
		in.want = expected{kind: streamExists}
	default:
		return invalid("an append says which revision it expects")
	}
	return nil
}

// receive reads the rest of the append, also when it is refused already.
func (in *incoming) receive(stream streams.Streams_AppendServer) error {
	ignored := 0
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		p := m.GetProposedMessage()
		if p == nil {
			in.refuse(invalid("an append has its options first, then events"))
			continue
		}
		in.add(p)
		if in.refused != nil {
			ignored += len(p.GetData()) + len(p.GetCustomMetadata()) + 100
			if ignored > maxIgnored {
				return in.refused
			}
		}
	}
}

// encodeOutcome is the answer to an append. A wrong version is an answer, not an error. It is told
// twice, the second time in the fields that clients before version 20.6.1 look at.
func encodeOutcome(want expected, done outcome) *streams.AppendResp {
	if done.wrong {
		return &streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: encodeWrong(want, done.head)}}
	}
	success := &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_CurrentRevision{CurrentRevision: uint64(done.head)},
		PositionOption: &streams.AppendResp_Success_Position{Position: &streams.AppendResp_Position{
			CommitPosition: uint64(done.position), PreparePosition: uint64(done.position),
		}},
	}
	if done.head == eventlog.NoStream {
		success.CurrentRevisionOption = &streams.AppendResp_Success_NoStream{NoStream: &shared.Empty{}}
	}
	if done.position == 0 {
		success.PositionOption = &streams.AppendResp_Success_NoPosition{NoPosition: &shared.Empty{}}
	}
	return &streams.AppendResp{Result: &streams.AppendResp_Success_{Success: success}}
}

func encodeWrong(want expected, head eventlog.Revision) *streams.AppendResp_WrongExpectedVersion {
	empty := &shared.Empty{}
	w := &streams.AppendResp_WrongExpectedVersion{
		CurrentRevisionOption:        &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: uint64(head)},
		CurrentRevisionOption_20_6_0: &streams.AppendResp_WrongExpectedVersion_CurrentRevision_20_6_0{CurrentRevision_20_6_0: uint64(head)},
	}
	if head == eventlog.NoStream {
		w.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: empty}
		w.CurrentRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_NoStream_20_6_0{NoStream_20_6_0: empty}
	}
	switch want.kind {
	case atRevision:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{ExpectedRevision: want.revision}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{ExpectedRevision_20_6_0: want.revision}
	case noStream: // the old fields have no word for it but the revision −1
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: empty}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{ExpectedRevision_20_6_0: math.MaxUint64}
	case anyRevision:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedAny{ExpectedAny: empty}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_Any_20_6_0{Any_20_6_0: empty}
	case streamExists:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: empty}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_StreamExists_20_6_0{StreamExists_20_6_0: empty}
	}
	return w
}

// Delete is refused: what is in the log stays.
func (s *streamsService) Delete(ctx context.Context, _ *streams.DeleteReq) (*streams.DeleteResp, error) {
	return nil, s.neverDeleted(ctx)
}

// Tombstone is refused: what is in the log stays.
func (s *streamsService) Tombstone(ctx context.Context, _ *streams.TombstoneReq) (*streams.TombstoneResp, error) {
	return nil, s.neverDeleted(ctx)
}

func (s *Server) neverDeleted(ctx context.Context) error {
	_, err := s.caller(ctx)
	if err == nil {
		err = accessDenied()
	}
	return s.ending(ctx, "delete", err, func(md metadata.MD) {
		// It fails on a call that has ended only, and then nobody reads the trailers.
		_ = grpc.SetTrailer(ctx, md)
	})
}
