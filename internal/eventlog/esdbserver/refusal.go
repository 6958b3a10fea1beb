package esdbserver

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"

	"sijil/internal/eventlog"
)

// refusal is an error as EventStoreDB's clients understand it: a status, the trailers from which
// they make their error classes, and what a batch append answers instead of trailers.
type refusal struct {
	code     codes.Code
	message  string
	trailers metadata.MD
	detail   proto.Message
}

func (r *refusal) Error() string { return r.message }

// refuse is a refusal whose class clients know by exception.
func refuse(code codes.Code, exception, message string, detail proto.Message, trailers ...string) *refusal {
	return &refusal{code, message, metadata.Pairs(append([]string{"exception", exception}, trailers...)...), detail}
}

func accessDenied() error {
	return refuse(codes.PermissionDenied, "access-denied", "access denied", &shared.AccessDenied{})
}

func appendTooLarge() error {
	return refuse(codes.InvalidArgument, "maximum-append-size-exceeded",
		fmt.Sprintf("an append has at most %d bytes of data, metadata and types", eventlog.MaxAppend),
		&shared.MaximumAppendSizeExceeded{MaxAppendSize: eventlog.MaxAppend},
		"maximum-append-size", strconv.Itoa(eventlog.MaxAppend))
}

func metadataMissing(name string) error {
	message := fmt.Sprintf("required metadata property %q is missing", name)
	return refuse(codes.InvalidArgument, "missing-required-metadata-property", message,
		&shared.BadRequest{Message: message}, "required-metadata-properties", "type,content-type")
}

// invalid refuses a request that no server could answer.
func invalid(format string, args ...any) error {
	message := fmt.Sprintf(format, args...)
	return &refusal{codes.InvalidArgument, message, nil, &shared.BadRequest{Message: message}}
}

// errStopping ends what waits when the server stops; clients come back elsewhere.
var errStopping = &refusal{codes.Unavailable, "the server is stopping", nil, &shared.Unknown{}}

// errExpired ends what outlives its credentials.
var errExpired = &refusal{codes.Unauthenticated, "the credentials have expired", nil, &shared.AccessDenied{}}

// errUnavailable is what is said of a log that does not answer. Of an append it says nothing.
var errUnavailable = &refusal{codes.Unavailable, "the event log is not available", nil, &shared.Unknown{}}

// asRefusal is err as a caller may see it. What the log said is for the operator alone.
func (s *Server) asRefusal(ctx context.Context, doing string, err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	if r, ok := errors.AsType[*refusal](context.Cause(ctx)); ok {
		return r
	}
	if told := statusOf(err); told != nil {
		return &refusal{told.Code(), told.Message(), nil, &shared.Unknown{}}
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &refusal{codes.DeadlineExceeded, "the call took too long", nil, &shared.Timeout{}}
	case ctx.Err() != nil:
		return &refusal{codes.Canceled, "the call was cancelled", nil, &shared.Unknown{}}
	case errors.Is(err, eventlog.ErrTooLarge):
		return appendTooLarge().(*refusal)
	case errors.Is(err, eventlog.ErrInvalid):
		return invalid("%s", err).(*refusal)
	}
	s.cfg.Logger.ErrorContext(ctx, "the event log failed a client of the EventStoreDB protocol", "doing", doing, "err", err)
	return errUnavailable
}

// ending is what a handler returns for err, after setting the trailers by setTrailer.
func (s *Server) ending(ctx context.Context, doing string, err error, setTrailer func(metadata.MD)) error {
	if err == nil {
		return nil
	}
	if statusOf(err) != nil { // from the transport, which has ended already
		return err
	}
	r := s.asRefusal(ctx, doing, err)
	if r.trailers != nil {
		setTrailer(r.trailers)
	}
	return status.Error(r.code, r.message)
}

// statusOf is what err itself says that the caller is to be told: of the transport, or of whoever
// narrowed the log. A status that is wrapped is one of a server behind the log, for the operator.
func statusOf(err error) *status.Status {
	if told, ok := err.(interface{ GRPCStatus() *status.Status }); ok {
		return told.GRPCStatus()
	}
	return nil
}
