package pgtest

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// proc is a line of the process table.
type proc struct {
	pid, parent int
	state       string
}

// processes is the process table, from /proc, or from ps where there is none.
func processes() []proc {
	entries, err := os.ReadDir("/proc")
	if err != nil || len(entries) == 0 {
		return psTable()
	}
	var all []proc
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if p := parentOf(pid); p.parent != 0 {
			all = append(all, p)
		}
	}
	return all
}

// parentOf reads one process; the zero proc when there is none.
func parentOf(pid int) proc {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		for _, p := range psTable() {
			if p.pid == pid {
				return p
			}
		}
		return proc{}
	}
	// "pid (name) state parent …", and the name may hold anything.
	_, rest, _ := strings.Cut(string(b[strings.LastIndexByte(string(b), ')'):]), " ")
	f := strings.Fields(rest)
	parent, _ := strconv.Atoi(f[1])
	return proc{pid, parent, f[0]}
}

func psTable() []proc {
	out, err := exec.Command("ps", "-A", "-o", "pid=,ppid=,stat=").Output()
	if err != nil {
		return nil
	}
	var all []proc
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) != 3 {
			continue
		}
		pid, _ := strconv.Atoi(f[0])
		parent, _ := strconv.Atoi(f[1])
		all = append(all, proc{pid, parent, f[2][:1]})
	}
	return all
}

func childrenOf(pid int) []int {
	var ids []int
	for _, p := range processes() {
		if p.parent == pid {
			ids = append(ids, p.pid)
		}
	}
	return ids
}
