package esdblog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"sijil/internal/eventlog"
)

// wrongServerError: what answers is not the server of this log, and asking again will not
// change that.
type wrongServerError struct{ why string }

func (e *wrongServerError) Error() string { return e.why }

// disbelieved reports whether err says so.
func disbelieved(err error) bool {
	_, wrong := errors.AsType[*wrongServerError](err)
	return wrong
}

// verdict is what an error of an exchange means for the next one.
type verdict int

const (
	final verdict = iota // the server has decided, or the caller's context has ended
	again                // this client may be asked again
	lost                 // this client is of no use any more
)

// judge says what to do about err. What it does not know, it lets try again: the caller's
// patience is the bound.
func judge(err error) verdict {
	var e *esdb.Error
	var hung errHung
	switch {
	case err == nil, errors.Is(err, eventlog.ErrClosed), disbelieved(err):
		return final
	case errors.As(err, &hung):
		return lost
	case !errors.As(err, &e):
		return judgeStatus(err)
	}
	switch e.Code() {
	case esdb.ErrorCodeWrongExpectedVersion, esdb.ErrorCodeStreamDeleted, esdb.ErrorCodeAccessDenied,
		esdb.ErrorCodeUnauthenticated, esdb.ErrorCodeUnsupportedFeature:
		return final
	case esdb.ErrorCodeResourceNotFound:
		if missing(err) {
			return final
		}
		return again // how a follower that knows no leader answers
	case esdb.ErrorCodeConnectionClosed, esdb.ErrorUnavailable, esdb.ErrorCodeDeadlineExceeded:
		return lost
	case esdb.ErrorCodeNotLeader, esdb.ErrorAborted:
		return again
	}
	return judgeStatus(e.Err())
}

// judgeStatus judges what the client hands through as gRPC gave it.
func judgeStatus(err error) verdict {
	s, ok := grpcStatus(err)
	if !ok {
		if errors.Is(err, io.EOF) {
			return again // the call ended while it was being sent; the client hides how
		}
		return lost // a panic of the client, mostly
	}
	switch s.Code() {
	case codes.InvalidArgument, codes.FailedPrecondition, codes.OutOfRange, codes.PermissionDenied,
		codes.Unauthenticated, codes.Unimplemented, codes.DataLoss:
		return final
	case codes.Unavailable, codes.Canceled, codes.DeadlineExceeded, codes.Internal:
		return lost
	}
	return again
}

func grpcStatus(err error) (*status.Status, bool) {
	var s interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &s) {
		return nil, false
	}
	return s.GRPCStatus(), true
}

// missing reports whether the server said that a stream does not exist. The client gives the
// same code to a gRPC status that means something else.
func missing(err error) bool {
	var e *esdb.Error
	if !errors.As(err, &e) || e.Code() != esdb.ErrorCodeResourceNotFound {
		return false
	}
	_, ok := grpcStatus(e.Err())
	return !ok
}

// refused reports whether the server said that the stream is at another revision.
func refused(err error) bool {
	var e *esdb.Error
	return errors.As(err, &e) && e.Code() == esdb.ErrorCodeWrongExpectedVersion
}

// explained is a final error in the port's terms, with what an operator can do.
func explained(err error) error {
	var e *esdb.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() {
	case esdb.ErrorCodeAccessDenied:
		return fmt.Errorf("the event store denies this user the access; give it read and write access to the ledger's streams and to $all: %w", err)
	case esdb.ErrorCodeUnauthenticated:
		return fmt.Errorf("the event store does not accept the credentials; check user and password, and that TLS is on: %w", err)
	case esdb.ErrorCodeStreamDeleted:
		return fmt.Errorf("a stream of the ledger was deleted on the event store, which must never happen; restore it from a backup: %w", err)
	}
	if s, ok := grpcStatus(e.Err()); ok && s.Code() == codes.InvalidArgument {
		return tooLarge(err, s)
	}
	return err
}

// sizeMessage is how servers word it; the client hides the trailer that says it.
var sizeMessage = regexp.MustCompile(`(?i)maximum append size`)

// tooLarge is err as eventlog.ErrTooLarge where the server's limit is below ours.
func tooLarge(err error, s *status.Status) error {
	if !sizeMessage.MatchString(s.Message()) {
		return err
	}
	return fmt.Errorf("%w: the event store takes less than the %d bytes that a ledger needs; raise its MaxAppendSize: %w", eventlog.ErrTooLarge, eventlog.MaxAppend, err)
}

// insist calls f, each time on a client that works, until the server has decided, ctx ends,
// or Timeout is over.
func insist[T any](ctx context.Context, l *Log, doing string, f func(context.Context, *esdb.Client) (T, error)) (T, error) {
	var nothing T
	if err := ctx.Err(); err != nil {
		return nothing, err
	}
	patient, cancel := context.WithTimeout(ctx, l.cfg.Timeout)
	defer cancel()
	for try := 1; ; try++ {
		v, err := exchange(patient, l, f)
		switch {
		case err == nil:
			return v, nil
		case ctx.Err() != nil:
			return nothing, ctx.Err()
		case judge(err) == final:
			return nothing, fmt.Errorf("%s: %w", doing, explained(err))
		case !pause(patient, backoff(try)):
			if ctx.Err() != nil {
				return nothing, ctx.Err()
			}
			return nothing, fmt.Errorf("%s: the event store did not answer within %s: %w", doing, l.cfg.Timeout, err)
		}
	}
}

// exchange calls f once, on a client that works.
func exchange[T any](ctx context.Context, l *Log, f func(context.Context, *esdb.Client) (T, error)) (T, error) {
	c, err := l.super.acquire(ctx)
	if err != nil {
		var nothing T
		return nothing, err
	}
	return call(ctx, c, l.cfg.Attempt, f)
}
