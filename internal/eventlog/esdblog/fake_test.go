package esdblog_test

import (
	"context"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"sijil/internal/eventlog/esdblog"
)

// fake is a server that answers what it is told to, as a real one might in a bad hour. What
// is not set is answered as by a server with an empty log.
type fake struct {
	streams.UnimplementedStreamsServer
	serverfeatures.UnimplementedServerFeaturesServer

	append   func(s streams.Streams_AppendServer) error
	read     func(o *streams.ReadReq_Options, s streams.Streams_ReadServer) error
	features func(ctx context.Context) error
	identity func(s streams.Streams_ReadServer) error

	addr string
	quit chan struct{} // closed when the test ends: what hangs lets go
}

// start serves f and gives a log's configuration for it.
func (f *fake) start(t *testing.T) esdblog.Config {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.addr, f.quit = l.Addr().String(), make(chan struct{})
	s := grpc.NewServer()
	streams.RegisterStreamsServer(s, f)
	serverfeatures.RegisterServerFeaturesServer(s, f)
	var served sync.WaitGroup
	served.Go(func() { _ = s.Serve(l) })
	t.Cleanup(func() {
		close(f.quit)
		s.Stop()
		served.Wait()
	})
	return complete(nil, esdblog.Config{
		ConnectionString: "esdb://" + f.addr + "?tls=false&gossipTimeout=1",
		Attempt:          200 * time.Millisecond, Timeout: 3 * time.Second, Connections: 1,
	})
}

// open opens a log on f.
func (f *fake) open(t *testing.T) *esdblog.Log {
	t.Helper()
	l, err := esdblog.Open(t.Context(), f.start(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func (f *fake) GetSupportedMethods(ctx context.Context, _ *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	if f.features != nil {
		if err := f.features(ctx); err != nil {
			return nil, err
		}
	}
	return &serverfeatures.SupportedMethods{EventStoreServerVersion: "24.6.0"}, nil
}

func (f *fake) Append(s streams.Streams_AppendServer) error {
	if f.append != nil {
		return f.append(s)
	}
	return status.Error(codes.Unimplemented, "not in this test")
}

func (f *fake) Read(r *streams.ReadReq, s streams.Streams_ReadServer) error {
	o := r.GetOptions()
	name := string(o.GetStream().GetStreamIdentifier().GetStreamName())
	if name == "sijil-log" {
		if f.identity != nil {
			return f.identity(s)
		}
		return s.Send(stored(name, 0, 1, "sijil.LogCreated.v1", `{"id":"8d0f8f5e-6f0c-4c56-9b5e-0d7f3b0f6a11"}`))
	}
	if f.read != nil {
		return f.read(o, s)
	}
	if name != "" {
		return notFound(s, name)
	}
	return nil
}

// notFound says that there is no such stream.
func notFound(s streams.Streams_ReadServer, name string) error {
	return s.Send(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{StreamNotFound: &streams.ReadResp_StreamNotFound{
		StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(name)},
	}}})
}

// hang waits until the caller or the test leaves.
func (f *fake) hang(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-f.quit:
	}
	return status.FromContextError(context.Canceled).Err()
}

// stored is an event as a server sends it; its id holds its position.
func stored(stream string, revision, at uint64, kind, data string) *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{
		Event: &streams.ReadResp_ReadEvent_RecordedEvent{
			Id:               &shared.UUID{Value: &shared.UUID_String_{String_: uuidOf(int(at)).String()}},
			StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(stream)}, StreamRevision: revision,
			PreparePosition: at, CommitPosition: at, Data: []byte(data),
			Metadata: map[string]string{"type": kind, "content-type": "application/json", "created": "17000000000000000"},
		},
		Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: at},
	}}}
}

func confirmed() *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_Confirmation{Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: "s"}}}
}

func checkpoint(at uint64) *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{Checkpoint: &streams.ReadResp_Checkpoint{CommitPosition: at, PreparePosition: at}}}
}

// appended is the answer to an append that ends at a revision and a position.
func appended(revision, at uint64) *streams.AppendResp {
	return &streams.AppendResp{Result: &streams.AppendResp_Success_{Success: &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_CurrentRevision{CurrentRevision: revision},
		PositionOption:        &streams.AppendResp_Success_Position{Position: &streams.AppendResp_Position{CommitPosition: at, PreparePosition: at}},
	}}}
}

// notLeader is how a follower refuses; it names host and port of the leader when it knows it.
func notLeader(s grpc.ServerStream, leader string) error {
	md := metadata.Pairs("exception", "not-leader")
	if host, port, err := net.SplitHostPort(leader); err == nil {
		md.Append("leader-endpoint-host", host)
		md.Append("leader-endpoint-port", port)
	}
	s.SetTrailer(md)
	return status.Error(codes.NotFound, "Leader info available")
}

// from is where a subscription or a reading of the whole log begins: a position, "start" or
// "end".
func from(o *streams.ReadReq_Options) string {
	switch v := o.GetAll().GetAllOption().(type) {
	case *streams.ReadReq_Options_AllOptions_Position:
		return strconv.FormatUint(v.Position.GetCommitPosition(), 10)
	case *streams.ReadReq_Options_AllOptions_Start:
		return "start"
	}
	return "end"
}
