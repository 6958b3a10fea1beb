package bundle

import (
	"strings"
	"testing"
)

func TestEveryRefusalSaysWhatToDo(t *testing.T) {
	for _, e := range Codes() {
		if text := Refuse(e.Code, "because").Error(); e.Do == "" || !strings.HasSuffix(text, "because. "+e.Do) {
			t.Errorf("%s: %s", e.Code, text)
		}
	}
}
