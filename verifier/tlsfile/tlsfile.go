// Package tlsfile serves TLS with a certificate from files, and takes a new one without a restart.
package tlsfile

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how often the files are looked at, at most.
const lookEvery = time.Second

// Config is a server's, TLS 1.2 or newer, with the certificate (PEM, leaf first) and the key of
// these files. When they change, connections made from then on get the new ones; while the new
// ones cannot be used, the former stay, and the log says so. An error means that there are none
// to begin with.
func Config(cert, key string, now func() time.Time, log *slog.Logger) (*tls.Config, error) {
	if cert == "" || key == "" {
		return nil, errors.New("a certificate and its key go together: give both --tls-cert and --tls-key")
	}
	f := &files{cert: cert, key: key, now: now, log: log}
	seen, err := f.look()
	if err != nil {
		return nil, err
	}
	if f.current, err = f.load(); err != nil {
		return nil, err
	}
	f.seen, f.looked = seen, now()
	return &tls.Config{GetCertificate: f.get, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}, nil
}

// files are the two, and what was read of them last.
type files struct {
	cert, key string
	now       func() time.Time
	log       *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	seen    [2]state
	looked  time.Time
}

// state tells one content of a file from another, as far as its directory does.
type state struct {
	at   time.Time
	size int64
}

func (f *files) look() (s [2]state, err error) {
	for i, name := range []string{f.cert, f.key} {
		info, err := os.Stat(name)
		if err != nil {
			return s, fmt.Errorf("reading the certificate and its key: %w", err)
		}
		s[i] = state{info.ModTime(), info.Size()}
	}
	return s, nil
}

func (f *files) load() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate and its key: %w", err)
	}
	return &pair, nil
}

// get is the certificate for a connection.
func (f *files) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if now.Sub(f.looked) < lookEvery {
		return f.current, nil
	}
	f.looked = now
	seen, err := f.look()
	if err == nil && seen == f.seen {
		return f.current, nil
	}
	var fresh *tls.Certificate
	if err == nil {
		fresh, err = f.load()
	}
	if err != nil {
		// One file of the two may have been written so far: it is looked at again.
		f.log.WarnContext(hello.Context(), "the certificate has changed and cannot be used; the former one stays until it can", "file", f.cert, "err", err)
		return f.current, nil
	}
	f.current, f.seen = fresh, seen
	f.log.InfoContext(hello.Context(), "a new certificate is in use", "file", f.cert, "until", fresh.Leaf.NotAfter)
	return f.current, nil
}
