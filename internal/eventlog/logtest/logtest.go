// Package logtest is the contract of eventlog.Log as a test suite. Every adapter runs
// the same cases; what only some can do (come back after a restart, share their storage
// with a second process, take a clock) is asked of those that say so.
package logtest

import (
	"context"
	"strings"
	"testing"
	"time"

	"sijil/internal/eventlog"
)

// Suite says how to get logs to test. Open is required; each of the others adds cases.
type Suite struct {
	// Open gives a new, empty log, which ends with the test.
	Open func(t testing.TB) eventlog.Log
	// OpenAt is Open with a clock.
	OpenAt func(t testing.TB, clock func() time.Time) eventlog.Log
	// Reopen ends l as its process would at a stop, and opens its storage again.
	Reopen func(t testing.TB, l eventlog.Log) eventlog.Log
	// Second opens the storage of l as another process would beside it.
	Second func(t testing.TB, l eventlog.Log) eventlog.Log
	// Stop takes the server of l away, as when its machine dies; Start brings it back where it
	// was. Both or neither.
	Stop, Start func(t testing.TB, l eventlog.Log)
	// Cut breaks a connection of l in the next append, at the request or, when late, at the
	// answer to it.
	Cut func(t testing.TB, l eventlog.Log, late bool)
	// Causal says that recordedAt is in causal order only: it never decreases within a stream,
	// nor after anything that its writer has read or written. Else it never decreases with
	// position.
	Causal bool
	// Only keeps the cases whose name contains it, for a second run with other settings.
	Only string
	// Patience bounds one case; 0 means a minute. A correct log needs a few seconds.
	Patience time.Duration
	// Except leaves out the cases whose name contains it, when it is not empty: what is run
	// elsewhere need not run twice.
	Except string
	// Light makes the long cases shorter, for a log behind a network. As many write at once,
	// only less.
	Light bool
	// Writers is how many append at once in the cases about that; 0 means 32.
	Writers int
}

// Run asserts the contract on logs that open gives, each new and empty.
func Run(t *testing.T, open func(t *testing.T) eventlog.Log) {
	t.Helper()
	Suite{Open: func(tb testing.TB) eventlog.Log {
		t, ok := tb.(*testing.T)
		if !ok {
			tb.Fatal("logtest.Run wants a *testing.T; use a Suite")
		}
		return open(t)
	}}.Run(t)
}

// Run asserts the contract, one subtest per case.
func (s Suite) Run(t *testing.T) {
	t.Helper()
	for _, c := range cases {
		if !strings.Contains(c.name, s.Only) || s.Except != "" && strings.Contains(c.name, s.Except) {
			continue
		}
		t.Run(c.name, func(t *testing.T) { s.run(t, c) })
	}
}

// run asserts one case, or skips it when the suite lacks what it needs.
func (s Suite) run(t testing.TB, c testCase) {
	t.Helper()
	if c.needs != nil && !c.needs(s) {
		t.Skip("this log does not offer what the case needs")
	}
	if s.Patience == 0 {
		s.Patience = time.Minute
	}
	if s.Writers == 0 {
		s.Writers = 32
	}
	ctx, cancel := context.WithTimeout(t.Context(), s.Patience)
	defer cancel()
	c.check(&env{TB: t, Suite: s, ctx: ctx})
}

// testCase is one rule of the contract; its name states it.
type testCase struct {
	name  string
	check func(*env)
	needs func(Suite) bool
}

var (
	clocked    = func(s Suite) bool { return s.OpenAt != nil }
	reopenable = func(s Suite) bool { return s.Reopen != nil }
	shareable  = func(s Suite) bool { return s.Second != nil }
	stoppable  = func(s Suite) bool { return s.Stop != nil && s.Start != nil }
	cuttable   = func(s Suite) bool { return s.Cut != nil }
	total      = func(s Suite) bool { return !s.Causal }
)

// cases is the contract. The order is from the simple to the concurrent, so that the
// first failure is the plainest.
var cases = []testCase{
	{name: "a new log is empty and has an id", check: newLogIsEmpty},
	{name: "two logs have two ids", check: idsDiffer},
	{name: "an append answers places and times", check: appendAnswers},
	{name: "bytes come back as they went in", check: bytesAreVerbatim},
	{name: "what the caller does to its bytes afterwards changes nothing", check: bytesAreOwned},
	{name: "a name may be any text", check: namesAreAnyText},
	{name: "a stream grows by exact revisions", check: streamGrows},
	{name: "another revision is a conflict and stores nothing", check: conflictStoresNothing},
	{name: "an append that is wrong in itself is refused and stores nothing", check: invalidIsRefused},
	{name: "an append has at most MaxAppend bytes", check: sizeIsLimited},
	{name: "a retry is answered with the first append", check: retryIsAnswered},
	{name: "a retry that differs in one id is a conflict", check: otherIDsConflict},
	{name: "at the head an append is always written", check: headAlwaysWrites},
	{name: "an id is unique per stream only", check: idsArePerStream},
	{name: "find gives what append stored, and nothing else", check: findGives},
	{name: "read begins at a revision, included", check: readFrom},
	{name: "read ends where the stream ended when it began", check: readIsBounded},
	{name: "a stream that does not exist yields nothing", check: missingStream},
	{name: "all resumes after a position, excluded", check: allResumes},
	{name: "a position far ahead is after everything", check: farPosition},
	{name: "back yields what lies before a position, the last first", check: backFrom},
	{name: "back does not see what is appended meanwhile", check: backIsBounded},
	{name: "reading goes over many pages", check: manyPages},
	{name: "a reader may stop early and may use the log meanwhile", check: readersAreFree},
	{name: "every method returns when its context ends", check: contextEnds},
	{name: "a reader stops when its context ends in the middle", check: contextEndsMidway},
	{name: "recordedAt is set where it is empty and nowhere else", check: stampsOnlyEmpty},
	{name: "recordedAt never decreases, whatever the clock says", check: stampsNeverDecrease, needs: clocked},
	{name: "recordedAt is never before that of a copied event", check: stampsAfterCopies, needs: total},
	{name: "recordedAt is never before anything that its writer has seen", check: stampsAreCausal},
	{name: "wait returns at once when there is an event", check: waitAtOnce},
	{name: "wait returns soon after an append and not before", check: waitIsPush},
	{name: "wait wakes everyone", check: waitWakesAll},
	{name: "of two appends to one stream in the same moment one is stored", check: oneWins},
	{name: "one append sent many times at once is stored once", check: sameAppendAtOnce},
	{name: "a batch becomes visible as a whole", check: batchIsWhole},
	{name: "a model agrees with random histories", check: modelAgrees},
	{name: "a live subscriber sees every event of many writers once, in order", check: liveSubscriber},
	{name: "what a log remembers is what it holds", check: recentIsTrue},
	{name: "subscribers that stop and resume miss nothing", check: resumingSubscribers},
	{name: "a reader that stands still costs bounded memory", check: slowReader},
	{name: "an append whose connection is cut is stored once or not at all", check: cutAppends, needs: cuttable},
	{name: "without its server every method returns when its context ends, and works again with it", check: serverAway, needs: stoppable},
	{name: "writers and a subscriber go on when the server comes back", check: serverReturns, needs: stoppable},
	{name: "everything is there after a restart", check: restartKeepsAll, needs: reopenable},
	{name: "a subscriber goes on across a restart", check: restartMidStream, needs: reopenable},
	{name: "two processes see each other's events and conflicts", check: twoProcessesAgree, needs: shareable},
	{name: "an append in one process wakes the other", check: secondIsWoken, needs: shareable},
	{name: "many writers in two processes leave no hole and no duplicate", check: twoProcessesWrite, needs: shareable},
}
