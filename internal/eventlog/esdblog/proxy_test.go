package esdblog_test

import (
	"net"
	"sync"
	"testing"
)

// proxy stands between a log and its server, and cuts a connection where it is told to.
type proxy struct {
	addr   string
	target func() string

	mu      sync.Mutex
	armed   bool
	skip    int  // pieces to let pass first
	late    bool // cut on the way back
	passed  int  // pieces towards the server since it was armed
	running sync.WaitGroup
	conns   map[net.Conn]struct{}
}

func newProxy(t testing.TB, target func() string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: l.Addr().String(), target: target, conns: map[net.Conn]struct{}{}}
	p.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.running.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.mu.Lock()
		for c := range p.conns {
			c.Close()
		}
		p.mu.Unlock()
		p.running.Wait()
	})
	return p
}

// cut arms the proxy: after skip more pieces the next one's connection is cut, before it
// reaches the server or, when late, when something comes back.
func (p *proxy) cut(skip int, late bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed, p.skip, p.late, p.passed = true, skip, late, 0
}

// piece says what to do with a piece on its way to the server, or back.
func (p *proxy) piece(back bool) (drop bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.armed {
		return false
	}
	if !back {
		p.passed++
	}
	if p.passed <= p.skip || back != p.late {
		return false
	}
	p.armed = false
	return true
}

func (p *proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.target())
	if err != nil {
		client.Close()
		return
	}
	p.mu.Lock()
	p.conns[client], p.conns[server] = struct{}{}, struct{}{}
	p.mu.Unlock()
	var both sync.WaitGroup
	pump := func(from, to net.Conn, back bool) {
		defer client.Close()
		defer server.Close()
		b := make([]byte, 1<<16)
		for {
			n, err := from.Read(b)
			if err != nil || p.piece(back) {
				return
			}
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
	}
	both.Go(func() { pump(client, server, false) })
	both.Go(func() { pump(server, client, true) })
	both.Wait()
	p.mu.Lock()
	delete(p.conns, client)
	delete(p.conns, server)
	p.mu.Unlock()
}
