package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sijil/internal/pgtest"
)

// TestServeOverTLS: the real program speaks TLS and nothing older than 1.2, HTTP/2 over it, names
// itself by https, and takes a new certificate while it serves.
func TestServeOverTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certify := func() *x509.CertPool {
		t.Helper()
		for _, name := range []string{"ca.pem", "tls.pem", "tls.key"} {
			_ = os.Remove(filepath.Join(dir, name))
		}
		c := &eventstoreCertificateCmd{Dir: dir, Host: []string{"localhost", "127.0.0.1"}, Days: 1}
		if err := c.Run(&app{stdout: io.Discard, now: time.Now}); err != nil {
			t.Fatal(err)
		}
		pem, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
		if err != nil {
			t.Fatal(err)
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		return pool
	}
	pool := certify()
	s := serve(t, t.TempDir(), []string{"SIJIL_DATABASE_URL=" + pgtest.URL(t)}, "--tls-cert", filepath.Join(dir, "tls.pem"), "--tls-key", filepath.Join(dir, "tls.key"))
	if !strings.HasPrefix(s.url, "https://localhost:") {
		t.Errorf("it is ready at %s", s.url)
	}
	ask := func(config *tls.Config) (*http.Response, error) {
		transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		r, err := (&http.Client{Transport: transport}).Get(s.url + "/healthz")
		if err == nil {
			r.Body.Close()
		}
		return r, err
	}
	r, err := ask(&tls.Config{RootCAs: pool})
	if err != nil {
		t.Fatal(err)
	}
	if r.ProtoMajor != 2 || r.StatusCode != 200 || !strings.HasPrefix(r.Header.Get("Strict-Transport-Security"), "max-age=") {
		t.Errorf("%s %d %v", r.Proto, r.StatusCode, r.Header)
	}
	if _, err := ask(&tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	if _, err := ask(&tls.Config{RootCAs: x509.NewCertPool()}); err == nil {
		t.Error("a stranger's certificate is taken: the test does not look")
	}
	if r, err := http.Get(strings.Replace(s.url, "https", "http", 1) + "/healthz"); err == nil {
		r.Body.Close()
		if r.StatusCode == http.StatusOK {
			t.Error("plain HTTP is answered too")
		}
	}
	next := certify()
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if _, err = ask(&tls.Config{RootCAs: next}); err == nil || time.Since(began) > 20*time.Second {
			break
		}
	}
	if err != nil {
		t.Errorf("a new certificate is not taken: %v", err)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}
