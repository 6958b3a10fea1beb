//go:build pkcs11

package hsm

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/miekg/pkcs11"

	"sijil/domain"
	"sijil/internal/issuer"
)

// Edwards curves came with PKCS #11 3.0, which the binding does not name.
const (
	edwardsKey     = 0x40   // CKK_EC_EDWARDS
	edwardsKeyPair = 0x1055 // CKM_EC_EDWARDS_KEY_PAIR_GEN
	edwardsSign    = 0x1057 // CKM_EDDSA
)

// The curves by their parameters (CKA_EC_PARAMS): Ed25519 by its name, as PKCS #11 3.0
// section 6.3 has it, or by its object identifier; P-256 by its object identifier.
var (
	ed25519Name = []byte("\x13\x0cedwards25519")
	ed25519OID  = []byte{0x06, 0x03, 0x2b, 0x65, 0x70}
	p256OID     = []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}
)

// key is a private key in the token. It is a crypto.Signer.
type key struct {
	token  *token
	object pkcs11.ObjectHandle
	public crypto.PublicKey
}

// find looks both halves up by their label; [issuer.ErrNoKey] when the private one is not there.
func (k *key) find(s pkcs11.SessionHandle, name string) error {
	private, err := k.object1(s, pkcs11.CKO_PRIVATE_KEY, name)
	if err != nil {
		return err
	}
	public, err := k.object1(s, pkcs11.CKO_PUBLIC_KEY, name)
	if errors.Is(err, issuer.ErrNoKey) {
		return fmt.Errorf("the token holds the private half of %s without its public half: put that beside it under the same label", name)
	} else if err != nil {
		return err
	}
	attributes, err := k.token.ctx.GetAttributeValue(s, public, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, nil), pkcs11.NewAttribute(pkcs11.CKA_EC_POINT, nil),
	})
	if err != nil {
		return fmt.Errorf("reading the public half of %s: %w", name, err)
	}
	k.object = private
	k.public, err = publicKey(attributes[0].Value, attributes[1].Value)
	if err != nil {
		return fmt.Errorf("the public half of %s: %w", name, err)
	}
	return nil
}

// object1 is the one object of a class and a label.
func (k *key) object1(s pkcs11.SessionHandle, class uint, name string) (pkcs11.ObjectHandle, error) {
	ctx := k.token.ctx
	if err := ctx.FindObjectsInit(s, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, class), pkcs11.NewAttribute(pkcs11.CKA_LABEL, name),
	}); err != nil {
		return 0, fmt.Errorf("looking for a key in the token: %w", err)
	}
	found, _, err := ctx.FindObjects(s, 2)
	if err := errors.Join(err, ctx.FindObjectsFinal(s)); err != nil {
		return 0, fmt.Errorf("looking for a key in the token: %w", err)
	}
	switch len(found) {
	case 0:
		return 0, issuer.ErrNoKey
	case 1:
		return found[0], nil
	}
	return 0, fmt.Errorf("the token holds several keys called %s: remove all but the authorized one", name)
}

// publicKey reads a point that the token gives as an OCTET STRING, or bare as some do.
func publicKey(params, point []byte) (crypto.PublicKey, error) {
	var inner []byte
	if rest, err := asn1.Unmarshal(point, &inner); err == nil && len(rest) == 0 {
		point = inner
	}
	switch {
	case bytes.Equal(params, p256OID):
		return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	case (bytes.Equal(params, ed25519Name) || bytes.Equal(params, ed25519OID)) && len(point) == ed25519.PublicKeySize:
		return ed25519.PublicKey(point), nil
	}
	return nil, errors.New("it is neither Ed25519 nor P-256")
}

// generate makes a pair that stays: sensitive and not extractable.
func generate(ctx *pkcs11.Ctx, s pkcs11.SessionHandle, name, alg string) error {
	kind, mechanism, params := uint(edwardsKey), uint(edwardsKeyPair), ed25519Name
	switch alg {
	case "EdDSA":
	case "ES256":
		kind, mechanism, params = pkcs11.CKK_EC, pkcs11.CKM_EC_KEY_PAIR_GEN, p256OID
	default:
		return domain.Refuse(domain.Invalid, "invalid_field", "keys are made in a token for EdDSA and ES256")
	}
	id := []byte(name)
	_, _, err := ctx.GenerateKeyPair(s, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, nil)},
		[]*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, kind), pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, params), pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
			pkcs11.NewAttribute(pkcs11.CKA_VERIFY, true), pkcs11.NewAttribute(pkcs11.CKA_LABEL, name), pkcs11.NewAttribute(pkcs11.CKA_ID, id),
		},
		[]*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, kind), pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true),
			pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true), pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false), pkcs11.NewAttribute(pkcs11.CKA_SIGN, true),
			pkcs11.NewAttribute(pkcs11.CKA_LABEL, name), pkcs11.NewAttribute(pkcs11.CKA_ID, id),
		})
	if err != nil {
		return fmt.Errorf("making a key in the token: %w", err)
	}
	return nil
}

// Public implements crypto.Signer.
func (k *key) Public() crypto.PublicKey { return k.public }

// Sign implements crypto.Signer: Ed25519 takes the message itself, ECDSA its digest and gives
// ASN.1, where a token gives r and s beside each other.
func (k *key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) (signature []byte, err error) {
	mechanism := uint(pkcs11.CKM_ECDSA)
	_, edwards := k.public.(ed25519.PublicKey)
	if edwards {
		mechanism = edwardsSign
	}
	if hashed := opts.HashFunc() != 0; hashed == edwards {
		return nil, errors.New("Ed25519 signs a message, ECDSA a digest of one")
	}
	err = k.token.session(func(s pkcs11.SessionHandle) error {
		if err := k.token.ctx.SignInit(s, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, nil)}, k.object); err != nil {
			return err
		}
		signature, err = k.token.ctx.Sign(s, digest)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("signing in the token (restart when it was taken out or reset): %w", err)
	}
	if edwards {
		return signature, nil
	}
	if len(signature) != 64 {
		return nil, fmt.Errorf("the token's signature has %d bytes, not 64", len(signature))
	}
	return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])})
}
