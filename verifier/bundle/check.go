package bundle

import (
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"

	"sijil/verifier/did"
)

// reader reads the files of one bundle.
type reader struct {
	fsys fs.FS
	left int64 // bytes that may still be unpacked
	// listed are the files of the manifest, nil for an unsigned bundle; unread are those that
	// nothing has asked for yet.
	listed map[string]File
	unread map[string]bool
}

// same reports a file that is not listed, or listed and not there, or no plain file.
func (r *reader) same() error {
	found := 0
	err := fs.WalkDir(r.fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("read bundle: %w", err)
		case d.IsDir() || name == manifestFile:
			return nil
		case !d.Type().IsRegular():
			return Refuse(BadPath, "%q is no plain file", name)
		}
		if _, ok := r.listed[name]; !ok {
			return Refuse(Unlisted, "%q is not in the manifest", name)
		}
		found++
		return nil
	})
	if err != nil || found == len(r.listed) {
		return err
	}
	for name := range r.listed {
		if _, err := fs.Stat(r.fsys, name); err != nil {
			return Refuse(Missing, "%q is in the manifest and not there", name)
		}
	}
	return Refuse(BadPath, "a name is there twice")
}

// with gives a file's content to parse, and compares it with the manifest. What is not as it
// was signed is [Changed] whatever parse thinks of it; nothing that parse made may be used
// when with returns an error.
func (r *reader) with(name string, limit int64, parse func(io.Reader) error) error {
	f, err := r.fsys.Open(name)
	if err != nil {
		return fmt.Errorf("read bundle: %w", err)
	}
	defer f.Close()
	want, signed := r.listed[name]
	if r.listed != nil && !signed {
		return Refuse(Unlisted, "%q is not in the manifest", name)
	}
	if signed && want.Size > limit {
		return Refuse(TooLarge, "%s is larger than a bundle may hold", name)
	}
	delete(r.unread, name)
	in := &counted{r: f, left: limit, total: &r.left, sum: sha256.New()}
	err = parse(in)
	if signed {
		if _, drained := io.Copy(io.Discard, in); drained != nil && !errors.Is(drained, errTooLarge) {
			return Refuse(Changed, "%s cannot be read to its end", name)
		}
		if limit-in.left != want.Size || hex.EncodeToString(in.sum.Sum(nil)) != want.SHA256 {
			return Refuse(Changed, "%s is not the file that was signed", name)
		}
	}
	if in.left < 0 || *in.total < 0 {
		return Refuse(TooLarge, "%s is larger than a bundle may hold", name)
	}
	return err
}

var errTooLarge = errors.New("larger than a bundle may hold")

// counted counts against the file's limit and the bundle's, and digests.
type counted struct {
	r     io.Reader
	left  int64
	total *int64
	sum   hash.Hash
}

func (c *counted) Read(p []byte) (int, error) {
	if c.left < 0 || *c.total < 0 {
		return 0, errTooLarge
	}
	n, err := c.r.Read(p)
	c.left -= int64(n)
	*c.total -= int64(n)
	c.sum.Write(p[:n])
	if c.left < 0 || *c.total < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// parseKeys reads every key once and refuses an issuer that is there twice: which of two
// histories holds must not depend on their order.
func parseKeys(b *Bundle) error {
	seen := map[string]bool{}
	for i := range b.Issuers {
		issuer := &b.Issuers[i]
		if issuer.ID == "" || seen[issuer.ID] {
			return Refuse(Malformed, "%s: issuer %q is empty or listed twice", trustFile, issuer.ID)
		}
		seen[issuer.ID] = true
		kids := map[string]bool{}
		for j := range issuer.Keys {
			kid := issuer.Keys[j].JWK.Kid
			if kids[kid] {
				return Refuse(Malformed, "%s: issuer %s has two keys named %q", trustFile, issuer.ID, kid)
			}
			kids[kid] = true
			if err := issuer.Keys[j].Parse(); err != nil {
				return Refuse(Malformed, "%s: issuer %s: %s", trustFile, issuer.ID, err)
			}
		}
	}
	for i := range b.OtherKeys {
		if err := b.OtherKeys[i].Parse(); err != nil {
			return Refuse(Malformed, "%s: other keys: %s", trustFile, err)
		}
	}
	return nil
}

// checkDocuments holds the DID documents against the issuers' keys: other software trusts
// them, and one bundle must not say two things.
func checkDocuments(b Bundle) error {
	known := map[string]did.Issuer{}
	for _, i := range b.Issuers {
		known[i.ID] = i
	}
	for id, doc := range b.Documents {
		parsed, err := did.ParseDocument(doc, id)
		if err != nil {
			return Refuse(Malformed, "the DID document of %s: %s", id, err)
		}
		for _, k := range parsed.Keys {
			if other, ok := known[id].Named(k.JWK.Kid); !ok || !equal(k.Public(), other.Public()) {
				return Refuse(Malformed, "the DID document of %s has a key that %s does not", id, trustFile)
			}
		}
	}
	return nil
}

func equal(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}
