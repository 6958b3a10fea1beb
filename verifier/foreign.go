package verifier

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"

	"sijil/verifier/credential"
)

// unsupported names a way of securing that is known and not checked. It is never VALID
// and, since the credential may well be good, not NOT VALID either.
func unsupported(name string) *credential.Refusal {
	return credential.Refuse(credential.Unsupported, "this looks like a %s, which is not checked here", name)
}

// foreign recognises inputs in other encodings than text: COSE and mdoc, which are CBOR, as
// they are or in base64url as QR codes carry them.
func foreign(input []byte) *credential.Refusal {
	start := input[:min(len(input), 64)]
	if name := cbor(start); name != "" {
		return unsupported(name)
	}
	// CBOR's first byte makes these the first letters; a JWS begins with "ey".
	if slices.ContainsFunc([]string{"0o", "2D3", "2GK", "o2d", "omp"}, func(s string) bool { return bytes.HasPrefix(start, []byte(s)) }) {
		raw, _ := base64.RawURLEncoding.DecodeString(string(start[:len(start)/4*4]))
		if name := cbor(raw); name != "" {
			return unsupported(name)
		}
	}
	return nil
}

// cbor names what begins with these bytes (RFC 9052 §2, RFC 8392 §6, ISO/IEC 18013-5).
func cbor(b []byte) string {
	for _, k := range []struct{ magic, name string }{
		{"\xd2\x84", "credential secured by COSE"}, // COSE_Sign1
		{"\xd8\x62\x84", "credential secured by COSE"},
		{"\xd8\x3d\xd2\x84", "credential secured by COSE (CWT)"},
		{"\xa3gversion", "mobile document (mdoc)"},
		{"\xa2jnameSpaces", "mobile document (mdoc)"},
	} {
		if bytes.HasPrefix(b, []byte(k.magic)) {
			return k.name
		}
	}
	return ""
}

// proofKinds are the types of embedded proofs, and the cryptosuites of DataIntegrityProof,
// that are known and not checked, as readers may have heard of them.
var proofKinds = map[string]string{
	"MerkleProof2019": "Blockcerts credential (MerkleProof2019)", "MerkleProof2017": "Blockcerts credential (MerkleProof2017)",
	"OpenAttestationMerkleProofSignature2018": "OpenAttestation document", "SHA3MerkleProof": "OpenAttestation document",
	"ecdsa-sd-2023": "selective-disclosure credential (ecdsa-sd-2023)", "bbs-2023": "selective-disclosure credential (bbs-2023)",
	"BbsBlsSignature2020": "selective-disclosure credential (BbsBlsSignature2020)", "BbsBlsSignatureProof2020": "selective-disclosure credential (BbsBlsSignature2020)",
	"Ed25519Signature2018": "credential with an older proof (Ed25519Signature2018)", "JsonWebSignature2020": "credential with an older proof (JsonWebSignature2020)",
	"EcdsaSecp256k1Signature2019": "credential with an older proof (EcdsaSecp256k1Signature2019)", "RsaSignature2018": "credential with an older proof (RsaSignature2018)",
	"ecdsa-rdfc-2019": "credential with another embedded proof (ecdsa-rdfc-2019)",
	"ecdsa-jcs-2019":  "credential with another embedded proof (ecdsa-jcs-2019)",
}

// foreignJSON recognises JSON documents whose proofs are all of kinds that are not checked.
func foreignJSON(root credential.Value) *credential.Refusal {
	if version, _ := root.Get("version").Text(); strings.HasPrefix(version, "https://schema.openattestation.com/") {
		return unsupported("OpenAttestation document")
	}
	name := ""
	proofs := root.Get("proof").OneOrMany()
	if s := root.Get("signature"); s.Has("type") {
		proofs = s.OneOrMany()
	}
	for _, p := range proofs {
		known := proofName(p)
		if known == "" {
			return nil
		}
		name = known
	}
	switch {
	case name != "":
		return unsupported(name)
	case root.Has("cred_def_id") && root.Has("schema_id"):
		return unsupported("AnonCreds credential")
	case root.Has("badge") && (root.Has("verification") || root.Has("verify")):
		return unsupported("badge of Open Badges 2 or older")
	case sealedJSON(root):
		return unsupported("electronic seal (JAdES)")
	}
	return nil
}

func proofName(p credential.Value) string {
	for _, kind := range p.Get("type").OneOrMany() {
		s, _ := kind.Text()
		if s == "DataIntegrityProof" {
			s, _ = p.Get("cryptosuite").Text()
		}
		if name, ok := proofKinds[s]; ok {
			return name
		}
	}
	return ""
}

// sealedJSON: a JWS in JSON whose headers are those of JAdES (ETSI TS 119 182-1).
func sealedJSON(root credential.Value) bool {
	signatures := root.Get("signatures").Items()
	if root.Has("signature") {
		signatures = append(signatures, root)
	}
	for _, s := range signatures {
		if s.Get("header").Has("etsiU") {
			return true
		}
		text, _ := s.Get("protected").Text()
		if raw, ok := credential.DecodeBase64([]byte(text)); ok {
			if header, refusal := credential.ParseJSON(raw); refusal == nil && credential.IsSeal(header) {
				return true
			}
		}
	}
	return false
}
