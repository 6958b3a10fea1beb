package bench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// tick is the unit of processor time in /proc, fixed at 1/100 s for user space on Linux.
const tick = time.Second / 100

// CPU gives a measure of the processor time that this process and the PostgreSQL server
// behind pool have used. The server must run on this machine, which must be Linux.
func CPU(ctx context.Context, pool *pgxpool.Pool) (func() (time.Duration, error), error) {
	var backend int
	if err := pool.QueryRow(ctx, `select pg_backend_pid()`).Scan(&backend); err != nil {
		return nil, fmt.Errorf("asking the server for a process id: %w", err)
	}
	p, err := statOf(strconv.Itoa(backend))
	if err != nil {
		return nil, fmt.Errorf("looking for the server among the processes: %w", err)
	}
	server := p.parent
	return func() (time.Duration, error) {
		var own syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
			return 0, fmt.Errorf("reading our processor time: %w", err)
		}
		total := time.Duration(own.Utime.Nano() + own.Stime.Nano())
		theirs, err := familyCPU(server)
		return total + theirs, err
	}, nil
}

// familyCPU is the processor time of a server and its children, the dead ones included.
func familyCPU(server int) (total time.Duration, err error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, d := range dirs {
		p, err := statOf(filepath.Base(d))
		switch {
		case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH):
			continue // ended meanwhile
		case err != nil:
			return 0, err
		case p.pid == server:
			total += p.own + p.reaped
		case p.parent == server:
			total += p.own
		}
	}
	return total, nil
}

// process is a line of proc(5)'s stat.
type process struct {
	pid, parent int
	own, reaped time.Duration // its own time, and that of children it has waited for
}

func statOf(pid string) (p process, err error) {
	b, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		return p, err
	}
	return parseStat(string(b))
}

func parseStat(line string) (p process, err error) {
	open, end := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')') // the name may hold anything
	if open < 1 || end < open {
		return p, errors.New("a line of /proc/*/stat has no name")
	}
	fields := strings.Fields(line[end+1:])
	if len(fields) < 15 {
		return p, errors.New("a line of /proc/*/stat is short")
	}
	var n [6]int
	for i, s := range []string{strings.TrimSpace(line[:open]), fields[1], fields[11], fields[12], fields[13], fields[14]} {
		if n[i], err = strconv.Atoi(s); err != nil {
			return p, fmt.Errorf("reading /proc/*/stat: %w", err)
		}
	}
	return process{
		pid: n[0], parent: n[1],
		own: time.Duration(n[2]+n[3]) * tick, reaped: time.Duration(n[4]+n[5]) * tick,
	}, nil
}
