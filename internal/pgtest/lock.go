package pgtest

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// lock takes a flock on path, waiting until ctx ends. Closing the file gives it back.
func lock(ctx context.Context, path string, how int) (*os.File, error) {
	for {
		f, ok, err := tryLock(path, how)
		if ok || err != nil {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// tryLock takes a flock on path if it is free.
func tryLock(path string, how int) (*os.File, bool, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, false, err
	}
	err = syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
	if err == nil {
		return f, true, nil
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, false, nil
	}
	return nil, false, err
}
