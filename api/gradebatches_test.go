package api

import (
	"errors"
	"reflect"
	"testing"

	"github.com/go-json-experiment/json"
)

// FuzzGradeRow: whatever stands in a row, it is refused with a code that is explained, or
// read as something that reads as itself again.
func FuzzGradeRow(f *testing.F) {
	g := newGradebook(f)
	for _, seed := range []string{
		g.grade(), g.grade("numericGradeEarned", `"15,5"`), g.grade("numericGradeEarned", `"١٥"`), g.grade("numericGradeEarned", "1e309"),
		g.grade("diagnosticStatement", `"ممتاز جدا"`), g.grade("scoreStatus", `"absent"`, "numericGradeEarned", "", "gradingScheme", ""),
		g.grade("NumericGradeEarned", "20"), g.grade("attempt", "1.5"), g.grade("course", "null"), g.grade("assessmentIdentifier", "\"e\u0301\""),
		`{}`, `[]`, `null`, `{"a":{"a":[1,"\u0000"]}}`, `{`,
	} {
		f.Add([]byte(seed))
	}
	schema := g.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[NewGrade](), true, "NewGrade")
	f.Fuzz(func(t *testing.T, row []byte) {
		var b NewGrade
		if err := g.parseRow(schema, row, &b); err != nil {
			p, ok := errors.AsType[*Problem](err)
			if !ok {
				t.Fatalf("%v for %q", err, row)
			}
			if _, explained := codes[p.Code]; !explained || p.Status >= 500 {
				t.Fatalf("%d %s for %q", p.Status, p.Code, row)
			}
			return
		}
		written, err := json.Marshal(b)
		if err != nil {
			t.Fatalf("what was read from %q is not written: %v", row, err)
		}
		var again NewGrade
		if err := g.parseRow(schema, written, &again); err != nil || !reflect.DeepEqual(b, again) {
			t.Fatalf("%q reads as %s and then as %+v, %v", row, written, again, err)
		}
	})
}
