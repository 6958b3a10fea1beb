package subscribers_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	"sijil/internal/access"
	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdbserver"
	"sijil/internal/eventlog/memlog"
	"sijil/internal/pgtest"
	"sijil/internal/subscribers"
)

// town is a log of two tenants behind a gate, over real gRPC and TLS.
type town struct {
	t       *testing.T
	log     *memlog.Log
	clients *access.Clients
	tokens  *access.Tokens
	clock   *clock
	streams streams.StreamsClient
	// theirs are the strings that nobody of "mine" may ever receive.
	theirs []string
}

const service = "https://ledger.example"

func newTown(t *testing.T, limit subscribers.Config) *town {
	t.Helper()
	w := &town{t: t, clients: &access.Clients{Pool: pgtest.Pool(t)}, clock: &clock{at: time.Now()}}
	w.log = memlog.New(w.clock.now)
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if w.tokens, err = access.NewTokens(key, service); err != nil {
		t.Fatal(err)
	}
	limit.Log, limit.Tokens, limit.Clients, limit.Now, limit.Logger = w.log, w.tokens, w.clients, w.clock.now, slog.New(slog.DiscardHandler)
	certificate, roots := certificates(t)
	server := esdbserver.New(esdbserver.Config{
		Log: w.log, ReadOnly: true, TLS: certificate, Authenticate: subscribers.NewGate(limit).Authenticate, Logger: limit.Logger,
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(context.Background(), l) }()
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: roots})))
	if err != nil {
		t.Fatal(err)
	}
	w.streams = streams.NewStreamsClient(conn)
	t.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return w
}

// append records an event of a tenant, one that names another tenant wherever it can.
func (w *town) append(stream, slug, mentions string) eventlog.Recorded {
	w.t.Helper()
	head, err := w.log.Head(w.t.Context(), stream)
	if err != nil {
		w.t.Fatal(err)
	}
	other := string(access.TenantID(mentions))
	meta := eventlog.Meta{Tenant: string(access.TenantID(slug)), Actor: other, Institution: other, CorrelationID: other, CausationID: stream}
	id := eventlog.UUID{0: byte(head + 2), 1: stream[0], 2: byte(len(stream))}
	copy(id[3:], stream)
	got, err := w.log.Append(w.t.Context(), stream, head, eventlog.Draft{
		ID: id, Type: "thing.Happened.v1", Data: fmt.Appendf(nil, `{"of":%q,"names":%q}`, slug+"'s own", other), Meta: meta.Encode(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return got[0]
}

// client makes a client and gives what it sends to be known.
func (w *town) client(slug string, scopes ...access.Scope) (c access.Client, basic, bearer string) {
	w.t.Helper()
	c, secret, err := w.clients.Create(w.t.Context(), access.NewClient{Slug: slug, Scopes: scopes})
	if err != nil {
		w.t.Fatal(err)
	}
	token, err := w.tokens.Issue(c.Principal(scopes), w.clock.now())
	if err != nil {
		w.t.Fatal(err)
	}
	return c, "Basic " + base64.StdEncoding.EncodeToString([]byte(c.ClientID()+":"+secret)), "Bearer " + token
}

// as is a context that shows credentials; it ends with the test, at the latest.
func (w *town) as(authorization string) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	w.t.Cleanup(cancel)
	if authorization == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", authorization)
}

// read collects what a read or subscription sends, until it ends or until says enough.
func (w *town) read(ctx context.Context, o *streams.ReadReq_Options, enough func([]*streams.ReadResp) bool) ([]*streams.ReadResp, error) {
	w.t.Helper()
	o.UuidOption = &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_String_{String_: &shared.Empty{}}}
	if o.FilterOption == nil {
		o.FilterOption = &streams.ReadReq_Options_NoFilter{NoFilter: &shared.Empty{}}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := w.streams.Read(ctx, &streams.ReadReq{Options: o})
	if err != nil {
		w.t.Fatal(err)
	}
	var got []*streams.ReadResp
	for {
		m, err := stream.Recv()
		if err != nil {
			return got, err
		}
		for _, secret := range w.theirs {
			if strings.Contains(m.String(), secret) {
				w.t.Errorf("another tenant's event came through: %s", m)
			}
		}
		if got = append(got, m); enough != nil && enough(got) {
			return got, nil
		}
	}
}

func events(got []*streams.ReadResp) (n int) {
	for _, m := range got {
		if m.GetEvent() != nil {
			n++
		}
	}
	return n
}

func all(back, live bool, from any) *streams.ReadReq_Options {
	at := &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_Start{Start: &shared.Empty{}}}
	switch from := from.(type) {
	case uint64:
		at.AllOption = &streams.ReadReq_Options_AllOptions_Position{Position: &streams.ReadReq_Options_Position{CommitPosition: from, PreparePosition: from}}
	case string:
		at.AllOption = &streams.ReadReq_Options_AllOptions_End{End: &shared.Empty{}}
	}
	return finish(&streams.ReadReq_Options{StreamOption: &streams.ReadReq_Options_All{All: at}}, back, live)
}

func one(stream string, back, live bool) *streams.ReadReq_Options {
	at := &streams.ReadReq_Options_StreamOptions{
		StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(stream)},
		RevisionOption:   &streams.ReadReq_Options_StreamOptions_Start{Start: &shared.Empty{}},
	}
	if back {
		at.RevisionOption = &streams.ReadReq_Options_StreamOptions_End{End: &shared.Empty{}}
	}
	return finish(&streams.ReadReq_Options{StreamOption: &streams.ReadReq_Options_Stream{Stream: at}}, back, live)
}

func finish(o *streams.ReadReq_Options, back, live bool) *streams.ReadReq_Options {
	if back {
		o.ReadDirection = streams.ReadReq_Options_Backwards
	}
	o.CountOption = &streams.ReadReq_Options_Count{Count: 1 << 40}
	if live {
		o.CountOption = &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}}
	}
	return o
}

func filtered(o *streams.ReadReq_Options, expression string) *streams.ReadReq_Options {
	o.FilterOption = &streams.ReadReq_Options_Filter{Filter: &streams.ReadReq_Options_FilterOptions{
		Filter:                       &streams.ReadReq_Options_FilterOptions_StreamIdentifier{StreamIdentifier: &streams.ReadReq_Options_FilterOptions_Expression{Regex: expression}},
		Window:                       &streams.ReadReq_Options_FilterOptions_Max{Max: 10},
		CheckpointIntervalMultiplier: 1,
	}}
	return o
}

// clock is a clock that the test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// certificates are a server's, and who trusts it.
func certificates(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, leaf, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}
