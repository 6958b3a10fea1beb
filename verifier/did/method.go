package did

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"errors"
	"fmt"
	"strings"

	"sijil/verifier/credential"
)

// maxSelfCertified bounds a did:key or did:jwk; a P-384 JWK in base64url has about 250 bytes.
const maxSelfCertified = 1024

// SelfCertified is the key that a did:key or did:jwk itself is. Such a DID proves control of
// the key and nothing about who controls it. url is a DID URL as a kid or verificationMethod
// has it, whose fragment must be the one that the method gives its only key; the result's
// JWK is named by it. An error for other methods, malformed keys, kinds of key that are not
// used here, and for a did:jwk that gives its private key away.
func SelfCertified(url string, purpose Purpose) (id string, k Key, err error) {
	id, fragment, ok := Split(url)
	if !ok || len(id) > maxSelfCertified {
		return "", Key{}, errors.New("not a DID URL with a fragment, or too long")
	}
	var jwk credential.JWK
	if text, is := strings.CutPrefix(id, "did:key:"); is {
		if fragment != text {
			return "", Key{}, errors.New("fragment of a did:key is not its key")
		}
		pub, err := ParseMultikey(text)
		if err != nil {
			return "", Key{}, fmt.Errorf("read did:key: %w", err)
		}
		if jwk, err = credential.NewJWK(pub, url); err != nil {
			return "", Key{}, fmt.Errorf("read did:key: %w", err)
		}
	} else if text, is := strings.CutPrefix(id, "did:jwk:"); is {
		if fragment != "0" {
			return "", Key{}, errors.New("fragment of a did:jwk is not 0")
		}
		if jwk, err = parseDIDJWK(text); err != nil {
			return "", Key{}, fmt.Errorf("read did:jwk: %w", err)
		}
	} else {
		return "", Key{}, errors.New("DID is neither a did:key nor a did:jwk")
	}
	jwk.Kid = url
	k = Key{JWK: jwk, Purpose: purpose}
	return id, k, k.Parse()
}

// IsSelfCertified reports whether id is of a method whose DIDs are keys.
func IsSelfCertified(id string) bool {
	return strings.HasPrefix(id, "did:key:") || strings.HasPrefix(id, "did:jwk:")
}

// NewKeyDID is the did:key of a public key (Ed25519, P-256 or P-384) and the DID URL of the key.
func NewKeyDID(pub crypto.PublicKey) (id, url string, err error) {
	text, err := Multikey(pub)
	if err != nil {
		return "", "", err
	}
	return "did:key:" + text, "did:key:" + text + "#" + text, nil
}

// parseDIDJWK reads the base64url of a JWK. Encryption keys are of no use here.
func parseDIDJWK(text string) (credential.JWK, error) {
	raw, ok := credential.DecodeBase64([]byte(text))
	if !ok {
		return credential.JWK{}, errors.New("not canonical base64url")
	}
	root, refusal := credential.ParseJSON(raw)
	if refusal != nil {
		return credential.JWK{}, refusal
	}
	jwk, err := credential.ReadJWK(root)
	if err != nil {
		return credential.JWK{}, err
	}
	if pub, _, err := jwk.Key(); err != nil {
		return credential.JWK{}, err
	} else if _, ok := pub.(*ecdsa.PublicKey); !ok && jwk.Kty != "OKP" {
		return credential.JWK{}, errors.New("key is neither Ed25519 nor on a NIST curve")
	}
	return jwk, nil
}

// kinds are the multicodec prefixes of the public keys that are taken
// (https://www.w3.org/TR/cid-1.0/#Multikey), and the curve of the compressed points; nil is Ed25519.
var kinds = []struct {
	prefix [2]byte
	curve  elliptic.Curve
}{
	{[2]byte{0xed, 0x01}, nil},
	{[2]byte{0x80, 0x24}, elliptic.P256()},
	{[2]byte{0x81, 0x24}, elliptic.P384()},
}

// ParseMultikey reads a public key as publicKeyMultibase and did:key have it: "z", base58btc,
// a multicodec prefix, the key. Other kinds than Ed25519, P-256 and P-384 are an error.
func ParseMultikey(text string) (crypto.PublicKey, error) {
	if len(text) > 128 || !strings.HasPrefix(text, "z") {
		return nil, errors.New("not a multibase base58 key")
	}
	b, err := credential.DecodeBase58(text[1:])
	if err != nil {
		return nil, err
	}
	for _, k := range kinds {
		if len(b) < 2 || [2]byte(b[:2]) != k.prefix {
			continue
		}
		if k.curve == nil {
			if len(b) != 2+ed25519.PublicKeySize {
				return nil, errors.New("an Ed25519 key has 32 bytes")
			}
			return ed25519.PublicKey(b[2:]), nil
		}
		x, y := elliptic.UnmarshalCompressed(k.curve, b[2:])
		if x == nil {
			return nil, errors.New("not a point of its curve")
		}
		size := len(b) - 3
		point := append([]byte{4}, make([]byte, 2*size)...)
		x.FillBytes(point[1 : 1+size])
		y.FillBytes(point[1+size:])
		return ecdsa.ParseUncompressedPublicKey(k.curve, point)
	}
	return nil, errors.New("key is neither Ed25519 nor P-256 nor P-384")
}

// Multikey is what [ParseMultikey] reads.
func Multikey(pub crypto.PublicKey) (string, error) {
	var prefix [2]byte
	var raw []byte
	switch k := pub.(type) {
	case ed25519.PublicKey:
		prefix, raw = kinds[0].prefix, k
	case *ecdsa.PublicKey:
		for _, kind := range kinds[1:] {
			if k.Curve != kind.curve {
				continue
			}
			point, err := k.Bytes() // 4 ‖ x ‖ y
			if err != nil {
				return "", fmt.Errorf("encode key: %w", err)
			}
			// A compressed point is x, and whether y is odd (SEC 1 §2.3.3).
			size := len(point) / 2
			prefix, raw = kind.prefix, append([]byte{2 + point[len(point)-1]&1}, point[1:1+size]...)
		}
	}
	if raw == nil {
		return "", errors.New("key is neither Ed25519 nor P-256 nor P-384")
	}
	return "z" + credential.EncodeBase58(append(prefix[:], raw...)), nil
}
