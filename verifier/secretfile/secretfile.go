// Package secretfile makes files of secrets: whole and durable, or not there. Everything
// here that keeps a key in a file makes it by this package.
package secretfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Create makes the file at path with mode 0400, in a directory that exists. It is on disk, name and
// content, when Create returns; a crash before leaves at most a hidden file beside it. fs.ErrExist
// when there is one already, which is on disk then and stays as it is: another process was quicker.
func Create(path string, content []byte) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.Write(content)
	if err := errors.Join(err, f.Chmod(0o400), f.Sync(), f.Close()); err != nil {
		return err
	}
	// A link, unlike a rename, never takes the place of a file that is there.
	linked := os.Link(f.Name(), path)
	if linked != nil && !errors.Is(linked, fs.ErrExist) {
		return linked
	}
	// The other process's file, too: its name may not be on disk yet, and the caller is about to use it.
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(linked, d.Sync(), d.Close())
}
