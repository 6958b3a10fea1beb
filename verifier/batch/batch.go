// Package batch verifies files by the thousand: it walks directories, judges on all cores
// and tells the results in the order of the names.
package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"sijil/verifier"
)

// Result is the verdict on one file.
type Result struct {
	File    string
	Verdict verifier.Verdict
}

// Summary counts results.
type Summary struct{ Valid, NotValid, CannotConfirm int }

// Add counts one.
func (s *Summary) Add(o verifier.Overall) {
	switch o {
	case verifier.Valid:
		s.Valid++
	case verifier.NotValid:
		s.NotValid++
	default:
		s.CannotConfirm++
	}
}

// Total of files.
func (s Summary) Total() int { return s.Valid + s.NotValid + s.CannotConfirm }

// maxFile is more than any credential or picture with one has; a longer file is judged by its
// beginning, which is too large, and never held whole.
const maxFile = 4<<20 + 1

// Verify judges every file of paths, and every file below those that are directories
// (hidden ones aside; links are not followed), at a time. It yields results in order and
// holds only those under way. A file that cannot be read is a result too: it cannot be
// confirmed. Stopping early, or the end of ctx, ends the work.
func Verify(ctx context.Context, trust verifier.Trust, at time.Time, paths []string) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		workers := runtime.GOMAXPROCS(0)
		// Each file gets a slot; slots are read in the order in which they were handed out.
		type job struct {
			file string
			err  error
			done chan Result
		}
		slots, work := make(chan job, 16*workers), make(chan job)
		for range workers {
			go func() {
				for j := range work {
					j.done <- one(ctx, trust, at, j.file, j.err)
				}
			}()
		}
		go func() {
			defer close(slots)
			defer close(work)
			for file, err := range files(paths) {
				j := job{file, err, make(chan Result, 1)}
				select {
				case slots <- j:
					work <- j // a worker always comes: none of them waits for us
				case <-ctx.Done():
					return
				}
			}
		}()
		for j := range slots {
			if r := <-j.done; ctx.Err() != nil || !yield(r) {
				cancel()
				for range slots { // let the walker see that it is over
				}
				return
			}
		}
	}
}

func one(ctx context.Context, trust verifier.Trust, at time.Time, file string, err error) Result {
	var content []byte
	if err == nil {
		content, err = read(file)
	}
	if err != nil {
		return Result{file, verifier.Refused(verifier.FileUnreadable, fmt.Sprintf("the file cannot be read: %s", cause(err)), at)}
	}
	return Result{file, verifier.VerifyFile(ctx, file, content, trust, at)}
}

// cause is err without the path, which the result names already.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

func read(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// files are the files of paths; one that cannot be looked at comes with an error.
func files(paths []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		stopped := false
		for _, path := range paths {
			// The callback returns every error as a result, so that WalkDir has none left.
			_ = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
				switch {
				case err != nil:
				case name != path && strings.HasPrefix(d.Name(), "."):
					if d.IsDir() {
						return fs.SkipDir
					}
					return nil
				case d.IsDir() || name != path && !d.Type().IsRegular():
					return nil
				}
				if stopped = !yield(name, err); stopped {
					return fs.SkipAll
				}
				return nil
			})
			if stopped {
				return
			}
		}
	}
}
