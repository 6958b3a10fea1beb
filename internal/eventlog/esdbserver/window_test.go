package esdbserver

import (
	"testing"
	"time"

	"sijil/internal/eventlog"
	"sijil/internal/eventlog/memlog"
)

func TestAWindowIsBoundedInBytes(t *testing.T) {
	l := memlog.New(time.Now)
	const events, size = 9, windowBytes / 4
	for i := range events {
		if _, err := l.Append(t.Context(), "s", eventlog.Revision(i-1), eventlog.Draft{ID: eventlog.UUID{byte(i)}, Type: "a.A.v1", Data: make([]byte, size)}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := window(t.Context(), l, "s", 0, events-2)
	if err != nil || len(got) != 4 || got[0].Revision != events-5 || got[3].Revision != events-2 {
		t.Errorf("got %d events, %v", len(got), err)
	}
}
