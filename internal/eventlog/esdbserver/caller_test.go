package esdbserver_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdbserver"
	"sijil/internal/eventlog/memlog"
)

// door lets in writer:secret, who may append, reader:secret, who may read stream b, and the bearer of
// "good", who may read. It is broken for the user "broken", and has words of its own for busy and other.
func door(l eventlog.Log, until time.Time) func(context.Context, esdbserver.Credentials) (esdbserver.Caller, error) {
	return func(_ context.Context, c esdbserver.Credentials) (esdbserver.Caller, error) {
		switch c {
		case esdbserver.Credentials{User: "writer", Password: "secret"}:
			return esdbserver.Caller{Name: "writer", MayAppend: true}, nil
		case esdbserver.Credentials{User: "reader", Password: "secret"}:
			return esdbserver.Caller{Name: "reader", Log: narrow{l, "b"}}, nil
		case esdbserver.Credentials{Token: "good"}:
			return esdbserver.Caller{Name: "token", Until: until}, nil
		case esdbserver.Credentials{User: "broken", Password: "secret"}:
			return esdbserver.Caller{}, errors.New("the table of clients is gone")
		case esdbserver.Credentials{User: "busy", Password: "secret"}:
			return esdbserver.Caller{}, status.Error(codes.ResourceExhausted, "too many calls")
		case esdbserver.Credentials{User: "other", Password: "secret"}:
			return esdbserver.Caller{}, status.Error(codes.PermissionDenied, "another scope is needed")
		}
		return esdbserver.Caller{}, esdbserver.ErrDenied
	}
}

// guarded is a server with a door, and connections to it that send an authorization header.
func guarded(t *testing.T, cfg esdbserver.Config, until time.Time) (*served, *x509.CertPool, func(header ...string) *grpc.ClientConn) {
	cert, roots, _ := authority(t)
	cfg.TLS, cfg.Authenticate = cert, door(cfg.Log, until)
	s := serve(t, cfg)
	return s, roots, func(header ...string) *grpc.ClientConn {
		options := []grpc.DialOption{grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(roots, ""))}
		for _, h := range header {
			options = append(options, grpc.WithPerRPCCredentials(authorization(h)))
		}
		return s.dial(t, options...)
	}
}

type authorization string

func (a authorization) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": string(a)}, nil
}
func (authorization) RequireTransportSecurity() bool { return true }

func TestWhoMayDoWhat(t *testing.T) {
	_, _, dial := guarded(t, esdbserver.Config{Log: town(t)}, time.Time{})
	const writer, reader, wrong, broken = "Basic d3JpdGVyOnNlY3JldA==", "Basic cmVhZGVyOnNlY3JldA==", "Basic cmVhZGVyOndyb25n", "Basic YnJva2VuOnNlY3JldA=="
	for name, c := range map[string]struct {
		header       string
		read, append codes.Code
	}{
		"who may append":                      {writer, codes.OK, codes.OK},
		"who may read a part":                 {reader, codes.OK, codes.PermissionDenied},
		"who may read":                        {"Bearer good", codes.OK, codes.PermissionDenied},
		"in other letters":                    {"bearer  good", codes.OK, codes.PermissionDenied},
		"a wrong password":                    {wrong, codes.Unauthenticated, codes.Unauthenticated},
		"a wrong token":                       {"Bearer bad", codes.Unauthenticated, codes.Unauthenticated},
		"a header that is none":               {"Basic ???", codes.Unauthenticated, codes.Unauthenticated},
		"nobody":                              {"", codes.PermissionDenied, codes.PermissionDenied},
		"a password in another spelling":      {"Basic d3JpdGVyOnNlY3JldB==", codes.Unauthenticated, codes.Unauthenticated},
		"when nobody can tell":                {broken, codes.Unavailable, codes.Unavailable},
		"who is told so in words":             {"Basic YnVzeTpzZWNyZXQ=", codes.ResourceExhausted, codes.ResourceExhausted},
		"who is denied in words":              {"Basic b3RoZXI6c2VjcmV0", codes.PermissionDenied, codes.PermissionDenied},
		"the writer's name and another's way": {"Digest d3JpdGVyOnNlY3JldA==", codes.Unauthenticated, codes.Unauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			var headers []string
			if c.header != "" {
				headers = []string{c.header}
			}
			conn := dial(headers...)
			for _, ask := range []*streams.ReadReq_Options{readAll(0, false), live(readAll(0, false))} {
				r := open(within(t), t, conn, ask)
				if _, err := r.Recv(); c.read == codes.OK {
					wantRefused(t, nil, err, codes.OK)
				} else {
					wantRefused(t, r.Trailer(), err, c.read, deniedTrailers(c.read)...)
				}
			}
			_, trailers, err := appendRaw(within(t), conn, appendOptions("new", none), proposed(50))
			wantRefused(t, trailers, err, c.append, deniedTrailers(c.append)...)
			if c.append == codes.Unauthenticated {
				if _, err = streams.NewStreamsClient(conn).Delete(within(t), &streams.DeleteReq{}); err == nil {
					t.Error("deleted")
				}
				_, err = openBatch(within(t), t, conn).Recv()
				wantRefused(t, nil, err, codes.Unauthenticated)
			}
			if _, err := serverfeatures.NewServerFeaturesClient(conn).GetSupportedMethods(within(t), &shared.Empty{}); err != nil {
				t.Errorf("features: %v", err)
			}
		})
	}
	t.Run("a part of the log", func(t *testing.T) {
		c := dial(reader)
		if got := positions(everything(t, open(within(t), t, c, readAll(0, false)))); !slices.Equal(got, []uint64{2, 4, 6, 8, 10}) {
			t.Errorf("all: %v", got)
		}
		if got := say(next(t, open(within(t), t, c, live(filtered(readAll(3, false), true, ".", nil, 2, 1))), 6)); got != "confirmed 4 6 (6) 8 10" {
			t.Errorf("subscribed: %v", got)
		}
		if got := everything(t, open(within(t), t, c, readStream("a", esdb.Start{}, false, 9))); got[0].GetStreamNotFound() == nil {
			t.Errorf("another's stream: %v", got)
		}
	})
}

func TestWhoMayAppendMayNotWhereNobodyMay(t *testing.T) {
	_, _, dial := guarded(t, esdbserver.Config{Log: town(t), ReadOnly: true}, time.Time{})
	_, trailers, err := appendRaw(within(t), dial("Basic d3JpdGVyOnNlY3JldA=="), appendOptions("new", none), proposed(50))
	wantDenied(t, trailers, err)
}

func deniedTrailers(c codes.Code) []string {
	if c == codes.PermissionDenied {
		return []string{"exception", "access-denied"}
	}
	return nil
}

func TestClientsSendCredentialsOverTLS(t *testing.T) {
	s, roots, _ := guarded(t, esdbserver.Config{Log: town(t)}, time.Time{})
	trust := func(c *esdb.Configuration) { c.RootCAs = roots }
	url := func(user string) string {
		return strings.Replace(s.ConnectionString(s.addr), "esdb://", "esdb://"+user+"@", 1)
	}
	c := connect(t, url("writer:secret"), trust)
	if _, err := c.AppendToStream(within(t), "x", esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, event(70, "x.X.v1")); err != nil {
		t.Errorf("the writer: %v", err)
	}
	reader := connect(t, url("reader:secret"), trust)
	if _, err := reader.AppendToStream(within(t), "x", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Revision(0)}, event(71, "x.X.v1")); code(err) != esdb.ErrorCodeAccessDenied {
		t.Errorf("the reader: %v", err)
	}
	wrong := connect(t, url("writer:wrong"), trust)
	if _, err := wrong.AppendToStream(within(t), "x", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Revision(0)}, event(71, "x.X.v1")); code(err) != esdb.ErrorCodeUnauthenticated {
		t.Errorf("a wrong password: %v", err)
	}
	stranger := connect(t, url("writer:secret"), func(c *esdb.Configuration) { c.RootCAs, c.MaxDiscoverAttempts = x509.NewCertPool(), 1 })
	if _, err := stranger.AppendToStream(within(t), "x", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Revision(0)}, event(71, "x.X.v1")); err == nil {
		t.Error("a client talks to a server that it does not know")
	}
}

func TestASubscriptionEndsWithItsCredentials(t *testing.T) {
	_, _, dial := guarded(t, esdbserver.Config{Log: town(t)}, time.Now().Add(300*time.Millisecond))
	sub := open(within(t), t, dial("Bearer good"), live(readAll(0, false)))
	for {
		if _, err := sub.Recv(); err != nil {
			wantRefused(t, nil, err, codes.Unauthenticated)
			return
		}
	}
}

func TestCredentialsAreNotTakenWithoutTLS(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	log := memlog.New(time.Now)
	s := esdbserver.New(esdbserver.Config{Log: log, Authenticate: door(log, time.Time{})})
	if err := s.Serve(within(t), l); err == nil || !strings.Contains(err.Error(), "TLS") {
		t.Errorf("got %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is open: %v", err)
	}
}

func TestFeaturesAndGossip(t *testing.T) {
	for name, c := range map[string]struct {
		advertise, called, host string
		port                    uint32
	}{
		"what the client called":              {"", "ledger.example:2113", "ledger.example", 2113},
		"what is advertised":                  {"other.example:5", "ledger.example:2113", "other.example", 5},
		"an address without a port is no use": {"", "ledger.example", "127.0.0.1", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, esdbserver.Config{Advertise: c.advertise})
			if c.port == 0 {
				c.port = uint32(s.addr.(*net.TCPAddr).Port)
			}
			conn := s.dial(t, append(plain(), grpc.WithAuthority(c.called))...)
			got, err := gossip.NewGossipClient(conn).Read(within(t), &shared.Empty{})
			if err != nil || len(got.GetMembers()) != 1 {
				t.Fatalf("got %v, %v", got, err)
			}
			m := got.GetMembers()[0]
			if m.GetHttpEndPoint().GetAddress() != c.host || m.GetHttpEndPoint().GetPort() != c.port || m.GetState() != gossip.MemberInfo_Leader || !m.GetIsAlive() {
				t.Errorf("got %v", m)
			}
		})
	}
	s := serve(t, esdbserver.Config{})
	got, err := serverfeatures.NewServerFeaturesClient(s.dial(t)).GetSupportedMethods(within(t), &shared.Empty{})
	if err != nil || got.GetEventStoreServerVersion() != "24.6.0" || len(got.GetMethods()) != 5 {
		t.Errorf("got %v, %v", got, err)
	}
	// A client that discovers finds the server by its gossip.
	port := s.addr.(*net.TCPAddr).AddrPort().String()
	c := connect(t, "esdb://"+port+","+port+"?tls=false", nil)
	if _, err := c.AppendToStream(within(t), "s", esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, event(1, "a.A.v1")); err != nil {
		t.Error(err)
	}
}

func TestConnectionStrings(t *testing.T) {
	cert, _, _ := authority(t)
	any4, any6, one := &net.TCPAddr{IP: net.IPv4zero, Port: 2113}, &net.TCPAddr{IP: net.IPv6unspecified, Port: 2113}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7}
	plain := esdbserver.New(esdbserver.Config{})
	secure := esdbserver.New(esdbserver.Config{TLS: cert, Advertise: "ledger.example:2113"})
	for want, got := range map[string]string{
		"esdb://localhost:2113?tls=false": plain.ConnectionString(any4),
		"esdb://127.0.0.1:7?tls=false":    plain.ConnectionString(one),
		"esdb://ledger.example:2113":      secure.ConnectionString(any6),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if plain.ConnectionString(any4) != plain.ConnectionString(any6) {
		t.Error("a wildcard address of IPv6 differs")
	}
}
