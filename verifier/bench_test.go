package verifier

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"testing"
)

// BenchmarkVerify compares a full offline verification (form, signature, payload, status
// bit, life of the key) with the signature check alone. The goal is 0.70 of the latter.
func BenchmarkVerify(b *testing.B) {
	l := newLedger(b)
	token, trust := l.issue(b, 7), l.store(b)
	b.Run("what=full", func(b *testing.B) {
		b.ReportAllocs()
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
		for b.Loop() {
			if !ed25519.Verify(key, token[:dot], sig) {
				b.Fatal("signature does not hold")
			}
		}
	})
}
