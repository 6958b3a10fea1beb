package sdjwt

import (
	"crypto"
	"errors"
	"fmt"
	"time"

	"sijil/verifier/credential"
)

// readBinding reads a key-binding JWT (RFC 9901 §4.3). Everything that is wrong with it is
// [credential.BadHolderProof]: the credential may be good, but not in these hands.
func (t *Token) readBinding(text string) (*credential.HolderProof, *credential.Refusal) {
	jws, refusal := credential.ParseJWS([]byte(text), credential.MaxToken, typeBinding)
	if refusal != nil {
		if refusal.Reason == credential.BadFraming { // the last tilde is missing
			return nil, credential.Refuse(credential.BadFraming, "after the last tilde there is no key binding")
		}
		return nil, credential.Refuse(credential.BadHolderProof, "key binding: %s", refusal.Detail)
	}
	claims, refusal := credential.ParseJSON(jws.Payload)
	if refusal != nil {
		return nil, credential.Refuse(credential.BadHolderProof, "key binding: %s", refusal.Detail)
	}
	b := binding(claims)
	sdHash, _ := claims.Get("sd_hash").Text()
	if aud, _ := claims.Get("aud").Text(); b.Challenge == "" || aud == "" || b.Created.IsZero() || sdHash == "" {
		return nil, credential.Refuse(credential.BadHolderProof, "key binding lacks one of nonce, aud, iat, sd_hash, or has it in another form")
	}
	return &credential.HolderProof{Binding: b, Verify: func() *credential.Refusal { return t.verifyBinding(jws, sdHash) }}, nil
}

// binding is what claims say the proof was made for. A date that cannot be read is not given.
func binding(claims credential.Value) credential.Binding {
	var b credential.Binding
	b.Challenge, _ = claims.Get("nonce").Text()
	for _, aud := range claims.Get("aud").OneOrMany() {
		if s, ok := aud.Text(); ok {
			b.Audience = append(b.Audience, s)
		}
	}
	if times, refusal := credential.ReadTimes(claims); refusal == nil {
		b.Created, b.Expires = times.IssuedAt, times.Expires
	}
	return b
}

// verifyBinding checks that the binding was made for exactly this presentation, by the key
// that the issuer put into cnf.
func (t *Token) verifyBinding(jws *credential.Token, sdHash string) *credential.Refusal {
	bad := func(why string) *credential.Refusal {
		return credential.Refuse(credential.BadHolderProof, "key binding: %s", why)
	}
	// cnf is never disclosable, so that the signed payload has it as it is.
	claims, refusal := credential.ParseJSON(t.jws.Payload)
	if refusal != nil {
		return refusal
	}
	hash, refusal := algorithm(claims)
	if refusal != nil {
		return refusal
	}
	if digestOf(hash, t.presented) != sdHash {
		return bad("it was made for another presentation")
	}
	key, alg, err := confirmationKey(claims.Get("cnf").Get("jwk"))
	if err != nil {
		return bad(err.Error())
	}
	if refusal := jws.Verify(key, alg); refusal != nil {
		return bad(refusal.Detail)
	}
	return nil
}

func confirmationKey(v credential.Value) (crypto.PublicKey, string, error) {
	if !v.IsObject() {
		return nil, "", errors.New("the credential names no key of its holder (cnf with a jwk)")
	}
	jwk, err := credential.ReadJWK(v)
	if err != nil {
		return nil, "", fmt.Errorf("the holder's key: %w", err)
	}
	return jwk.Key()
}

// Bind ends a presentation with a key binding, for a verifier (aud) that asked for nonce.
// key is the one whose public half the issuer put into cnf.
func Bind(presentation string, key crypto.Signer, aud, nonce string, at time.Time) (string, error) {
	t, refusal := ParseToken([]byte(presentation), credential.MaxToken)
	if refusal != nil {
		return "", fmt.Errorf("read presentation: %w", refusal)
	}
	claims, refusal := credential.ParseJSON(t.jws.Payload)
	if refusal != nil {
		return "", fmt.Errorf("read presentation: %w", refusal)
	}
	hash, refusal := algorithm(claims)
	if refusal != nil {
		return "", fmt.Errorf("read presentation: %w", refusal)
	}
	payload, err := credential.Payload(struct {
		IssuedAt int64  `json:"iat"`
		Audience string `json:"aud"`
		Nonce    string `json:"nonce"`
		Hash     string `json:"sd_hash"`
	}{at.Unix(), aud, nonce, digestOf(hash, t.presented)})
	if err != nil {
		return "", fmt.Errorf("write key binding: %w", err)
	}
	signer, err := credential.NewTypedSigner(key, "", typeBinding)
	if err != nil {
		return "", fmt.Errorf("prepare key binding: %w", err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return t.presented + jws, nil
}
