package issuer

import (
	"context"
	"fmt"
	"time"

	"sijil/domain"
	"sijil/verifier/baking"
	"sijil/verifier/credential"
	"sijil/verifier/dataintegrity"
	"sijil/verifier/did"
)

// The covers of a badge.
const (
	BadgeJSON = "json"
	BadgePNG  = "png"
	BadgeSVG  = "svg"
)

// errNoBadge: the token stands on its own.
func errNoBadge() error {
	return domain.Refuse(domain.Conflict, "badge_unavailable", "the key that signed the credential is not an Ed25519 key that is in force and kept here, so no second proof can be made with it")
}

// Badge is a signed credential as Open Badges software takes it: the payload of the token
// with an eddsa-rdfc-2022 proof by the same key, dated signedAt, as JSON or baked into a
// picture. It says nothing that was not recorded before it was signed, and is the same each
// time. A token that is not institution's is an error; badge_unavailable when the key cannot
// make such a proof any more.
func (p *Publisher) Badge(ctx context.Context, inst domain.ID, token string, signedAt time.Time, cover string) ([]byte, error) {
	t, refusal := credential.ParseToken([]byte(token), credential.MaxToken)
	if refusal != nil {
		return nil, fmt.Errorf("reading a recorded token: %w", refusal)
	}
	_, s, err := p.issuer.ledger.IssuingInstitution(ctx, inst)
	if err != nil {
		return nil, err
	}
	name, err := p.issuer.DID(inst)
	if err != nil {
		return nil, err
	}
	for _, key := range s.Keys {
		if did.KeyID(name, did.ForCredentials, key.Kid) != t.Kid || !key.Usable(p.issuer.now()) || key.Alg != "EdDSA" {
			continue
		}
		signer, err := p.issuer.private(ctx, inst, key)
		if err != nil {
			return nil, err
		} else if signer == nil {
			return nil, errNoBadge()
		}
		if refusal := t.Verify(signer.Public(), key.Alg); refusal != nil {
			return nil, fmt.Errorf("checking a recorded token: %w", refusal)
		}
		doc, err := dataintegrity.Sign(t.Payload, signer, dataintegrity.Options{
			VerificationMethod: t.Kid, Purpose: credential.AssertionMethod, Created: signedAt.Truncate(time.Second),
		})
		if err != nil {
			return nil, fmt.Errorf("making a badge: %w", err)
		}
		return covered(cover, doc)
	}
	return nil, errNoBadge()
}

// covered puts the document into its cover.
func covered(cover string, doc []byte) ([]byte, error) {
	switch cover {
	case BadgePNG:
		return baking.PNG(baking.PlainPNG(), doc)
	case BadgeSVG:
		return baking.SVG(baking.PlainSVG(), doc)
	}
	return doc, nil
}
