package dataintegrity

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"

	"sijil/verifier/credential"
	"sijil/verifier/jsonld"
)

const signatureSize = ed25519.SignatureSize

// document is a document with proofs. What is signed is made once for all of them.
type document struct {
	root credential.Value
	sums map[bool]sum // by whether the suite signs JSON
	// left is how many steps telling blank nodes apart may still take, in this document, in its
	// proofs and in whatever shares it.
	left *int
}

// MaxTelling is left at first: for a document as hard as any may be, and its proofs.
const MaxTelling = 2 * jsonld.MaxTelling

func newDocument(root credential.Value) *document {
	left := MaxTelling
	return &document{root: root, sums: map[bool]sum{}, left: &left}
}

type sum struct {
	digest  [sha256.Size]byte
	refusal *credential.Refusal
}

// sum is the digest of the document without its proofs, as the suite spells it.
func (d *document) sum(suite string) sum {
	plain := suite == EdDSAJCS
	if s, ok := d.sums[plain]; ok {
		return s
	}
	s := sum{}
	s.digest, s.refusal = d.digest(suite, d.root, d.root.Get("@context"), "proof")
	d.sums[plain] = s
	return s
}

// digest is the SHA-256 of v without the members except, in the suite's canonical form.
func (d *document) digest(suite string, v, contexts credential.Value, except ...string) ([sha256.Size]byte, *credential.Refusal) {
	var canonical []byte
	var refusal *credential.Refusal
	if suite == EdDSAJCS {
		var rest credential.Value
		if rest, refusal = without(v, except...); refusal == nil {
			canonical, refusal = jsonld.JCS(rest)
		}
	} else {
		var data *jsonld.Dataset
		if data, refusal = jsonld.Expand(v, contexts, except...); refusal == nil {
			canonical, refusal = data.CanonicalWithin(d.left)
		}
	}
	return sha256.Sum256(canonical), refusal
}

// signed is what the signature of p is over: the digests of the proof without its value
// and of the document without its proofs (vc-di-eddsa §3.2.4, §3.3.4).
func (d *document) signed(p proof) ([]byte, *credential.Refusal) {
	contexts := d.root.Get("@context")
	options, refusal := d.digest(p.suite, p.value, contexts, "proofValue")
	if refusal != nil {
		return nil, refusal
	}
	s := d.sum(p.suite)
	return append(options[:], s.digest[:]...), s.refusal
}

// verify checks one proof. An @context in the proof must be that of the document: a proof
// is read in the document's words.
func (d *document) verify(p proof, key crypto.PublicKey, alg string) *credential.Refusal {
	public, ok := key.(ed25519.PublicKey)
	if !ok || alg != p.Alg || len(public) != ed25519.PublicKeySize {
		return credential.Refuse(credential.AlgNotAllowed, "the proof is made with an Ed25519 key, which this is not")
	}
	if own := p.value.Get("@context"); own.Kind() != credential.Missing {
		a, refusal := jsonld.JCS(own)
		b, other := jsonld.JCS(d.root.Get("@context"))
		if refusal != nil || other != nil || !bytes.Equal(a, b) {
			return bad("a proof has an @context other than the document's")
		}
	}
	message, refusal := d.signed(p)
	if refusal != nil {
		return refusal
	}
	if !ed25519.Verify(public, message, p.signature) {
		return credential.Refuse(credential.BadSignature, "signature does not fit the content")
	}
	return nil
}

// textDigest is the SHA-256 of the document's text without its proofs. A proof is put into a text
// without touching the rest ([Sign]), so that this is the digest of what was recorded to
// be signed, unless somebody has written the document anew.
func (d *document) textDigest() [sha256.Size]byte {
	return sha256.Sum256(write(d.root, []string{"proof"}, nil))
}

// payload is the document without its proofs.
func (d *document) payload() (credential.Value, *credential.Refusal) {
	return without(d.root, "proof")
}
