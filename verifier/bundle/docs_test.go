package bundle

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestEveryRefusalIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/verifying.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range Codes() {
		if row := fmt.Sprintf("| `%s` | %s | %s |\n", c.Code, c.Meaning, c.Do); !strings.Contains(string(doc), row) {
			t.Errorf("docs/verifying.md lacks: %s", row)
		}
	}
	if rows := strings.Count(string(doc), "\n| `bundle_"); rows != len(Codes()) {
		t.Errorf("docs/verifying.md has %d refusals, want %d", rows, len(Codes()))
	}
}
