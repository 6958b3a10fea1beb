package main

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"
)

// TestOneAddressHasSoManyConnections: what is beyond is closed at once, and one that ends makes
// room.
func TestOneAddressHasSoManyConnections(t *testing.T) {
	t.Parallel()
	l, err := listenBounded(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn, mostOfOne+1)
	go func() {
		defer close(accepted)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	dial := func() net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	var first net.Conn
	for range mostOfOne {
		dial()
		if c := <-accepted; first == nil {
			first = c
		}
	}
	refused := dial()
	if err := refused.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := refused.Read(make([]byte, 1)); err == nil || !errors.Is(err, io.EOF) && !isReset(err) {
		t.Errorf("the connection too many: %v", err)
	}
	for range 2 { // closed twice, it makes room once
		_ = first.Close()
	}
	dial()
	select {
	case <-accepted:
	case <-time.After(20 * time.Second):
		t.Error("a connection that ended made no room")
	}
}

func isReset(err error) bool {
	_, ok := errors.AsType[*net.OpError](err)
	var timeout net.Error
	return ok && !(errors.As(err, &timeout) && timeout.Timeout())
}

func TestANetworkIsOneAddress(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::", "2001:db8:1:3::1": "2001:db8:1:3::", "::1": "::",
	} {
		if got := network(netip.MustParseAddr(at)); got != netip.MustParseAddr(want) {
			t.Errorf("%s counts as %s, want %s", at, got, want)
		}
	}
}
