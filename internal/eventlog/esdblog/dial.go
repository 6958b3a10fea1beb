package esdblog

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// dialLeader connects to the cluster's leader, or to the only server, without the client
// library, which offers no batch append, and makes sure that it holds this log.
func dialLeader(ctx context.Context, c *esdb.Configuration, logID string) (*grpc.ClientConn, error) {
	seeds := []string{c.Address}
	if len(c.GossipSeeds) > 0 {
		seeds = seeds[:0]
		for _, s := range c.GossipSeeds {
			seeds = append(seeds, s.String())
		}
	}
	var failed error
	for _, at := range seeds {
		conn, err := dialAt(ctx, c, at, len(c.GossipSeeds) > 0 || c.DnsDiscover)
		if err == nil {
			if err = sameLog(ctx, conn, logID); err == nil {
				return conn, nil
			}
			_ = conn.Close()
		}
		failed = errors.Join(failed, err)
	}
	return nil, failed
}

// dialAt connects to a server, or where it is one of a cluster to the leader it names.
func dialAt(ctx context.Context, c *esdb.Configuration, at string, cluster bool) (*grpc.ClientConn, error) {
	conn, err := newChannel(c, at)
	if err != nil || !cluster {
		return conn, err
	}
	info, err := gossip.NewGossipClient(conn).Read(ctx, &shared.Empty{})
	if closed := conn.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, fmt.Errorf("asking %s for the cluster's leader: %w", at, err)
	}
	for _, m := range info.GetMembers() {
		if m.GetIsAlive() && m.GetState() == gossip.MemberInfo_Leader {
			e := m.GetHttpEndPoint()
			return newChannel(c, net.JoinHostPort(e.GetAddress(), strconv.Itoa(int(e.GetPort()))))
		}
	}
	return nil, fmt.Errorf("%s knows no leader", at)
}

// newChannel is a connection with the settings that the client library would give it.
func newChannel(c *esdb.Configuration, at string) (*grpc.ClientConn, error) {
	options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if !c.DisableTLS {
		t := &tls.Config{InsecureSkipVerify: c.SkipCertificateVerification, RootCAs: c.RootCAs}
		if c.UserCertFile != "" {
			cert, err := tls.LoadX509KeyPair(c.UserCertFile, c.UserKeyFile)
			if err != nil {
				return nil, fmt.Errorf("reading the certificate shown to the event store: %w", err)
			}
			t.Certificates = []tls.Certificate{cert}
		}
		options = []grpc.DialOption{grpc.WithTransportCredentials(credentials.NewTLS(t))}
		if c.Username != "" {
			options = append(options, grpc.WithPerRPCCredentials(basic(c.Username+":"+c.Password)))
		}
	}
	if c.KeepAliveInterval >= 0 {
		options = append(options, grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: c.KeepAliveInterval, Timeout: c.KeepAliveTimeout, PermitWithoutStream: true,
		}))
	}
	return grpc.NewClient(at, options...)
}

// basic is a user and password as HTTP's basic authentication sends them, over TLS only.
type basic string

func (b basic) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(b))}, nil
}

func (basic) RequireTransportSecurity() bool { return true }

// sameLog reads the log's id over a connection and compares.
func sameLog(ctx context.Context, conn *grpc.ClientConn, id string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := streams.NewStreamsClient(conn).Read(leader(ctx), &streams.ReadReq{Options: &streams.ReadReq_Options{
		StreamOption: &streams.ReadReq_Options_Stream{Stream: &streams.ReadReq_Options_StreamOptions{
			StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(identityStream)},
			RevisionOption:   &streams.ReadReq_Options_StreamOptions_Start{Start: &shared.Empty{}},
		}},
		CountOption:  &streams.ReadReq_Options_Count{Count: 1},
		FilterOption: &streams.ReadReq_Options_NoFilter{NoFilter: &shared.Empty{}},
		UuidOption: &streams.ReadReq_Options_UUIDOption{
			Content: &streams.ReadReq_Options_UUIDOption_Structured{Structured: &shared.Empty{}},
		},
	}})
	if err != nil {
		return err
	}
	r, err := s.Recv()
	if err != nil {
		return err
	}
	var told created
	if err := json.Unmarshal(r.GetEvent().GetEvent().GetData(), &told); err != nil {
		return fmt.Errorf("reading the log's id: %w", err)
	}
	if told.ID != id {
		return fmt.Errorf("the event store now holds the log %s", told.ID)
	}
	return nil
}
