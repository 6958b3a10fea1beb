package credential

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"math/big"

	"sijil/verifier/edkey"
)

// seen remembers issuers' keys across verifications. It answers as crypto/ed25519 does,
// whatever it remembers.
var seen edkey.Memory

// CheckSignature checks a JWS signature (RFC 7515 §5.2, RFC 7518 §3, RFC 8037 §3.1) over
// exactly these bytes with a key and the one algorithm that [Alg] gives for it:
// [AlgNotAllowed] for another algorithm or kind of key, else [BadSignature].
func CheckSignature(key crypto.PublicKey, alg string, message, sig []byte) *Refusal {
	if own, err := Alg(key); err != nil || own != alg {
		return Refuse(AlgNotAllowed, "the key is not used with that algorithm")
	}
	ok := false
	switch k := key.(type) {
	case ed25519.PublicKey:
		ok = seen.Verify(k, message, sig)
	case *ecdsa.PublicKey:
		// r ‖ s, each at the width of the curve (RFC 7518 §3.4).
		if n := (k.Curve.Params().BitSize + 7) / 8; len(sig) == 2*n {
			r, s := new(big.Int).SetBytes(sig[:n]), new(big.Int).SetBytes(sig[n:])
			ok = ecdsa.Verify(k, digest(alg, message), r, s)
		}
	case *rsa.PublicKey:
		ok = rsa.VerifyPKCS1v15(k, crypto.SHA256, digest(alg, message), sig) == nil
	}
	if !ok {
		return Refuse(BadSignature, "signature does not fit the content")
	}
	return nil
}

// digest is the message's hash as the algorithm wants it; the number in its name is the
// hash's length.
func digest(alg string, message []byte) []byte {
	switch alg[2:] {
	case "384":
		sum := sha512.Sum384(message)
		return sum[:]
	case "512":
		sum := sha512.Sum512(message)
		return sum[:]
	default:
		sum := sha256.Sum256(message)
		return sum[:]
	}
}
