// Package esdbserver serves an event log over the gRPC protocol of EventStoreDB, so that
// its clients can append and subscribe. It is append-only on the wire too: deleting,
// tombstones and metadata that truncates are refused as access denied.
//
// EventStoreDB has no name for a log that outlives its address, and a checkpoint must know
// whose it is. Here the stream [IdentityStream] holds one event of type [IdentityType] whose
// data is {"id":"<the log's id>"}. The server makes it up from eventlog.Log.ID: it is read
// and subscribed to like any stream, cannot be written to, and is not part of $all.
//
// The log keeps bytes and no content type: an event is reported as application/json when its
// data is valid JSON, and as application/octet-stream otherwise.
package esdbserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"sijil/internal/eventlog"
)

// Config says what is served and to whom; only Log is required.
type Config struct {
	// Log is what callers read and append to, unless Authenticate gives them another.
	Log eventlog.Log
	// ReadOnly refuses every append, whoever asks.
	ReadOnly bool
	// TLS is the listener's certificate; nil means plaintext, in which credentials are ignored.
	// The leaf must name the host and must not be its own authority: clients on Rust's TLS
	// refuse a self-signed one.
	TLS *tls.Config
	// Authenticate says who calls, from what they sent; nil lets everybody in. It needs TLS. It is
	// asked for every call that concerns events, with zero Credentials when there were none;
	// [ErrDenied] refuses the caller, a gRPC status is answered as it is, and any other error
	// says that nobody can tell.
	Authenticate func(ctx context.Context, c Credentials) (Caller, error)
	// Logger hears what callers are not told; nil means slog.Default().
	Logger *slog.Logger
	// Advertise is the host:port by which clients are to reach this server; empty means by what
	// they called it.
	Advertise string
	// Grace is how long stopping waits for calls to end by themselves; 0 means 5 s. Then they are cut:
	// an append that was cut may have been stored.
	Grace time.Duration
}

// Caller is what one caller may do.
type Caller struct {
	// Name says in log lines who it is: an id without personal data.
	Name string
	// Log is what this caller sees, a part of the log perhaps: its methods keep the log's
	// positions and id and leave out events. nil means Config.Log.
	Log eventlog.Log
	// MayAppend lets it append.
	MayAppend bool
	// Until is when its credentials end, and its calls with them; zero means never.
	Until time.Time
}

// The most bytes of one message from a client: a batch of 16 MiB, as EventStoreDB allows at most, and
// what is around it. Who only answers reads needs to hold no more than a filter for strangers.
const (
	maxReceive         = 17 << 20
	maxReceiveReadOnly = 2 * maxExpression
)

// What a connection may have before anybody is known on it, besides messages: bytes of headers in one call,
// and calls at once, each of which holds what it sent and nobody has read yet. Where only
// reads are answered, that is at most readWindow; grpc-go's defaults are 16 MiB of each and no limit.
const (
	maxHeaders       = 2 * maxAuthorization
	maxCalls         = 1000
	maxCallsReadOnly = 64
	readWindow       = 64 << 10
)

// Server answers EventStoreDB clients. Use New.
type Server struct {
	cfg  Config
	grpc *grpc.Server
	quit chan struct{} // closed when stopping begins: subscriptions end
	stop sync.Once
}

// New is a server that does not listen yet.
func New(cfg Config) *Server {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Grace <= 0 {
		cfg.Grace = 5 * time.Second
	}
	s := &Server{cfg: cfg, quit: make(chan struct{})}
	receive, calls := maxReceive, uint32(maxCalls)
	if cfg.ReadOnly {
		receive, calls = maxReceiveReadOnly, maxCallsReadOnly
	}
	options := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(receive),
		grpc.MaxHeaderListSize(maxHeaders),
		grpc.MaxConcurrentStreams(calls), // per connection
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		// A subscriber that vanished without a word is noticed within a minute.
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 20 * time.Second}),
		grpc.ChainUnaryInterceptor(s.surviveUnary),
		grpc.ChainStreamInterceptor(s.surviveStream, s.knowReaders),
	}
	if cfg.ReadOnly {
		options = append(options, grpc.InitialWindowSize(readWindow))
	}
	if cfg.TLS != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(cfg.TLS)))
	}
	s.grpc = grpc.NewServer(options...)
	streams.RegisterStreamsServer(s.grpc, &streamsService{Server: s})
	serverfeatures.RegisterServerFeaturesServer(s.grpc, features{})
	gossip.RegisterGossipServer(s.grpc, &gossipService{Server: s, instance: newUUID()})
	return s
}

// Serve answers on l until ctx ends or Stop is called, then stops as Stop does and returns nil. It
// closes l. Any other error is the listener's, or says that the configuration cannot be served.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	if s.cfg.Authenticate != nil && s.cfg.TLS == nil {
		return errors.Join(errors.New("serving the EventStoreDB protocol: credentials travel over TLS only: give a certificate and its key"), l.Close())
	}
	served := make(chan struct{})
	defer close(served)
	go func() {
		select {
		case <-ctx.Done():
			s.Stop()
		case <-served:
		}
	}()
	err := s.grpc.Serve(l)
	select {
	case <-s.quit:
		s.Stop() // returns when the calls have ended
		return nil
	default:
	}
	return fmt.Errorf("serving the EventStoreDB protocol: %w", err)
}

// Stop accepts no further call, ends subscriptions, lets appends and reads end within
// Config.Grace and cuts what is left. It returns when nothing runs any more.
func (s *Server) Stop() {
	s.stop.Do(func() {
		close(s.quit)
		ended := make(chan struct{})
		go func() {
			s.grpc.GracefulStop()
			close(ended)
		}()
		grace := time.NewTimer(s.cfg.Grace)
		defer grace.Stop()
		select {
		case <-ended:
		case <-grace.C:
			s.grpc.Stop()
			<-ended
		}
	})
}

// ConnectionString is what a client on this machine connects with when the server listens on
// addr. Over TLS it is completed with credentials and with the authority's certificate.
func (s *Server) ConnectionString(addr net.Addr) string {
	at := s.cfg.Advertise
	if at == "" {
		at = reachable(addr)
	}
	if s.cfg.TLS == nil {
		return "esdb://" + at + "?tls=false"
	}
	return "esdb://" + at
}

// reachable is addr with a host that can be dialled.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("localhost:%d", tcp.Port)
	}
	return addr.String()
}
