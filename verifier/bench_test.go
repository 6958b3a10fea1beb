package verifier

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"syscall"
	"testing"
)

// cpu counts the processor time until the benchmark ends, which other programs change less than
// the time that passes; the collector's is in it.
func cpu(b *testing.B) (report func()) {
	used := func() int64 {
		var own syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
			b.Fatal(err)
		}
		return own.Utime.Nano() + own.Stime.Nano()
	}
	before := used()
	return func() { b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op") }
}

// BenchmarkVerify compares a full offline verification (form, signature, payload, status
// bit, life of the key) with the signature check alone. The goal is 0.70 of the latter.
func BenchmarkVerify(b *testing.B) {
	l := newLedger(b)
	token, trust := l.issue(b, 7), l.store(b)
	b.Run("what=full", func(b *testing.B) {
		b.ReportAllocs()
		defer cpu(b)()
		for b.Loop() {
			if v := Verify(b.Context(), token, trust, l.now); v.Overall != Valid {
				b.Fatal(v.Reason)
			}
		}
	})
	b.Run("what=ed25519", func(b *testing.B) {
		b.ReportAllocs()
		dot := bytes.LastIndexByte(token, '.')
		sig, err := base64.RawURLEncoding.DecodeString(string(token[dot+1:]))
		if err != nil {
			b.Fatal(err)
		}
		key := l.issuer.Keys[0].Public().(ed25519.PublicKey)
		defer cpu(b)()
		for b.Loop() {
			if !ed25519.Verify(key, token[:dot], sig) {
				b.Fatal("signature does not hold")
			}
		}
	})
}
