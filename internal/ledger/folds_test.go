package ledger

import "testing"

// TestFoldsAreForgottenWhole: what was read before the folds follow the log may be old by
// then, whether it is kept already or still being read.
func TestFoldsAreForgottenWhole(t *testing.T) {
	c := newFolds(10)
	c.put("kept", fold{revision: 3})
	end := c.begin("in flight")
	c.reset()
	end(fold{revision: 7}, true)
	for _, stream := range []string{"kept", "in flight"} {
		if _, ok := c.get(stream); ok {
			t.Errorf("the state of %q from before is still there", stream)
		}
	}
	end = c.begin("later")
	end(fold{revision: 1}, true)
	if _, ok := c.get("later"); !ok {
		t.Error("a state that was read afterwards is not kept")
	}
}
