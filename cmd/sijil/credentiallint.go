package main

import (
	"strings"

	"sijil/verifier"
	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/sdjwt"
)

// lint refuses what a strict issuer does not sign.
func lint(typ credential.Type, root credential.Value, key keyFile) *credential.Refusal {
	author, refusal := lintPayload(typ, root)
	if refusal != nil {
		return refusal
	}
	if key.controller != "" && author != "" && author != key.controller {
		return credential.Refuse(verifier.KeyNotForIssuer, "the key's controller is not the issuer, or holder, of the input")
	}
	// A relative kid would leave a verifier to guess whose key it is (vc-jose-cose §3.3.2).
	if id, _, absolute := did.Split(key.kid); strings.HasPrefix(author, "did:") && (!absolute || id != author) {
		return credential.Refuse(credential.BadHeader, "the issuer is a DID, so that the key's id must be a DID URL below it")
	}
	return nil
}

// lintPayload is who the payload is from.
func lintPayload(typ credential.Type, root credential.Value) (string, *credential.Refusal) {
	switch typ {
	case sdjwt.TypeDC:
		c, refusal := sdjwt.ReadClaims(root)
		if refusal == nil {
			_, refusal = credential.ReadTimes(root)
		}
		return c.Issuer, refusal
	case sdjwt.TypeVP, credential.Type{Typ: credential.TypVP, Cty: "vp"}:
		p, refusal := credential.ReadPresentation(credential.FormatVP, root)
		if refusal != nil {
			return "", refusal
		}
		for _, item := range p.Items {
			if _, ok, refusal := credential.ReadEnvelope(item); !ok {
				return "", credential.Refuse(credential.BadPayload, "a credential in it is not an EnvelopedVerifiableCredential")
			} else if refusal != nil {
				return "", refusal
			}
		}
		return p.Holder, nil
	}
	c, refusal := credential.ReadShape(root)
	if refusal == nil {
		_, refusal = c.Times()
	}
	return c.Issuer, refusal
}
