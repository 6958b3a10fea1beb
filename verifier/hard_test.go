package verifier

import (
	"encoding/json"
	"testing"

	"sijil/verifier/credential"
	"sijil/verifier/dataintegrity"
)

// What one document may cost, a presentation of a hundred may not cost a hundred times.
func TestHardDocumentsShareWhatTheyMayCost(t *testing.T) {
	w := newWorld(t)
	key, kid := w.schoolKey()
	// Two nodes that nothing tells apart, with nodes around them that nothing does: each order of
	// those is tried.
	var alike []any
	for range 4 {
		alike = append(alike, object{"p": object{"v": "x"}})
	}
	hard := asObject(t, w.achievement(7))
	hard["@context"] = append(hard["@context"].([]any), object{"p": "https://example.org/p", "v": "https://example.org/v"})
	hard["credentialSubject"].(object)["p"] = []any{object{"p": alike}, object{"p": alike}}
	one := prove(t, hard, key, dataintegrity.Options{VerificationMethod: kid, Purpose: credential.AssertionMethod, Created: w.now})
	judged := func(n int) Verdict {
		items := make([]any, n)
		for i := range items {
			items[i] = json.RawMessage(one)
		}
		return Verify(t.Context(), w.holder.present(t, w.now, nil, items...), w.trust(t), w.now)
	}
	v := judged(1)
	if len(v.Items) != 1 || v.Items[0].Overall != Valid {
		t.Fatalf("one: %s %v %s", v.Overall, v.Reasons, v.Detail)
	}
	v = judged(60)
	if last := v.Items[len(v.Items)-1]; last.Overall == Valid || last.Reason != credential.TooComplex {
		t.Errorf("the last of sixty: %s %s", last.Overall, last.Reason)
	}
}
