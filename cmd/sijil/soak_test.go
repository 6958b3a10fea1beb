package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"sijil/internal/pgtest"
	"sijil/internal/simtest"
)

// TestSoak lets two schools work with sixteen clerks on a served ledger, and kills it with
// SIGKILL at random moments: the program, its whole PostgreSQL, both, or the program while it
// is starting. Clerks repeat what was not answered, cut some of their own connections, and
// read back what they wrote. In the end every acknowledged command has to stand in the log
// exactly once and be answered again as it was, the log has to be whole, and the read models
// equal to a fold of it. Then durable commits are turned off behind the ledger's back: a
// harness that does not see what is lost then proves nothing.
//
// SIJIL_SOAK_KILLS is how often, 5 by default; SIJIL_SOAK_SEED repeats who does what and
// when; SIJIL_SOAK_PROGRAM is a built sijil to run instead of this test binary, which
// brings the race detector.
func TestSoak(t *testing.T) {
	s := newSoak(t)
	s.raise()
	enough := s.work()
	for i := 0; s.killed < s.kills; i++ {
		w := ways[i%len(ways)]
		s.hurt(w)
		t.Logf("kill %d of %d, %s: %s", s.killed, s.kills, w, &s.crowd.Book)
	}
	s.program.awaitReady()
	s.awaitWork(250) // a few diplomas
	close(enough)
	s.must("finishing", <-s.working)
	s.settle()
	report := s.check()
	t.Logf("%d kills: %s; %s", s.killed, &s.crowd.Book, report)
	if err := report.Err(); err != nil {
		t.Fatal(err)
	}
	if report.Log.Awards == 0 || report.Log.Awards != report.Log.Signed {
		t.Errorf("%d diplomas were awarded, %d signed", report.Log.Awards, report.Log.Signed)
	}
	if s.crowd.Book.Retries.Load() == 0 {
		t.Errorf("nothing was under way when the kills came: they prove nothing")
	}
	s.loseCommits()
}

// soak is one run.
type soak struct {
	t       *testing.T
	ctx     context.Context
	kills   int // to do
	killed  int
	rng     *rand.Rand
	program *program
	crowd   *simtest.Crowd
	working chan error // what the clerks end with
}

func newSoak(t *testing.T) *soak {
	s := &soak{t: t, kills: 5}
	seed := rand.Uint64() >> 16 // short enough to be typed
	for name, set := range map[string]func(uint64){
		"SIJIL_SOAK_KILLS": func(n uint64) { s.kills = int(n) },
		"SIJIL_SOAK_SEED":  func(n uint64) { seed = n },
	} {
		if v := os.Getenv(name); v != "" {
			n, err := strconv.ParseUint(v, 10, 64)
			if err != nil || n == 0 {
				t.Fatalf("%s is a number above 0, not %q", name, v)
			}
			set(n)
		}
	}
	t.Logf("SIJIL_SOAK_SEED=%d", seed)
	s.rng = rand.New(rand.NewPCG(seed, 0xdead))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute+time.Duration(s.kills)*30*time.Second)
	t.Cleanup(cancel)
	s.ctx = ctx
	s.program = newProgram(t, pgtest.DataDir(t))
	s.crowd = simtest.New(simtest.Config{
		Where: s.program.where, Client: s.program.newClient, Today: time.Now().UTC(), Seed: seed, Cuts: 0.04,
	})
	t.Cleanup(s.crowd.Close)
	return s
}

func (s *soak) must(what string, err error) {
	s.t.Helper()
	if err == nil {
		return
	}
	first, _ := s.crowd.Book.Problems()
	for _, p := range first {
		s.t.Error(p)
	}
	s.t.Fatalf("%s: %v", what, err)
}

// raise starts the ledger on an empty directory, kills it at it, a few times when there are
// many kills to do, starts it again and lets the crowd found its schools.
func (s *soak) raise() {
	for s.killed < max(1, s.kills/10) {
		s.program.start()
		s.within(3 * time.Second)
		s.program.kill()
		s.killed++
		s.t.Logf("kill %d of %d, in the first start", s.killed, s.kills)
	}
	s.program.start()
	s.program.awaitReady()
	s.must("founding the schools", s.crowd.Found(s.ctx))
}

// work lets the clerks begin; they go on until enough is closed.
func (s *soak) work() (enough chan struct{}) {
	enough, s.working = make(chan struct{}), make(chan error, 1)
	go func() { s.working <- s.crowd.Work(s.ctx, enough) }()
	return enough
}

// ways to hurt a ledger.
type way string

const (
	theProgram  way = "the program"
	theDatabase way = "PostgreSQL"
	both        way = "both at once"
	inTheStart  way = "the program while it starts"
)

// ways come in turn: the first five kills, with the one in the first start, have one of
// each; many kills are mostly about the program.
var ways = [...]way{both, theDatabase, inTheStart, theProgram, theProgram, theProgram}

// hurt waits for a random moment, kills, and starts again what does not by itself.
func (s *soak) hurt(w way) {
	s.killed++
	if w == inTheStart { // the clerks stand at the door of what the kill before left
		s.program.kill()
		s.program.start()
		s.within(2 * time.Second)
		s.program.kill()
		s.program.start()
		s.killed++
		return
	}
	s.program.awaitReady()
	s.awaitWork(s.crowd.Book.Count() + 10)
	s.within(2 * time.Second)
	switch w {
	case theProgram:
		s.program.kill()
		s.program.start()
	case theDatabase:
		s.program.killDatabase()
		s.program.awaitReady()
	case both:
		first, second := s.program.kill, s.program.killDatabase
		if s.rng.IntN(2) == 0 {
			first, second = second, first
		}
		first()
		second()
		s.program.start()
	}
}

// awaitWork waits until the clerks have been acknowledged so many commands in all: every
// kill is to meet them at work, however slow the machine is.
func (s *soak) awaitWork(commands int) {
	for s.crowd.Book.Count() < commands && s.ctx.Err() == nil {
		select {
		case err := <-s.working:
			s.must("going on", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// within sleeps until a random moment of the time to come.
func (s *soak) within(d time.Duration) {
	time.Sleep(time.Duration(s.rng.Int64N(int64(d))))
}

// settle waits until every award is signed, and has everything asked and read once more.
func (s *soak) settle() {
	for unsigned := -1; unsigned != 0; {
		var err error
		unsigned, err = s.crowd.Unsigned(s.ctx)
		s.must("waiting for signatures", err)
		if unsigned > 0 {
			time.Sleep(50 * time.Millisecond)
		}
	}
	s.must("asking again for every answer", s.crowd.AskAgain(s.ctx))
	s.must("reading everything back", s.crowd.ReadBack(s.ctx))
	s.must("verifying every diploma offline", s.program.verifyAll(s.ctx))
}

// check stops the program in order and holds the ledger that it leaves to the book.
func (s *soak) check() simtest.Report {
	s.t.Helper()
	s.program.stop()
	a, err := s.program.open(s.ctx)
	if err != nil {
		s.t.Fatalf("opening the ledger after the kills: %v", err)
	}
	defer func() {
		if err := a.Close(context.WithoutCancel(s.ctx)); err != nil {
			s.t.Errorf("closing the ledger: %v", err)
		}
	}()
	s.must("catching up", a.CatchUp(s.ctx))
	report, err := simtest.Check(s.ctx, simtest.Held{Log: a.Log, Ledger: a.Ledger, Runner: a.Runner}, &s.crowd.Book)
	s.must("checking", err)
	return report
}

// loseCommits has the server acknowledge commits that it has not written, as somebody could
// who changes its configuration while the ledger runs, and kills everything. The check has
// to see it.
func (s *soak) loseCommits() {
	for range 3 {
		s.program.start()
		s.program.awaitReady()
		enough := s.work()
		time.Sleep(300 * time.Millisecond)
		s.program.relax(s.ctx)
		time.Sleep(time.Second)
		close(enough)
		s.must("working without durable commits", <-s.working)
		s.program.killDatabase()
		s.program.kill()
		s.program.start()
		s.program.awaitReady()
		if r := s.check(); r.Lost > 0 && r.Err() != nil {
			s.t.Logf("without durable commits, as it must: %s", r)
			return
		}
	}
	s.t.Error(fmt.Errorf("commits that were never written were killed, and the check does not miss them"))
}
