package main

import (
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"sijil/internal/logcopy"
)

// pace shows how far a copy is, on standard error: in one line on a terminal, by a plain
// line every few seconds elsewhere. A position says how much of the log is behind it, also where
// positions are no counts.
type pace struct {
	*app
	what     string
	terminal bool
	began    time.Time

	mu    sync.Mutex
	last  logcopy.Progress
	first logcopy.Progress
	said  time.Time
	drawn bool
}

// drawPause is the time between two drawings on a terminal.
const drawPause = 200 * time.Millisecond

func newPace(a *app, what string) *pace {
	p := &pace{app: a, what: what, began: a.now()}
	p.said = p.began
	if f, ok := a.stderr.(*os.File); ok {
		p.terminal = term.IsTerminal(int(f.Fd()))
	}
	return p
}

func (p *pace) set(now logcopy.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Events < p.last.Events || p.last.Events == 0 { // a new pass
		p.first, p.began = now, p.now()
	}
	p.last = now
	pause := linePause
	if p.terminal {
		pause = drawPause
	}
	if at := p.now(); at.Sub(p.said) >= pause {
		p.said = at
		p.say(at)
	}
}

func (p *pace) say(at time.Time) {
	took := at.Sub(p.began).Seconds()
	rate := float64(p.last.Events-p.first.Events) / max(took, 0.001)
	left := "?"
	if moved := float64(p.last.At - p.first.At); moved > 0 && p.last.End >= p.last.At {
		left = time.Duration(float64(p.last.End-p.last.At) / moved * took * float64(time.Second)).Round(time.Second).String()
	}
	line := fmt.Sprintf("%s: %d events, %.0f/s, %.0f %%, %s left", p.what, p.last.Events, rate, 100*min(1, float64(p.last.At)/float64(max(p.last.End, 1))), left)
	if p.terminal {
		p.drawn = true
		fmt.Fprintf(p.stderr, "\r\x1b[K%s", line)
		return
	}
	fmt.Fprintln(p.stderr, line)
}

// done ends it.
func (p *pace) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn {
		fmt.Fprint(p.stderr, "\r\x1b[K")
	}
}
