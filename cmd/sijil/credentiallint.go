package main

import (
	"slices"
	"strings"

	"sijil/verifier"
	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/lint"
	"sijil/verifier/sdjwt"
)

// lintInput is what a strict issuer finds wrong with root and does not sign, else the kid to
// sign it with.
func lintInput(typ credential.Type, root credential.Value, key keyFile) (kid string, _ []lint.Finding) {
	author, findings := lintPayload(typ, root)
	if len(findings) > 0 {
		return "", findings
	}
	if key.controller != "" && author != "" && author != key.controller {
		return "", []lint.Finding{{Reason: verifier.KeyNotForIssuer, Detail: "the key's controller is not the issuer, or holder, of the input"}}
	}
	if !strings.HasPrefix(author, "did:") {
		return key.kid, nil
	}
	kid = key.below(author)
	if id, _, absolute := did.Split(kid); !absolute || id != author {
		return "", []lint.Finding{{Reason: credential.BadHeader, Detail: "the issuer is a DID, so that the key's id must be a DID URL below it"}}
	}
	return kid, nil
}

// lintPayload is who the payload is from, or what is wrong with it.
func lintPayload(typ credential.Type, root credential.Value) (string, []lint.Finding) {
	if typ == sdjwt.TypeDC {
		c, refusal := sdjwt.ReadClaims(root)
		if refusal == nil {
			_, refusal = credential.ReadTimes(root)
		}
		return c.Issuer, found(refusal)
	}
	presentation := typ == sdjwt.TypeVP || typ.Typ == credential.TypVP
	if findings := lint.Lint(root, lint.Profile{Kind: kindOf(root, presentation), Claims: true}); len(findings) > 0 {
		return "", findings
	}
	if presentation {
		p, refusal := credential.ReadPresentation(credential.FormatVP, root)
		for _, item := range p.Items {
			if _, ok, _ := credential.ReadEnvelope(item); !ok {
				return "", []lint.Finding{{Reason: credential.BadPayload, Path: "/verifiableCredential", Detail: "a credential in it is not an EnvelopedVerifiableCredential"}}
			}
		}
		return p.Holder, found(refusal)
	}
	c, refusal := credential.ReadShape(root)
	return c.Issuer, found(refusal)
}

// kindOf is the profile that a document says it follows.
func kindOf(root credential.Value, presentation bool) lint.Kind {
	has := func(member, text string) bool {
		return slices.ContainsFunc(root.Get(member).OneOrMany(), func(v credential.Value) bool {
			s, _ := v.Text()
			return strings.HasPrefix(s, text)
		})
	}
	switch {
	case presentation:
		return lint.Presentation
	case has("@context", "https://purl.imsglobal.org/spec/clr/v2p0/"):
		return lint.Transcript
	case has("@context", "https://purl.imsglobal.org/spec/ob/v3p0/"):
		return lint.OpenBadge
	}
	return lint.Credential
}

func found(r *credential.Refusal) []lint.Finding {
	if r == nil {
		return nil
	}
	return []lint.Finding{{Reason: r.Reason, Detail: r.Detail}}
}
