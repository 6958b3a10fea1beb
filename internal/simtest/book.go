// Package simtest acts out an authority's schools against a ledger that is hurt meanwhile,
// keeps a book of what they were promised, and holds the ledger to it. For tests only.
package simtest

import (
	"fmt"
	"sync"
	"sync/atomic"

	"sijil/internal/eventlog"
)

// Command is one write of one office, repeated under its key until it is answered.
type Command struct {
	Office    *Office
	Path, Key string
	Body      []byte
	// Facts are the types of the events it records, without versions, in the order of the
	// log. Of a batch they are those of each row.
	Facts []string
	// Rows is how many rows a batch has; 0 when the command is no batch.
	Rows int

	// Answer and Position are what the office was told. They are the promise.
	Answer   []byte
	Position eventlog.Position
}

// Book is the client's side of the story. Safe for concurrent use.
type Book struct {
	// Tries are requests sent; Retries those that repeat a command whose outcome was not
	// known; Cut those whose connection or answer the clients themselves threw away; Repeats
	// those of commands that were acknowledged before; Reads those that read back.
	Tries, Retries, Cut, Repeats, Reads atomic.Int64

	mu           sync.Mutex
	acknowledged []*Command
	problems     []string
	broken       int
}

// shownProblems bounds what is listed; one lost commit shows in many places.
const shownProblems = 20

// Acknowledged are the commands that were answered, in the order of their answers.
func (b *Book) Acknowledged() []*Command {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.acknowledged[:len(b.acknowledged):len(b.acknowledged)]
}

// Count is how many commands were acknowledged.
func (b *Book) Count() int { return len(b.Acknowledged()) }

// Problems are the first broken promises that clients saw by themselves, and how many
// there were.
func (b *Book) Problems() (first []string, all int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.problems[:len(b.problems):len(b.problems)], b.broken
}

// String counts.
func (b *Book) String() string {
	return fmt.Sprintf("%d acknowledged, %d retried, %d cut by the clients, %d asked again, %d read back", b.Count(), b.Retries.Load(), b.Cut.Load(), b.Repeats.Load(), b.Reads.Load())
}

func (b *Book) acknowledge(c *Command) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.acknowledged = append(b.acknowledged, c)
}

// complain notes a broken promise.
func (b *Book) complain(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken++; len(b.problems) < shownProblems {
		b.problems = append(b.problems, fmt.Sprintf(format, args...))
	}
}
