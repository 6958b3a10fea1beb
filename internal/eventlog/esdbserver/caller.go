package esdbserver

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// ErrDenied is what Config.Authenticate answers when the credentials are wrong, or missing
// and needed.
var ErrDenied = errors.New("the credentials are not good")

// Credentials are what a caller sent: a user and a password, a bearer token, or nothing.
type Credentials struct {
	User, Password string
	Token          string
}

// LogValue keeps credentials out of log lines.
func (Credentials) LogValue() slog.Value { return slog.StringValue("credentials") }

// maxAuthorization bounds a header that is parsed before anybody is known.
const maxAuthorization = 16 << 10

// parseAuthorization reads an authorization header: Basic (RFC 7617, UTF-8) or Bearer (RFC 6750).
func parseAuthorization(header string) (c Credentials, ok bool) {
	scheme, rest, found := strings.Cut(header, " ")
	if !found || len(header) > maxAuthorization {
		return c, false
	}
	rest = strings.Trim(rest, " ")
	switch {
	case strings.EqualFold(scheme, "basic"):
		plain, err := base64.StdEncoding.Strict().DecodeString(rest)
		if err != nil || !utf8.Valid(plain) {
			return c, false
		}
		user, password, found := strings.Cut(string(plain), ":")
		if found && user != "" {
			return Credentials{User: user, Password: password}, true
		}
	case strings.EqualFold(scheme, "bearer") && rest != "" && !strings.ContainsAny(rest, " \t,"):
		return Credentials{Token: rest}, true
	}
	return c, false
}

// caller says who calls, once for a call. Features and gossip are for everybody: clients ask them before they send credentials.
func (s *Server) caller(ctx context.Context) (Caller, error) {
	if c, ok := ctx.Value(knownKey{}).(Caller); ok {
		return c, nil
	}
	if s.cfg.Authenticate == nil {
		return Caller{Log: s.cfg.Log, MayAppend: !s.cfg.ReadOnly}, nil
	}
	md, _ := metadata.FromIncomingContext(ctx)
	headers := md.Get("authorization")
	var c Credentials
	if len(headers) > 0 {
		ok := len(headers) == 1
		if ok {
			c, ok = parseAuthorization(headers[0])
		}
		if !ok {
			return Caller{}, &refusal{code: codes.Unauthenticated, message: "the authorization header is not one Basic or Bearer credential"}
		}
	}
	caller, err := s.cfg.Authenticate(ctx, c)
	switch {
	case errors.Is(err, ErrDenied) && len(headers) == 0:
		return Caller{}, accessDenied() // as EventStoreDB answers the nameless
	case errors.Is(err, ErrDenied):
		return Caller{}, &refusal{code: codes.Unauthenticated, message: ErrDenied.Error()}
	case err != nil && ctx.Err() != nil:
		return Caller{}, err
	case status.Code(err) == codes.PermissionDenied:
		return Caller{}, refuse(codes.PermissionDenied, "access-denied", status.Convert(err).Message(), &shared.AccessDenied{})
	case err != nil && status.Code(err) != codes.Unknown:
		return Caller{}, &refusal{code: status.Code(err), message: status.Convert(err).Message()}
	case err != nil:
		s.cfg.Logger.ErrorContext(ctx, "whether a caller of the EventStoreDB protocol may be let in cannot be told", "err", err)
		return Caller{}, &refusal{code: codes.Unavailable, message: "credentials cannot be checked at the moment"}
	}
	if caller.Log == nil {
		caller.Log = s.cfg.Log
	}
	caller.MayAppend = caller.MayAppend && !s.cfg.ReadOnly
	return caller, nil
}

// knowReaders asks who calls before a read's request is received: the library would wait for it, and hold
// what there is of it, as long as a stranger likes.
func (s *Server) knowReaders(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if info.FullMethod != streams.Streams_Read_FullMethodName {
		return handler(srv, stream)
	}
	caller, err := s.caller(stream.Context())
	if err != nil {
		return s.ending(stream.Context(), "read", err, stream.SetTrailer)
	}
	return handler(srv, &known{stream, caller})
}

// known is a call of somebody who was asked.
type known struct {
	grpc.ServerStream
	caller Caller
}

// Context also holds the caller.
func (k *known) Context() context.Context {
	return context.WithValue(k.ServerStream.Context(), knownKey{}, k.caller)
}

type knownKey struct{}

// lasting is ctx for a call that may last: it ends when the server stops and when the caller's credentials do.
func (s *Server) lasting(ctx context.Context, c Caller) (context.Context, context.CancelFunc) {
	serving, cancel := context.WithCancelCause(ctx)
	stop := func() { cancel(context.Canceled) }
	go func() {
		select {
		case <-s.quit:
			cancel(errStopping)
		case <-serving.Done():
		}
	}()
	if c.Until.IsZero() {
		return serving, stop
	}
	known, done := context.WithDeadlineCause(serving, c.Until, errExpired)
	return known, func() { done(); stop() }
}

// surviveUnary and surviveStream keep one caller's request from ending everybody's server.
func (s *Server) surviveUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
	defer s.survive(ctx, info.FullMethod, &err)
	return handler(ctx, req)
}

func (s *Server) surviveStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	defer s.survive(stream.Context(), info.FullMethod, &err)
	return handler(srv, stream)
}

func (s *Server) survive(ctx context.Context, method string, err *error) {
	if p := recover(); p != nil {
		s.cfg.Logger.ErrorContext(ctx, "a call of the EventStoreDB protocol panicked", "method", method, "panic", p, "stack", string(debug.Stack()))
		*err = status.Error(codes.Internal, "internal error")
	}
}
