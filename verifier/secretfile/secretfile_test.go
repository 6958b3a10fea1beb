package secretfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

func TestOneOfManyMakesTheFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.key")
	var made atomic.Int32
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			switch err := Create(path, fmt.Appendf(nil, "secret %d", i)); {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
		})
	}
	all.Wait()
	before, err := os.ReadFile(path)
	if err != nil || len(before) != len("secret 0") || made.Load() != 1 {
		t.Fatalf("%d made it, it holds %q, %v", made.Load(), before, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%d files lie there, %v", len(files), err)
	}
	if err := Create(filepath.Join(dir, "none", "a.key"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without its directory: %v", err)
	}
}
