package esdbserver_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"sijil/internal/eventlog/esdbserver"
)

// reading is a read whose request is sent bit by bit, if at all.
var reading = &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}

func TestAStrangerIsRefusedBeforeSayingWhatToRead(t *testing.T) {
	_, _, dial := guarded(t, esdbserver.Config{Log: town(t), ReadOnly: true}, time.Time{})
	s, err := dial().NewStream(within(t), reading, streams.Streams_Read_FullMethodName)
	if err != nil {
		t.Fatal(err)
	}
	err = s.RecvMsg(&streams.ReadResp{})
	wantDenied(t, s.Trailer(), err)
}

func TestAConnectionHasSoManyCalls(t *testing.T) {
	_, _, dial := guarded(t, esdbserver.Config{Log: town(t), ReadOnly: true}, time.Time{})
	conn := dial("Bearer good")
	for range 64 {
		s := open(within(t), t, conn, live(readAll(0, false)))
		if _, err := s.Recv(); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(within(t), 300*time.Millisecond)
	defer cancel()
	if _, err := conn.NewStream(ctx, reading, streams.Streams_Read_FullMethodName); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("one call more: %v", err)
	}
}

func TestHeadersAreSmall(t *testing.T) {
	conn := serve(t, esdbserver.Config{}).dial(t)
	ask := func(bytes int) error {
		ctx := metadata.AppendToOutgoingContext(within(t), "x-anything", strings.Repeat("x", bytes))
		_, err := serverfeatures.NewServerFeaturesClient(conn).GetSupportedMethods(ctx, &shared.Empty{})
		return err
	}
	if err := ask(16 << 10); err != nil { // also tells the client the limit
		t.Errorf("a header of 16 KiB: %v", err)
	}
	if err := ask(1 << 20); err == nil {
		t.Error("a header of 1 MiB is taken")
	}
}
