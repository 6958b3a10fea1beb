package pgembed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// flock is an advisory lock between processes, given back by the kernel when the process
// ends in whatever way.
type flock struct{ f *os.File }

func openFlock(path string) (*flock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening a lock file: %w", err)
	}
	return &flock{f}, nil
}

// try takes the lock (syscall.LOCK_EX or LOCK_SH) if it is free.
func (l *flock) try(how int) (bool, error) {
	for {
		err := syscall.Flock(int(l.f.Fd()), how|syscall.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, syscall.EINTR):
			return false, fmt.Errorf("locking %s: %w", l.f.Name(), err)
		}
	}
}

// take waits for the lock until ctx ends. It asks again and again, because a blocking
// flock cannot be called off.
func (l *flock) take(ctx context.Context, how int) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := l.try(how); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("locking %s: %w", l.f.Name(), context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// release gives the lock back. Unlocking an open file cannot fail.
func (l *flock) release() { _ = syscall.Flock(int(l.f.Fd()), syscall.LOCK_UN) }

// close gives the lock back for good.
func (l *flock) close() error {
	if l.f == nil {
		return nil
	}
	err := l.f.Close()
	l.f = nil
	return err
}

func (l *flock) closed() bool { return l.f == nil }
