package bundle

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"encoding/json"
	"io/fs"

	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/keyfile"
)

// ManifestType is the typ of manifest.jwt: a key that signs bundles signs nothing else, and
// nothing else that is signed can be taken for a manifest.
var ManifestType = credential.Type{Typ: "trust-bundle+jwt"}

// Origin is where a bundle comes from, as its manifest says under the ledger's signature.
type Origin struct {
	// LogID is the ledger's event log.
	LogID string `json:"logId"`
	// TreeSize is how many events the log had when the bundle was begun; all of them are in it.
	TreeSize int64 `json:"treeSize"`
	// Expires is until when the ledger stands behind the bundle: keys can be compromised and
	// accreditations end without it.
	Expires did.Instant `json:"expires"`
}

// Manifest is the content of manifest.jwt.
type Manifest struct {
	Origin
	GeneratedAt did.Instant `json:"generatedAt"`
	// Files are all files but the manifest itself.
	Files []File `json:"files"`
	// Key is the thumbprint of the key that signed it.
	Key string `json:"-"`
}

// File is one file's content.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // lower-case hex
}

// sign is the manifest as a compact JWS.
func (m Manifest) sign(key crypto.Signer) ([]byte, error) {
	pub, err := keyfile.NewPublic(key.Public())
	if err != nil {
		return nil, err
	}
	signer, err := credential.NewTypedSigner(key, pub.ID, ManifestType)
	if err != nil {
		return nil, err
	}
	payload, err := credential.Payload(m)
	if err != nil {
		return nil, err
	}
	token, err := signer.Sign(payload)
	return []byte(token), err
}

// parseManifest reads manifest.jwt, which one of keys must have signed.
func parseManifest(b []byte, keys []keyfile.Public) (Manifest, error) {
	var m Manifest
	token, refusal := credential.ParseJWS(bytes.TrimSpace(b), maxManifest, ManifestType)
	if refusal != nil {
		return m, Refuse(BadManifest, "%s: %s", manifestFile, refusal.Detail)
	}
	key, ok := keyfile.Verify(token, keys)
	if !ok {
		return m, Refuse(BadSigner, "%s is not signed with the key that you gave", manifestFile)
	}
	dec := json.NewDecoder(bytes.NewReader(token.Payload))
	dec.DisallowUnknownFields() // what the ledger says and we do not understand could be a condition
	if err := dec.Decode(&m); err != nil {
		return m, Refuse(BadManifest, "%s is not one that this version reads: %s", manifestFile, err)
	}
	m.Key = key.ID
	if m.LogID == "" || m.TreeSize <= 0 || m.GeneratedAt.IsZero() || !m.Expires.After(m.GeneratedAt.Time) {
		return m, Refuse(BadManifest, "%s does not say of which log it is, or from when until when it holds", manifestFile)
	}
	seen, total := map[string]bool{manifestFile: true}, int64(0)
	for _, f := range m.Files {
		sum, err := hex.DecodeString(f.SHA256)
		if err != nil || len(sum) != 32 || f.Size < 0 || !fs.ValidPath(f.Name) || seen[f.Name] {
			return m, Refuse(BadManifest, "%s lists %q without a digest, or twice", manifestFile, f.Name)
		}
		seen[f.Name] = true
		if total += f.Size; f.Size > maxTotal || total > maxTotal {
			return m, Refuse(TooLarge, "more than %d bytes are listed", int64(maxTotal))
		}
	}
	return m, nil
}
