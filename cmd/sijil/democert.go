package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

// certDays is how long the demo's certificate is good.
const certDays = 90

// certificate is the directory of a certificate for localhost with its authority, made anew at
// each start, and how to reach a server that shows it.
func (s *stage) certificate() (dir string, transport *http.Transport, err error) {
	dir = filepath.Join(s.data, "tls")
	for _, name := range []string{"ca.pem", "tls.pem", "tls.key"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", nil, fmt.Errorf("removing the former certificate: %w", err)
		}
	}
	quiet := *s.app
	quiet.stdout = io.Discard
	if err := (&eventstoreCertificateCmd{Dir: dir, Host: []string{"localhost", "127.0.0.1"}, Days: certDays}).Run(&quiet); err != nil {
		return "", nil, err
	}
	s.ca = filepath.Join(dir, "ca.pem")
	ca, err := os.ReadFile(s.ca)
	if err != nil {
		return "", nil, fmt.Errorf("reading the authority's certificate: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return "", nil, errors.New("the authority's certificate is not one")
	}
	transport = http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return dir, transport, nil
}
