package dataintegrity

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"sijil/verifier/credential"
	"sijil/verifier/jsonld"
)

// Options are what a proof says beside the signature. VerificationMethod and Purpose are required.
type Options struct {
	// Suite is EdDSARDFC, if empty, or EdDSAJCS.
	Suite string
	// VerificationMethod is where the public key is found, "did:web:…#…".
	VerificationMethod string
	Purpose            credential.Relationship
	Created, Expires   time.Time // zero: not said
	Challenge          string
	Domain             []string
	// ID names the proof, if it is given.
	ID string
}

// newProof is a proof as JSON.
type newProof struct {
	ID                 string                  `json:"id,omitempty"`
	Type               string                  `json:"type"`
	Suite              string                  `json:"cryptosuite"`
	Created            string                  `json:"created,omitempty"`
	Expires            string                  `json:"expires,omitempty"`
	VerificationMethod string                  `json:"verificationMethod"`
	Purpose            credential.Relationship `json:"proofPurpose"`
	Domain             any                     `json:"domain,omitempty"`
	Challenge          string                  `json:"challenge,omitempty"`
	Value              string                  `json:"proofValue,omitempty"`
}

// Sign is doc with one more proof by key, which must be Ed25519. The text of its members
// stays as it is. A document that [Parse] or a verifier would refuse is an error, so
// nothing is signed of which a part would not be. A document that knows neither the data
// model 2.0 nor Data Integrity gets the context of the latter.
func Sign(doc []byte, key crypto.Signer, o Options) ([]byte, error) {
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("embedded proofs are made with an Ed25519 key")
	}
	root, refusal := credential.ParseJSON(doc)
	if refusal != nil {
		return nil, fmt.Errorf("read the document to sign: %w", refusal)
	}
	root, err := withContext(root)
	if err != nil {
		return nil, err
	}
	p := newProof{
		ID: o.ID, Type: typeProof, Suite: o.Suite, Created: stamp(o.Created), Expires: stamp(o.Expires),
		VerificationMethod: o.VerificationMethod, Purpose: o.Purpose, Challenge: o.Challenge,
	}
	if p.Suite == "" {
		p.Suite = EdDSARDFC
	}
	if len(o.Domain) == 1 {
		p.Domain = o.Domain[0]
	} else if len(o.Domain) > 1 {
		p.Domain = o.Domain
	}
	d := newDocument(root)
	options, err := d.proof(p)
	if err != nil {
		return nil, err
	}
	message, refusal := d.signed(proof{suite: p.Suite, value: options})
	if refusal != nil {
		return nil, fmt.Errorf("prepare a proof: %w", refusal)
	}
	signature, err := key.Sign(rand.Reader, message, crypto.Hash(0))
	if err != nil {
		return nil, fmt.Errorf("sign a proof: %w", err)
	}
	if !ed25519.Verify(public, message, signature) {
		return nil, errors.New("the key made a signature that does not hold")
	}
	signed := write(options, nil, []byte(`"proofValue":"z`+credential.EncodeBase58(signature)+`"`))
	out := write(root, []string{"proof"}, append([]byte(`"proof":`), among(root.Get("proof"), signed)...))
	if _, refusal := Parse(out, len(out)); refusal != nil {
		return nil, fmt.Errorf("make a proof: %w", refusal)
	}
	return out, nil
}

// proof is p as a JSON value; a proof over JSON repeats the document's @context
// (vc-di-eddsa §3.3.1).
func (d *document) proof(p newProof) (credential.Value, error) {
	b, err := credential.Payload(p)
	if err != nil {
		return credential.Value{}, fmt.Errorf("encode a proof: %w", err)
	}
	v, refusal := credential.ParseJSON(b)
	if refusal != nil {
		return v, fmt.Errorf("encode a proof: %w", refusal)
	}
	if contexts := d.root.Get("@context"); p.Suite == EdDSAJCS && contexts.Kind() != credential.Missing {
		if v, refusal = credential.ParseJSON(write(v, nil, append([]byte(`"@context":`), raw(contexts)...))); refusal != nil {
			return v, fmt.Errorf("encode a proof: %w", refusal)
		}
	}
	return v, nil
}

// among is the proofs there are and one more.
func among(have credential.Value, signed []byte) []byte {
	if have.Kind() == credential.Missing {
		return signed
	}
	b := []byte{'['}
	for _, v := range have.OneOrMany() {
		b = append(append(b, raw(v)...), ',')
	}
	return append(append(b, signed...), ']')
}

// withContext is the document with a context that says what a proof is.
func withContext(root credential.Value) (credential.Value, error) {
	have := root.Get("@context").OneOrMany()
	b := []byte{'['}
	for _, v := range have {
		if s, _ := v.Text(); s == jsonld.CredentialsV2 || s == jsonld.DataIntegrityV2 {
			return root, nil
		}
		b = append(append(b, raw(v)...), ',')
	}
	b = append(append(b, quote(jsonld.DataIntegrityV2)...), ']')
	// The @context stands first, where readers look for it.
	b = append([]byte(`{"@context":`), b...)
	rest := write(root, []string{"@context"}, nil)
	if len(rest) > 2 {
		b = append(b, ',')
	}
	v, refusal := credential.ParseJSON(append(b, rest[1:]...))
	if refusal != nil {
		return v, fmt.Errorf("read the document to sign: %w", refusal)
	}
	return v, nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return credential.Stamp(t)
}
