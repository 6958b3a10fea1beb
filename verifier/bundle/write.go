package bundle

import (
	"archive/zip"
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"sijil/verifier/did"
)

// Write writes b to path: a ZIP if the name ends in ".zip", else a directory. It never
// overwrites. trust.json comes last, so that what a crash leaves behind does not open.
func Write(path string, b Bundle) (err error) {
	if !strings.HasSuffix(path, ".zip") {
		if err := os.MkdirAll(filepath.Join(path, statusDir), 0o755); err != nil {
			return fmt.Errorf("make bundle directory: %w", err)
		}
		return writeFiles(b, func(name string) (io.WriteCloser, error) {
			return create(filepath.Join(path, filepath.FromSlash(name)))
		})
	}
	f, err := create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z := zip.NewWriter(f)
	err = writeFiles(b, func(name string) (io.WriteCloser, error) {
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

func writeFiles(b Bundle, open func(name string) (io.WriteCloser, error)) error {
	put := func(name string, write func(w *bufio.Writer) error) error {
		f, err := open(name)
		if err != nil {
			return err
		}
		w := bufio.NewWriter(f)
		if err := errors.Join(write(w), w.Flush(), f.Close()); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		return nil
	}
	asJSON := func(v any) func(*bufio.Writer) error {
		return func(w *bufio.Writer) error { return json.NewEncoder(w).Encode(v) }
	}
	files := map[string]string{}
	for url, token := range b.Lists {
		sum := sha256.Sum256([]byte(url))
		name := statusDir + "/" + hex.EncodeToString(sum[:8]) + ".jwt"
		files[url] = name
		if err := put(name, func(w *bufio.Writer) error { _, err := w.Write(token); return err }); err != nil {
			return err
		}
	}
	if err := put(mapFile, asJSON(files)); err != nil {
		return err
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
	return put(trustFile, asJSON(trustDoc{Issuers: issuers, Now: b.Now, OtherKeys: b.OtherKeys}))
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
