package process

import "sijil/internal/eventlog"

// batch collects what a run of events asks for. A reminder that is cleared in the same
// batch never reaches the store.
type batch struct {
	// to is the position of the last event noted; events counts them, asks what they asked for.
	to      eventlog.Position
	events  int
	asks    int
	cleared []Group
	groups  map[Group][]Reminder
}

func newBatch(at eventlog.Position) *batch {
	return &batch{to: at, groups: map[Group][]Reminder{}}
}

func (b *batch) added() (list []Reminder) {
	for _, g := range b.groups {
		list = append(list, g...)
	}
	return list
}
