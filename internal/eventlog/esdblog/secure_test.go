package esdblog_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdblog"
	"sijil/internal/eventlog/esdbserver"
)

// issue makes an authority and a certificate for 127.0.0.1 that it signed; file holds the
// authority's.
func issue(t *testing.T) (leaf tls.Certificate, file string) {
	t.Helper()
	sign := func(template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) []byte {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	newKey := func() *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	caKey, leafKey := newKey(), newKey()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der := sign(ca, ca, caKey, caKey)
	ca, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	own := sign(&x509.Certificate{SerialNumber: big.NewInt(2), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, ca, leafKey, caKey)
	file = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{own}, PrivateKey: leafKey}, file
}

// works appends until the quick way was used, and reads.
func works(t *testing.T, l *process) {
	t.Helper()
	for n := 0; ; n++ {
		batching := l.Batching()
		if _, err := l.Append(t.Context(), "s-1", eventlog.Revision(n-1), draft(n+1)); err != nil {
			t.Fatal(err)
		}
		if batching {
			break
		}
		time.Sleep(5 * time.Millisecond)
		if n == 1000 {
			t.Fatal("appends are not sent in batches")
		}
	}
	if err := l.Wait(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if got, err := collect(l.All(t.Context(), 0)); err != nil || len(got) == 0 {
		t.Fatalf("%d events, %v", len(got), err)
	}
}

func TestEncryptedAndAuthenticated(t *testing.T) {
	leaf, ca := issue(t)
	n := &node{t: t, log: inMemory(t), addr: "127.0.0.1:0"}
	n.how = esdbserver.Config{
		TLS: &tls.Config{Certificates: []tls.Certificate{leaf}},
		Authenticate: func(_ context.Context, c esdbserver.Credentials) (esdbserver.Caller, error) {
			if c.User != "ledger" || c.Password != "geheim" {
				return esdbserver.Caller{}, esdbserver.ErrDenied
			}
			return esdbserver.Caller{Name: "ledger", MayAppend: true}, nil
		},
	}
	n.start()
	t.Cleanup(func() { n.stop() })
	cfg := esdblog.Config{ConnectionString: "esdb://" + n.addr, CAFile: ca, Username: "ledger", Password: "geheim"}
	works(t, open(t, n, cfg))
	wrong := complete(n, cfg)
	wrong.Password = "other"
	if _, err := esdblog.Open(t.Context(), wrong); err == nil || strings.Contains(err.Error(), "other") {
		t.Errorf("with a wrong password: %v", err)
	}
	wrong.Password, wrong.CAFile, wrong.Timeout = "geheim", "", 3*time.Second // a slow machine's handshake ends within
	if _, err := esdblog.Open(t.Context(), wrong); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("with an unknown authority: %v", err)
	}
}

// The seeds of a cluster are asked in turn for the leader.
func TestSeedsOfACluster(t *testing.T) {
	n := serve(t, inMemory(t))
	works(t, open(t, n, esdblog.Config{ConnectionString: "esdb://127.0.0.1:1," + n.addr + "?tls=false"}))
	works(t, open(t, serve(t, inMemory(t)), esdblog.Config{}))
}

func TestTheClusterByItsName(t *testing.T) {
	n := serve(t, inMemory(t))
	works(t, open(t, n, esdblog.Config{ConnectionString: "esdb+discover://" + n.addr + "?tls=false"}))
}
