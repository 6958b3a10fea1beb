// Package edkey checks Ed25519 signatures by keys that are seen again and again, as an
// issuer's are: it keeps multiples of such a key, which makes a check some three times as fast
// as crypto/ed25519's. It answers exactly as crypto/ed25519 does, for every input.
package edkey

import (
	"crypto/ed25519"
	"crypto/sha512"

	"filippo.io/edwards25519"
)

// Key is a public key with its multiples, half a megabyte. It may be used concurrently.
type Key struct {
	public [ed25519.PublicKeySize]byte
	// negated are multiples of −A.
	negated table
}

// New prepares a key, which takes about a millisecond; ok is false when the bytes are not a
// point of the curve (RFC 8032 §5.1.3), by which no signature holds.
func New(public ed25519.PublicKey) (k *Key, ok bool) {
	if len(public) != ed25519.PublicKeySize {
		return nil, false
	}
	a, err := new(edwards25519.Point).SetBytes(public)
	if err != nil {
		return nil, false
	}
	k = &Key{public: [ed25519.PublicKeySize]byte(public)}
	k.negated.fill(new(edwards25519.Point).Negate(a))
	return k, true
}

// Verify reports whether sig is a signature of message by the key: RFC 8032 §5.1.7 without the
// cofactor, S < L, and R compared as bytes, which is what crypto/ed25519 does.
func (k *Key) Verify(message, sig []byte) bool {
	if len(sig) != ed25519.SignatureSize {
		return false
	}
	s, err := new(edwards25519.Scalar).SetCanonicalBytes(sig[32:])
	if err != nil {
		return false
	}
	h := sha512.New()
	h.Write(sig[:32])
	h.Write(k.public[:])
	h.Write(message)
	var sum [sha512.Size]byte
	challenge, err := new(edwards25519.Scalar).SetUniformBytes(h.Sum(sum[:0]))
	if err != nil { // it has the right length
		return false
	}
	// R = sB − kA
	r := identity()
	generator().addMultiple(&r, s)
	k.negated.addMultiple(&r, challenge)
	return r.encode() == [32]byte(sig[:32])
}
