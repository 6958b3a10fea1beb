package esdbserver

import (
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"sijil/internal/eventlog"
)

// echo repeats what the append expected.
func (a *arrival) echo(to *streams.BatchAppendResp) {
	switch v := a.options.GetExpectedStreamPosition().(type) {
	case *streams.BatchAppendReq_Options_StreamPosition:
		to.ExpectedStreamPosition = &streams.BatchAppendResp_StreamPosition{StreamPosition: v.StreamPosition}
	case *streams.BatchAppendReq_Options_NoStream:
		to.ExpectedStreamPosition = &streams.BatchAppendResp_NoStream{NoStream: &emptypb.Empty{}}
	case *streams.BatchAppendReq_Options_Any:
		to.ExpectedStreamPosition = &streams.BatchAppendResp_Any{Any: &emptypb.Empty{}}
	case *streams.BatchAppendReq_Options_StreamExists:
		to.ExpectedStreamPosition = &streams.BatchAppendResp_StreamExists{StreamExists: &emptypb.Empty{}}
	}
}

func encodeBatchSuccess(done outcome) *streams.BatchAppendResp_Success_ {
	success := &streams.BatchAppendResp_Success{
		CurrentRevisionOption: &streams.BatchAppendResp_Success_CurrentRevision{CurrentRevision: uint64(done.head)},
		PositionOption: &streams.BatchAppendResp_Success_Position{Position: &shared.AllStreamPosition{
			CommitPosition: uint64(done.position), PreparePosition: uint64(done.position),
		}},
	}
	if done.head == eventlog.NoStream {
		success.CurrentRevisionOption = &streams.BatchAppendResp_Success_NoStream{NoStream: &emptypb.Empty{}}
	}
	if done.position == 0 {
		success.PositionOption = &streams.BatchAppendResp_Success_NoPosition{NoPosition: &emptypb.Empty{}}
	}
	return &streams.BatchAppendResp_Success_{Success: success}
}

func encodeBatchWrong(want expected, head eventlog.Revision) *streams.BatchAppendResp_Error {
	w := &shared.WrongExpectedVersion{
		CurrentStreamRevisionOption: &shared.WrongExpectedVersion_CurrentStreamRevision{CurrentStreamRevision: uint64(head)},
	}
	if head == eventlog.NoStream {
		w.CurrentStreamRevisionOption = &shared.WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &emptypb.Empty{}}
	}
	switch want.kind {
	case atRevision:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedStreamPosition{ExpectedStreamPosition: want.revision}
	case noStream:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &emptypb.Empty{}}
	case anyRevision:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedAny{ExpectedAny: &emptypb.Empty{}}
	case streamExists:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: &emptypb.Empty{}}
	}
	return batchError(codes.AlreadyExists, "wrong expected version", w)
}

func encodeBatchError(r *refusal) *streams.BatchAppendResp_Error {
	return batchError(r.code, r.message, r.detail)
}

// batchError is a google.rpc.Status whose one detail tells clients the class of the error.
func batchError(code codes.Code, message string, detail proto.Message) *streams.BatchAppendResp_Error {
	packed := &anypb.Any{}
	// A message of the protocol always packs; a client that finds none takes the error as unknown.
	if err := packed.MarshalFrom(detail); err != nil {
		message += ": " + err.Error()
	}
	return &streams.BatchAppendResp_Error{Error: &rpc.Status{Code: int32(code), Message: message, Details: []*anypb.Any{packed}}}
}
