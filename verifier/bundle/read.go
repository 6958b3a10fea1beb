package bundle

import (
	"archive/zip"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"sijil/verifier/did"
)

// Bounds of a bundle, counted as it unpacks, so that a ZIP bomb costs no more than this.
const (
	maxTrust  = 64 << 20
	maxLedger = 512 << 20 // about two million records
	maxMap    = 16 << 20
	maxList   = 512 << 10
	maxLists  = 16_384
	maxTotal  = 1 << 30
)

// Open reads the bundle at path, a directory or a ZIP (its files at the top or in one
// folder). [ErrUnsigned] unless unsigned bundles are allowed.
func Open(path string, allowUnsigned bool) (Bundle, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Bundle{}, fmt.Errorf("open bundle: %w", err)
	}
	if !allowUnsigned {
		return Bundle{}, ErrUnsigned
	}
	if info.IsDir() {
		root, err := os.OpenRoot(path) // no link in it leads outside
		if err != nil {
			return Bundle{}, fmt.Errorf("open bundle: %w", err)
		}
		defer root.Close()
		return unsigned(Read(root.FS()))
	}
	z, err := zip.OpenReader(path)
	if err != nil {
		return Bundle{}, fmt.Errorf("open bundle %s: neither a directory nor a ZIP: %w", path, err)
	}
	defer z.Close()
	return unsigned(Read(z))
}

func unsigned(b Bundle, err error) (Bundle, error) {
	b.Unsigned = true
	return b, err
}

// Read reads a bundle's files from fsys.
func Read(fsys fs.FS) (Bundle, error) {
	if _, err := fs.Stat(fsys, trustFile); errors.Is(err, fs.ErrNotExist) {
		entries, dirErr := fs.ReadDir(fsys, ".")
		if dirErr != nil || len(entries) != 1 || !entries[0].IsDir() {
			return Bundle{}, fmt.Errorf("read bundle: there is no %s in it", trustFile)
		}
		if fsys, err = fs.Sub(fsys, entries[0].Name()); err != nil {
			return Bundle{}, fmt.Errorf("read bundle: %w", err)
		}
	}
	r := reader{fsys: fsys, left: maxTotal}
	var doc trustDoc
	if err := r.json(trustFile, maxTrust, &doc); err != nil {
		return Bundle{}, err
	}
	b := Bundle{Now: doc.Now, Issuers: doc.Issuers, OtherKeys: doc.OtherKeys, Lists: map[string][]byte{}}
	if err := parseKeys(&b); err != nil {
		return Bundle{}, err
	}
	files := map[string]string{}
	if err := r.json(mapFile, maxMap, &files); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Bundle{}, err
	}
	if len(files) > maxLists {
		return Bundle{}, fmt.Errorf("read %s: more than %d lists", mapFile, maxLists)
	}
	for url, name := range files {
		if !fs.ValidPath(name) || !strings.HasPrefix(name, statusDir+"/") {
			return Bundle{}, fmt.Errorf("read %s: %q is not a file of %s/", mapFile, name, statusDir)
		}
		token, err := r.file(name, maxList)
		if err != nil {
			return Bundle{}, err
		}
		b.Lists[url] = token
	}
	err := r.records(&b)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // HasRecords stays false
	}
	return b, err
}

// parseKeys reads every key once and refuses an issuer that is there twice: which of two
// histories holds must not depend on their order.
func parseKeys(b *Bundle) error {
	seen := map[string]bool{}
	for i := range b.Issuers {
		issuer := &b.Issuers[i]
		if issuer.ID == "" || seen[issuer.ID] {
			return fmt.Errorf("read %s: issuer %q is empty or listed twice", trustFile, issuer.ID)
		}
		seen[issuer.ID] = true
		kids := map[string]bool{}
		for j := range issuer.Keys {
			kid := issuer.Keys[j].JWK.Kid
			if kids[kid] {
				return fmt.Errorf("read %s: issuer %s has two keys named %q", trustFile, issuer.ID, kid)
			}
			kids[kid] = true
			if err := issuer.Keys[j].Parse(); err != nil {
				return fmt.Errorf("read %s: issuer %s: %w", trustFile, issuer.ID, err)
			}
		}
	}
	for i := range b.OtherKeys {
		if err := b.OtherKeys[i].Parse(); err != nil {
			return fmt.Errorf("read %s: other keys: %w", trustFile, err)
		}
	}
	return nil
}

type reader struct {
	fsys fs.FS
	left int64 // bytes that may still be unpacked
}

// open gives the file and a reader that fails, rather than ends, at limit bytes.
func (r *reader) open(name string, limit int64) (fs.File, io.Reader, error) {
	f, err := r.fsys.Open(name)
	if err != nil {
		return nil, nil, fmt.Errorf("read bundle: %w", err)
	}
	return f, &capped{r: f, name: name, left: limit, total: &r.left}, nil
}

func (r *reader) file(name string, limit int64) ([]byte, error) {
	f, in, err := r.open(name, limit)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return b, nil
}

func (r *reader) json(name string, limit int64, into any) error {
	f, in, err := r.open(name, limit)
	if err != nil {
		return err
	}
	defer f.Close()
	dec := json.NewDecoder(in)
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("read %s: text after the JSON value", name)
	}
	return nil
}

// records streams ledger.json: decoding it whole would hold every record twice.
func (r *reader) records(b *Bundle) error {
	f, in, err := r.open(ledgerFile, maxLedger)
	if err != nil {
		return err
	}
	defer f.Close()
	dec := json.NewDecoder(in)
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return fmt.Errorf("read %s: not a JSON array", ledgerFile)
	}
	for dec.More() {
		var rec did.Record
		if err := dec.Decode(&rec); err != nil {
			return fmt.Errorf("read %s: %w", ledgerFile, err)
		}
		if sum, err := hex.DecodeString(rec.PayloadSHA256); err != nil || len(sum) != 32 || rec.ID == "" || rec.Issuer == "" || rec.RecordedAt.IsZero() {
			return fmt.Errorf("read %s: record %d is incomplete", ledgerFile, len(b.Records))
		}
		b.Records = append(b.Records, rec)
	}
	if _, err := dec.Token(); err != nil {
		return fmt.Errorf("read %s: %w", ledgerFile, err)
	}
	b.HasRecords = true
	return nil
}

// capped counts against the file's limit and the bundle's.
type capped struct {
	r     io.Reader
	name  string
	left  int64
	total *int64
}

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.left -= int64(n)
	*c.total -= int64(n)
	if c.left < 0 || *c.total < 0 {
		return 0, fmt.Errorf("%s is larger than a bundle may hold", c.name)
	}
	return n, err
}
