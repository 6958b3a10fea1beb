package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"text/tabwriter"
	"time"

	"sijil/verifier"
	"sijil/verifier/web"
)

// service measures POST /v1/verify over keep-alive connections on the loopback interface.
// Clients and server share the cores. At a fixed rate a request's time counts from when it
// was due, so that a service that falls behind shows it.
func service(ctx context.Context, o options, i *issuer, trust *verifier.Store) (err error) {
	handler, err := web.New(web.Config{Trust: trust, Now: time.Now, Log: slog.New(slog.DiscardHandler), PerSecond: 1e9})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(web.GCPercent)) // as sijil-verifier does
	server := &http.Server{Handler: handler, MaxHeaderBytes: web.MaxHeader}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() {
		if e := errors.Join(server.Close(), <-served); !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
	}()
	requests := make([][]byte, 500)
	for n := range requests {
		token, err := i.issue(int64(n * 100))
		if err != nil {
			return err
		}
		body, err := json.Marshal(map[string]string{"credential": string(token)})
		if err != nil {
			return err
		}
		requests[n] = fmt.Appendf(nil, "POST /v1/verify HTTP/1.1\r\nHost: verify.example\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	fmt.Printf("\nPOST /v1/verify, one diploma each, clients on the same cores.\n\n")
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "offered\tconnections\ta second\tp50\tp99\tCPU µs each\t")
	for range max(1, o.rounds/2) {
		for _, load := range []struct{ rate, conns int }{{2000, 32}, {0, o.conns}} {
			if err := offer(ctx, t, listener.Addr().String(), requests, load.rate, load.conns, 2*o.turn); err != nil {
				return err
			}
		}
	}
	return t.Flush()
}

// offer sends requests for d, rate of them a second, or as many as are answered when rate is 0.
func offer(ctx context.Context, out io.Writer, addr string, requests [][]byte, rate, conns int, d time.Duration) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	var failed error
	before, err := cpu()
	if err != nil {
		return err
	}
	begin := time.Now()
	for c := range conns {
		wg.Go(func() {
			mine, err := talk(ctx, addr, requests[c*7%len(requests):], begin, d, c, rate, conns)
			mu.Lock()
			defer mu.Unlock()
			took, failed = append(took, mine...), errors.Join(failed, err)
		})
	}
	wg.Wait()
	elapsed := time.Since(begin)
	after, err := cpu()
	if err := errors.Join(failed, err); err != nil {
		return err
	}
	slices.Sort(took)
	offered := "all it takes"
	if rate > 0 {
		offered = fmt.Sprintf("%d/s", rate)
	}
	_, err = fmt.Fprintf(out, "%s\t%d\t%.0f\t%s\t%s\t%.1f\t\n", offered, conns, float64(len(took))/elapsed.Seconds(),
		took[len(took)/2].Round(10*time.Microsecond), took[len(took)*99/100].Round(10*time.Microsecond),
		float64((after-before).Nanoseconds())/1000/float64(len(took)))
	return err
}

// talk is connection c of conns, which takes every conns-th request of the rate.
func talk(ctx context.Context, addr string, requests [][]byte, begin time.Time, d time.Duration, c, rate, conns int) (took []time.Duration, err error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	reader, room := bufio.NewReader(conn), make([]byte, 64<<10)
	for n := 0; ; n++ {
		due := time.Now()
		if rate > 0 {
			due = begin.Add(time.Duration(n*conns+c) * time.Second / time.Duration(rate))
			time.Sleep(time.Until(due))
		}
		if due.Sub(begin) > d {
			return took, nil
		}
		if _, err := conn.Write(requests[n%len(requests)]); err != nil {
			return nil, err
		}
		if err := expect(reader, room, `"overall":"VALID"`); err != nil {
			return nil, err
		}
		took = append(took, time.Since(due))
	}
}

// expect reads a whole answer of HTTP/1.1, which must be 200 with a length and have want in its
// body. It costs less than net/http's client: the load comes out of the same cores as the service.
func expect(r *bufio.Reader, room []byte, want string) error {
	status, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("answered %q", status)
	}
	length := -1
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return fmt.Errorf("length of an answer: %w", err)
			}
		}
	}
	if length < 0 || length > len(room) {
		return fmt.Errorf("an answer's length is %d", length)
	}
	body := room[:length]
	if _, err := io.ReadFull(r, body); err != nil {
		return err
	}
	if !bytes.Contains(body, []byte(want)) {
		return fmt.Errorf("answered %s", body)
	}
	return nil
}
