package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// eventstoreCertificateCmd makes what TLS needs to be tried out.
type eventstoreCertificateCmd struct {
	Dir  string   `required:"" type:"path" placeholder:"DIR" help:"Where to write ca.pem, tls.pem and tls.key."`
	Host []string `default:"localhost,127.0.0.1" placeholder:"NAME" help:"Names and addresses that clients call the server by. Default: ${default}."`
	Days int      `default:"90" placeholder:"N" help:"How long the certificate is good. Default: ${default}."`
}

// Help is the part of the manual that the flags do not tell.
func (eventstoreCertificateCmd) Help() string {
	return `Makes an authority for one certificate, signs that and throws the authority's key away. Clients
trust ca.pem (esdb://…?tlsCAFile=ca.pem, or SIJIL_EVENTSTORE_CA_FILE); the server shows tls.pem
and keeps tls.key to itself. For production take certificates from the authority that your other
servers have theirs from.`
}

// Run makes the three files, or none.
func (c *eventstoreCertificateCmd) Run(a *app) error {
	ca, leaf, key, err := c.make(a.now())
	if err != nil {
		return fmt.Errorf("making a certificate: %w", err)
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return fmt.Errorf("making the directory for the certificate: %w", err)
	}
	for _, f := range []struct {
		name, kind string
		der        []byte
		mode       os.FileMode
	}{{"tls.key", "PRIVATE KEY", key, 0o600}, {"tls.pem", "CERTIFICATE", leaf, 0o644}, {"ca.pem", "CERTIFICATE", ca, 0o644}} {
		name := filepath.Join(c.Dir, f.name)
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
		if errors.Is(err, os.ErrExist) {
			return fmt.Errorf("%s is there already: name another directory, or remove it", name)
		}
		if err == nil {
			err = errors.Join(pem.Encode(file, &pem.Block{Type: f.kind, Bytes: f.der}), file.Close())
		}
		if err != nil {
			return fmt.Errorf("writing the certificate: %w", err)
		}
	}
	_, err = fmt.Fprintf(a.stdout, "%s is good for %d days\n", filepath.Join(c.Dir, "tls.pem"), c.Days)
	return err
}

// make gives the authority's certificate, the server's, and its key, in DER.
func (c *eventstoreCertificateCmd) make(now time.Time) (ca, leaf, key []byte, err error) {
	var keys [2]*ecdsa.PrivateKey
	var serials [2]*big.Int
	for i := range keys {
		if keys[i], err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, nil, nil, err
		}
		if serials[i], err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126)); err != nil {
			return nil, nil, nil, err
		}
	}
	authority := &x509.Certificate{
		SerialNumber: serials[0], Subject: pkix.Name{CommonName: "sijil, for trying out"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 0, c.Days),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}
	server := &x509.Certificate{
		SerialNumber: serials[1], Subject: pkix.Name{CommonName: c.Host[0]}, NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, h := range c.Host {
		if ip := net.ParseIP(h); ip != nil {
			server.IPAddresses = append(server.IPAddresses, ip)
		} else {
			server.DNSNames = append(server.DNSNames, h)
		}
	}
	if ca, err = x509.CreateCertificate(rand.Reader, authority, authority, keys[0].Public(), keys[0]); err != nil {
		return nil, nil, nil, err
	}
	if leaf, err = x509.CreateCertificate(rand.Reader, server, authority, keys[1].Public(), keys[0]); err != nil {
		return nil, nil, nil, err
	}
	key, err = x509.MarshalPKCS8PrivateKey(keys[1])
	return ca, leaf, key, err
}
