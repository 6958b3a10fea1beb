package main

import (
	"context"
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
	"testing"
	"time"
)

func TestTheVerifierSpeaksTLS(t *testing.T) {
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	cert, secret := filepath.Join(dir, "tls.pem"), filepath.Join(dir, "tls.key")
	for name, b := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, secret: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var out syncBuffer
	ended := make(chan error, 1)
	run := &serveCmd{Listen: "127.0.0.1:0", PerSecond: 1e6, Bundle: corpus, InsecureBundle: true, TLSCert: cert, TLSKey: secret}
	go func() { ended <- run.serve(ctx, &out, slog.New(slog.DiscardHandler)) }()
	for !strings.HasSuffix(out.String(), "\n") {
		select {
		case err := <-ended:
			t.Fatal(err)
		case <-time.After(time.Millisecond):
		}
	}
	_, url, _ := strings.Cut(strings.TrimSpace(out.String()), " at ")
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	for _, c := range []struct {
		body string
		code int
	}{{`{"verifiableCredential":"a.b.c"}`, 400}, {`{`, 400}} {
		r, err := (&http.Client{Transport: transport}).Post(url+"/credentials/verify", "application/json", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		said, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if r.StatusCode != c.code || r.ProtoMajor != 2 || r.Header.Get("Strict-Transport-Security") == "" || r.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %d %v %s", r.Proto, r.StatusCode, r.Header, said)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := (&serveCmd{Listen: "127.0.0.1:0", Bundle: corpus, InsecureBundle: true, TLSCert: cert}).serve(t.Context(), io.Discard, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a certificate without a key is taken")
	}
}
