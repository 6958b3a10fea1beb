package csvimport

import (
	"testing"
)

func TestTheShippedMappingCompiles(t *testing.T) {
	m, err := Load("../../examples/oulad/mapping.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Files) != 4 {
		t.Errorf("%d files, want 4", len(m.Files))
	}
}
