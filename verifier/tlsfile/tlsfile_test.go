package tlsfile

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// write makes a certificate of its own authority with that number, and its key.
func write(t *testing.T, dir string, number int64) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(number), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]*pem.Block{"tls.key": {Type: "PRIVATE KEY", Bytes: private}, "tls.pem": {Type: "CERTIFICATE", Bytes: der}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
		// Two writes within a tick of the file system's clock would look like one.
		at := time.Now().Add(time.Duration(number) * time.Second)
		if err := os.Chtimes(filepath.Join(dir, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(parsed)
	return pool
}

func TestANewCertificateIsTakenWhileServing(t *testing.T) {
	dir := t.TempDir()
	pool := write(t, dir, 1)
	var clock atomic.Int64
	var said bytes.Buffer
	config, err := Config(filepath.Join(dir, "tls.pem"), filepath.Join(dir, "tls.key"), func() time.Time { return time.Unix(clock.Load(), 0) }, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		TLSConfig: config, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }),
	}
	served := make(chan error, 1)
	go func() { served <- server.ServeTLS(listener, "", "") }()
	defer func() { server.Close(); <-served }()
	ask := func(pool *x509.CertPool, most uint16) (proto string, number int64, err error) {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MaxVersion: most}, ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		r, err := (&http.Client{Transport: transport}).Get("https://" + listener.Addr().String())
		if err != nil {
			return "", 0, err
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		return string(b), r.TLS.PeerCertificates[0].SerialNumber.Int64(), err
	}
	if proto, number, err := ask(pool, 0); proto != "HTTP/2.0" || number != 1 || err != nil {
		t.Errorf("%s, certificate %d, %v", proto, number, err)
	}
	if _, _, err := ask(pool, tls.VersionTLS11); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	next := write(t, dir, 2)
	clock.Add(2)
	if _, number, err := ask(next, 0); number != 2 || err != nil {
		t.Errorf("after a change: certificate %d, %v", number, err)
	}
	// Half of a change is none.
	if err := os.WriteFile(filepath.Join(dir, "tls.key"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	clock.Add(2)
	if _, number, err := ask(next, 0); number != 2 || err != nil {
		t.Errorf("after half a change: certificate %d, %v", number, err)
	}
	if !strings.Contains(said.String(), "the former one stays") {
		t.Errorf("the operator hears %s", said.String())
	}
	last := write(t, dir, 3)
	clock.Add(2)
	if _, number, err := ask(last, 0); number != 3 || err != nil {
		t.Errorf("after the other half: certificate %d, %v", number, err)
	}
}

func TestWithoutACertificateNothingIsServed(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, 1)
	cert, key := filepath.Join(dir, "tls.pem"), filepath.Join(dir, "tls.key")
	for name, pair := range map[string][2]string{
		"no key": {cert, ""}, "no certificate": {"", key}, "a file that is not there": {cert, key + "2"}, "the wrong way round": {key, cert},
	} {
		if _, err := Config(pair[0], pair[1], time.Now, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
