package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far long work is, on standard error: a bar with rate and time left on
// a terminal, a plain line every few seconds elsewhere. A nil one shows nothing. It may be
// used concurrently.
type progress struct {
	w     io.Writer
	what  string
	total int64
	bar   *progressbar.ProgressBar

	mu    sync.Mutex
	at    int64
	began time.Time
	said  time.Time
}

// linePause is the time between two plain lines.
const linePause = 5 * time.Second

// newProgress begins it; a total of -1 is not known.
func newProgress(w io.Writer, what string, total int64) *progress {
	p := &progress{w: w, what: what, total: total, began: time.Now()}
	p.said = p.began
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	return p
}

// set says how much is done; going back is ignored.
func (p *progress) set(n int64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if n <= p.at {
		return
	}
	p.at = n
	if p.bar != nil {
		_ = p.bar.Set64(n) // a bar that cannot be drawn is no reason to stop
		return
	}
	if time.Since(p.said) >= linePause {
		p.said = time.Now()
		p.line()
	}
}

// of is set for work whose total grows while it is done.
func (p *progress) of(n, total int64) {
	p.mu.Lock()
	p.total = total
	if p.bar != nil {
		p.bar.ChangeMax64(total)
	}
	p.mu.Unlock()
	p.set(n)
}

func (p *progress) line() {
	took := time.Since(p.began)
	rate := float64(p.at) / max(took.Seconds(), 0.001)
	if p.total < 0 {
		fmt.Fprintf(p.w, "%s: %d, %.0f/s\n", p.what, p.at, rate)
		return
	}
	left := "?"
	if rate > 0 {
		left = time.Duration(float64(p.total-p.at) / rate * float64(time.Second)).Round(time.Second).String()
	}
	fmt.Fprintf(p.w, "%s: %d of %d, %.0f/s, %s left\n", p.what, p.at, p.total, rate, left)
}

// done ends it; work that took long enough to be noticed gets a last line.
func (p *progress) done() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Finish()
		return
	}
	if time.Since(p.began) >= linePause {
		p.line()
	}
}
