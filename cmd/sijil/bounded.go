package main

import (
	"context"
	"net"
	"net/netip"
	"sync"
)

// A connection of an EventStoreDB client costs memory before anybody is known on it, so
// there are at most mostConnections, and mostOfOne from one address. What is beyond is closed at
// once: the client tries again.
const (
	mostConnections = 512
	mostOfOne       = 64
)

// boundedListener counts connections.
type boundedListener struct {
	net.Listener

	mu   sync.Mutex
	open int
	from map[netip.Addr]int
}

func listenBounded(ctx context.Context, addr string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &boundedListener{Listener: l, from: map[netip.Addr]int{}}, nil
}

// Accept gives the next connection that is within the bounds.
func (l *boundedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		at, _ := netip.ParseAddrPort(c.RemoteAddr().String()) // of TCP it always is one
		if leave, ok := l.enter(network(at.Addr())); ok {
			return &boundedConn{c, sync.OnceFunc(leave)}, nil
		}
		_ = c.Close() // nothing was sent on it
	}
}

// network is a's; in IPv6 whoever has one address has its /64.
func network(a netip.Addr) netip.Addr {
	a = a.Unmap()
	if whole, err := a.Prefix(64); err == nil && a.Is6() {
		return whole.Addr()
	}
	return a
}

func (l *boundedListener) enter(a netip.Addr) (leave func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open >= mostConnections || l.from[a] >= mostOfOne {
		return nil, false
	}
	l.open++
	l.from[a]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.open--
		if l.from[a]--; l.from[a] == 0 {
			delete(l.from, a)
		}
	}, true
}

type boundedConn struct {
	net.Conn
	leave func()
}

// Close also makes room for another one.
func (c *boundedConn) Close() error {
	c.leave()
	return c.Conn.Close()
}
