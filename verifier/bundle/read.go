package bundle

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"sijil/verifier/did"
	"sijil/verifier/keyfile"
)

// Bounds of a bundle, counted as it unpacks, so that a ZIP bomb costs no more than this.
const (
	maxManifest = 8 << 20
	maxTrust    = 64 << 20
	maxLedger   = 512 << 20 // about two million records
	maxMap      = 16 << 20
	maxList     = 512 << 10
	maxLists    = 16_384
	maxDocument = 64 << 10
	maxTotal    = 1 << 30
)

// Open reads the bundle at path, a directory or a ZIP (its files at the top or in one
// folder), whether or not it is signed, and looks at no signature: the result is Unsigned.
// [ErrUnsigned], or [KeyMissing] for a signed one, unless that is allowed.
func Open(path string, insecure bool) (Bundle, error) {
	return open(path, func(fsys fs.FS) (Bundle, error) {
		if !insecure {
			if _, err := fs.Stat(fsys, manifestFile); err == nil {
				return Bundle{}, Refuse(KeyMissing, "it is signed, and there is no key to check that with")
			}
			return Bundle{}, ErrUnsigned
		}
		b, err := Read(fsys)
		b.Unsigned = true
		return b, err
	})
}

// OpenSigned reads the bundle at path if one of keys signed its manifest and it has exactly
// the files of the manifest. It does not know the time: a bundle that has expired opens, and
// verifying says that it is stale.
func OpenSigned(path string, keys []keyfile.Public) (Bundle, error) {
	return open(path, func(fsys fs.FS) (Bundle, error) { return ReadSigned(fsys, keys) })
}

func open(path string, read func(fs.FS) (Bundle, error)) (Bundle, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Bundle{}, fmt.Errorf("open bundle: %w", err)
	}
	if info.IsDir() {
		root, err := os.OpenRoot(path) // no link in it leads outside
		if err != nil {
			return Bundle{}, fmt.Errorf("open bundle: %w", err)
		}
		defer root.Close()
		return inFolder(root.FS(), read)
	}
	z, err := openZIP(path)
	if err != nil {
		return Bundle{}, err
	}
	defer z.Close()
	return inFolder(z, read)
}

// inFolder reads fsys or, if all it has is one folder, that.
func inFolder(fsys fs.FS, read func(fs.FS) (Bundle, error)) (Bundle, error) {
	if _, err := fs.Stat(fsys, trustFile); errors.Is(err, fs.ErrNotExist) {
		entries, dirErr := fs.ReadDir(fsys, ".")
		if dirErr == nil && len(entries) == 1 && entries[0].IsDir() {
			if fsys, err = fs.Sub(fsys, entries[0].Name()); err != nil {
				return Bundle{}, fmt.Errorf("read bundle: %w", err)
			}
		}
	}
	return read(fsys)
}

// Read reads a bundle's files from fsys, as they are.
func Read(fsys fs.FS) (Bundle, error) {
	r := reader{fsys: fsys, left: maxTotal}
	return r.bundle()
}

// ReadSigned reads a signed bundle's files from fsys.
func ReadSigned(fsys fs.FS, keys []keyfile.Public) (Bundle, error) {
	r := reader{fsys: fsys, left: maxTotal}
	token, err := r.file(manifestFile, maxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return Bundle{}, ErrUnsigned
	} else if err != nil {
		return Bundle{}, err
	}
	m, err := parseManifest(token, keys)
	if err != nil {
		return Bundle{}, err
	}
	r.listed, r.unread = map[string]File{}, map[string]bool{}
	for _, f := range m.Files {
		r.listed[f.Name], r.unread[f.Name] = f, true
	}
	if err := r.same(); err != nil {
		return Bundle{}, err
	}
	b, err := r.bundle()
	if err != nil {
		return Bundle{}, err
	}
	for name := range r.unread {
		return Bundle{}, Refuse(BadManifest, "%s is signed and nothing in the bundle uses it", name)
	}
	if !b.Now.Equal(m.GeneratedAt.Time) {
		return Bundle{}, Refuse(BadManifest, "%s and %s are from different times", manifestFile, trustFile)
	}
	b.Manifest = m
	return b, nil
}

func (r *reader) bundle() (Bundle, error) {
	var doc trustDoc
	if err := r.json(trustFile, maxTrust, &doc); errors.Is(err, fs.ErrNotExist) {
		return Bundle{}, Refuse(Missing, "there is no %s in it", trustFile)
	} else if err != nil {
		return Bundle{}, err
	}
	b := Bundle{Now: doc.Now, Issuers: doc.Issuers, OtherKeys: doc.OtherKeys}
	if err := parseKeys(&b); err != nil {
		return Bundle{}, err
	}
	var err error
	if b.Lists, err = r.mapped(mapFile, statusDir, maxList); err != nil {
		return Bundle{}, err
	}
	if b.Lists == nil {
		b.Lists = map[string][]byte{}
	}
	if b.Documents, err = r.mapped(didMapFile, didDir, maxDocument); err != nil {
		return Bundle{}, err
	}
	if err := checkDocuments(b); err != nil {
		return Bundle{}, err
	}
	if err := r.records(&b); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Bundle{}, err
	}
	return b, nil
}

// mapped reads the files of a map, which must lie in dir; nil if there is no map.
func (r *reader) mapped(name, dir string, limit int64) (map[string][]byte, error) {
	files := map[string]string{}
	if err := r.json(name, maxMap, &files); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if len(files) > maxLists {
		return nil, Refuse(TooLarge, "%s names more than %d files", name, maxLists)
	}
	out := make(map[string][]byte, len(files))
	for key, file := range files {
		if !fs.ValidPath(file) || !strings.HasPrefix(file, dir+"/") {
			return nil, Refuse(BadPath, "%s: %q is not a file of %s/", name, file, dir)
		}
		b, err := r.file(file, limit)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, Refuse(Missing, "%s is not there", file)
		} else if err != nil {
			return nil, err
		}
		out[key] = b
	}
	return out, nil
}

// records streams ledger.json: decoding it whole would hold every record twice.
func (r *reader) records(b *Bundle) error {
	malformed := func(err error) error { return Refuse(Malformed, "%s: %s", ledgerFile, err) }
	return r.with(ledgerFile, maxLedger, func(in io.Reader) error {
		dec := json.NewDecoder(in)
		if t, err := dec.Token(); err != nil || t != json.Delim('[') {
			return Refuse(Malformed, "%s is not a JSON array", ledgerFile)
		}
		for dec.More() {
			var rec did.Record
			if err := dec.Decode(&rec); err != nil {
				return malformed(err)
			}
			if sum, err := hex.DecodeString(rec.PayloadSHA256); err != nil || len(sum) != 32 || rec.ID == "" || rec.Issuer == "" || rec.RecordedAt.IsZero() {
				return Refuse(Malformed, "%s: record %d is incomplete", ledgerFile, len(b.Records))
			}
			for _, f := range rec.Forms {
				if sum, err := hex.DecodeString(f.PayloadSHA256); err != nil || len(sum) != 32 || f.RecordedAt.IsZero() {
					return Refuse(Malformed, "%s: record %d has an incomplete form", ledgerFile, len(b.Records))
				}
			}
			b.Records = append(b.Records, rec)
		}
		if _, err := dec.Token(); err != nil {
			return malformed(err)
		}
		b.HasRecords = true
		return nil
	})
}

func (r *reader) file(name string, limit int64) (b []byte, err error) {
	err = r.with(name, limit, func(in io.Reader) error {
		var buf bytes.Buffer
		_, err := buf.ReadFrom(in)
		b = buf.Bytes()
		return err
	})
	return b, err
}

func (r *reader) json(name string, limit int64, into any) error {
	return r.with(name, limit, func(in io.Reader) error {
		dec := json.NewDecoder(in)
		if err := dec.Decode(into); err != nil {
			return Refuse(Malformed, "%s: %s", name, err)
		}
		if _, err := dec.Token(); !errors.Is(err, io.EOF) {
			return Refuse(Malformed, "%s: text after the JSON value", name)
		}
		return nil
	})
}
