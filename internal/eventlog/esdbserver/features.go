package esdbserver

import (
	"context"
	"crypto/rand"
	"net"
	"strconv"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"

	"sijil/internal/eventlog"
)

// version is the EventStoreDB whose behaviour clients may expect. Digits and dots: clients parse it.
const version = "24.6.0"

type features struct {
	serverfeatures.UnimplementedServerFeaturesServer
}

// GetSupportedMethods is asked by every client first. What is not listed here is not offered:
// without persistent subscriptions, clients do not try them over gRPC.
func (features) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	const service = "event_store.client.streams.streams"
	method := func(name string, features ...string) *serverfeatures.SupportedMethod {
		return &serverfeatures.SupportedMethod{ServiceName: service, MethodName: name, Features: features}
	}
	return &serverfeatures.SupportedMethods{
		EventStoreServerVersion: version,
		Methods: []*serverfeatures.SupportedMethod{
			method("read", "position", "events"), method("append"), method("delete"), method("tombstone"),
			method("batchappend", "deadline_duration"),
		},
	}, nil
}

type gossipService struct {
	gossip.UnimplementedGossipServer
	*Server
	instance eventlog.UUID
}

// Read says that this server is the whole cluster. A client compares the address with its seed
// as a string and dials again when they differ, so it gets back what it called us.
func (g *gossipService) Read(ctx context.Context, _ *shared.Empty) (*gossip.ClusterInfo, error) {
	host, port := g.endpoint(ctx)
	return &gossip.ClusterInfo{Members: []*gossip.MemberInfo{{
		InstanceId:   encodeUUID(g.instance, false),
		State:        gossip.MemberInfo_Leader,
		IsAlive:      true,
		HttpEndPoint: &gossip.EndPoint{Address: host, Port: port},
	}}}, nil
}

// endpoint is where a client reaches us: what was configured, or what it called, or the address it came in by.
func (g *gossipService) endpoint(ctx context.Context) (host string, port uint32) {
	md, _ := metadata.FromIncomingContext(ctx)
	for _, at := range append([]string{g.cfg.Advertise}, md.Get(":authority")...) {
		if host, port, ok := splitHostPort(at); ok {
			return host, port
		}
	}
	if p, ok := peer.FromContext(ctx); ok && p.LocalAddr != nil {
		if host, port, ok := splitHostPort(p.LocalAddr.String()); ok {
			return host, port
		}
	}
	return "localhost", 2113
}

func splitHostPort(at string) (host string, port uint32, ok bool) {
	host, text, err := net.SplitHostPort(at)
	if err != nil || host == "" {
		return "", 0, false
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return host, uint32(n), err == nil
}

// newUUID is a random UUID (RFC 9562 section 5.4).
func newUUID() (u eventlog.UUID) {
	_, _ = rand.Read(u[:]) // never fails since Go 1.24
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return u
}
