package pglog_test

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// proxy stands between a log and its server, and cuts connections where it is told to.
type proxy struct {
	url    string
	target string

	mu    sync.Mutex
	armed bool
	skip  int  // requests to let pass first
	late  bool // cut on the way back
	conns map[net.Conn]struct{}
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	dir, err := os.MkdirTemp("", "px") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{target: filepath.Join(q.Get("host"), ".s.PGSQL.5432"), conns: map[net.Conn]struct{}{}}
	q.Set("host", dir)
	u.RawQuery = q.Encode()
	p.url = u.String()
	l, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.mu.Lock()
		for c := range p.conns {
			c.Close()
		}
		p.mu.Unlock()
		running.Wait()
		os.RemoveAll(dir)
	})
	return p
}

// cut arms the proxy: after skip more requests the next one's connection is cut, before
// the request reaches the server or, when late, when the answer comes back.
func (p *proxy) cut(skip int, late bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed, p.skip, p.late = true, skip, late
}

func (p *proxy) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = false
}

// request says what to do with a request: let it pass, drop it, or let it pass and drop the answer.
func (p *proxy) request() (drop, dropAnswer bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.armed {
		return false, false
	}
	if p.skip > 0 {
		p.skip--
		return false, false
	}
	p.armed = false
	return !p.late, p.late
}

func (p *proxy) serve(client net.Conn) {
	server, err := net.Dial("unix", p.target)
	if err != nil {
		client.Close()
		return
	}
	p.mu.Lock()
	p.conns[client], p.conns[server] = struct{}{}, struct{}{}
	p.mu.Unlock()
	var doomed sync.Once
	cut := make(chan struct{})
	var both sync.WaitGroup
	end := func() { client.Close(); server.Close() }
	both.Go(func() {
		defer end()
		b := make([]byte, 1<<20)
		for {
			n, err := client.Read(b)
			if err != nil {
				return
			}
			drop, dropAnswer := p.request()
			if drop {
				return
			}
			if dropAnswer {
				doomed.Do(func() { close(cut) })
			}
			if _, err := server.Write(b[:n]); err != nil {
				return
			}
		}
	})
	both.Go(func() {
		defer end()
		b := make([]byte, 1<<20)
		for {
			n, err := server.Read(b)
			if err != nil {
				return
			}
			select {
			case <-cut:
				return
			default:
			}
			if _, err := client.Write(b[:n]); err != nil {
				return
			}
		}
	})
	both.Wait()
	p.mu.Lock()
	delete(p.conns, client)
	delete(p.conns, server)
	p.mu.Unlock()
}
