package bundle

import (
	"archive/zip"
	"bufio"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sijil/verifier/did"
)

// Write writes b without a signature to path: a ZIP if the name ends in ".zip", else a
// directory. It never overwrites. trust.json comes last, so that what a crash leaves behind
// does not open.
func Write(path string, b Bundle) error { return write(path, b, nil) }

// WriteSigned writes b to path as [Write] does, with a manifest that key signs. Last comes the
// manifest.
func WriteSigned(path string, b Bundle, from Origin, key crypto.Signer) error {
	return write(path, b, func(files []File) ([]byte, error) {
		slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
		return Manifest{Origin: from, GeneratedAt: b.Now, Files: files}.sign(key)
	})
}

func write(path string, b Bundle, sign func([]File) ([]byte, error)) (err error) {
	if !strings.HasSuffix(path, ".zip") {
		for _, dir := range []string{statusDir, didDir} {
			if dir == didDir && len(b.Documents) == 0 {
				continue
			}
			if err := os.MkdirAll(filepath.Join(path, dir), 0o755); err != nil {
				return fmt.Errorf("make bundle directory: %w", err)
			}
		}
		return writeFiles(b, sign, func(name string) (io.WriteCloser, error) {
			return create(filepath.Join(path, filepath.FromSlash(name)))
		})
	}
	f, err := create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z := zip.NewWriter(f)
	err = writeFiles(b, sign, func(name string) (io.WriteCloser, error) {
		w, err := z.Create(name)
		return nopCloser{w}, err
	})
	return errors.Join(err, z.Close())
}

func create(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("create bundle file (an existing bundle is not overwritten): %w", err)
	}
	return f, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func writeFiles(b Bundle, sign func([]File) ([]byte, error), open func(name string) (io.WriteCloser, error)) error {
	var files []File
	put := func(name string, write func(w *bufio.Writer) error) error {
		f, err := open(name)
		if err != nil {
			return err
		}
		sum := &digest{Hash: sha256.New()}
		w := bufio.NewWriter(io.MultiWriter(f, sum))
		if err := errors.Join(write(w), w.Flush(), f.Close()); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		files = append(files, File{name, sum.size, hex.EncodeToString(sum.Sum(nil))})
		return nil
	}
	plain := func(content []byte) func(*bufio.Writer) error {
		return func(w *bufio.Writer) error { _, err := w.Write(content); return err }
	}
	asJSON := func(v any) func(*bufio.Writer) error {
		return func(w *bufio.Writer) error { return json.NewEncoder(w).Encode(v) }
	}
	mapped := func(mapName, dir, ext string, content map[string][]byte) error {
		names := map[string]string{}
		for _, key := range slices.Sorted(maps.Keys(content)) {
			sum := sha256.Sum256([]byte(key))
			names[key] = dir + "/" + hex.EncodeToString(sum[:8]) + ext
			if err := put(names[key], plain(content[key])); err != nil {
				return err
			}
		}
		return put(mapName, asJSON(names))
	}
	if err := mapped(mapFile, statusDir, ".jwt", b.Lists); err != nil {
		return err
	}
	if b.Documents != nil {
		if err := mapped(didMapFile, didDir, ".json", b.Documents); err != nil {
			return err
		}
	}
	if b.HasRecords {
		if err := put(ledgerFile, func(w *bufio.Writer) error { return writeRecords(w, b.Records) }); err != nil {
			return err
		}
	}
	issuers := b.Issuers
	if issuers == nil {
		issuers = []did.Issuer{}
	}
	if err := put(trustFile, asJSON(trustDoc{Issuers: issuers, Now: b.Now, OtherKeys: b.OtherKeys})); err != nil || sign == nil {
		return err
	}
	token, err := sign(files)
	if err != nil {
		return fmt.Errorf("sign bundle: %w", err)
	}
	return put(manifestFile, plain(token))
}

// digest is a hash that counts.
type digest struct {
	hash.Hash
	size int64
}

func (d *digest) Write(p []byte) (int, error) {
	d.size += int64(len(p))
	return d.Hash.Write(p)
}

// writeRecords streams one record a line: there may be millions.
func writeRecords(w *bufio.Writer, records []did.Record) error {
	sep := "[\n"
	for _, r := range records {
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		w.WriteString(sep) // the error shows at Flush
		w.Write(line)
		sep = ",\n"
	}
	if len(records) == 0 {
		w.WriteString("[")
	}
	_, err := w.WriteString("\n]\n")
	return err
}
