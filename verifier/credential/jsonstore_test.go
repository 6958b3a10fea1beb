package credential

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestValuesKeepTheirOwnChildren: what an array or object holds is not written over by its
// neighbours in the same piece of memory, by appending to it, or by the next text.
func TestValuesKeepTheirOwnChildren(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(0, 3*room), 1, 12).Draw(t, "sizes")
		var text strings.Builder
		for i, n := range sizes {
			fmt.Fprintf(&text, `,"o%d":{`, i)
			for j := range n {
				fmt.Fprintf(&text, `%s"m%d":[%d,"%d"]`, map[bool]string{true: ","}[j > 0], j, i, j)
			}
			text.WriteString("}")
		}
		root, refusal := ParseJSON([]byte("{" + text.String()[1:] + "}"))
		if refusal != nil {
			t.Fatal(refusal)
		}
		for _, o := range root.Members() {
			for _, m := range o.Members() {
				_ = append(m.Items(), Value{kind: Null})
			}
		}
		if _, refusal := ParseJSON([]byte(`{"another":["text",{"of":"ours"}]}`)); refusal != nil {
			t.Fatal(refusal)
		}
		for i, n := range sizes {
			o := root.Get(fmt.Sprintf("o%d", i))
			if len(o.Names()) != n || !o.IsObject() {
				t.Fatalf("object %d has %d members, not %d", i, len(o.Names()), n)
			}
			for j := range n {
				m := o.Get(fmt.Sprintf("m%d", j)).Items()
				if len(m) != 2 || m[0].text != fmt.Sprint(i) || m[1].text != fmt.Sprint(j) {
					t.Fatalf("member %d of object %d is %v", j, i, m)
				}
			}
		}
	})
}

func TestNamesThatFoldAreNeverRuledOutByTheirEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SampledFrom([]rune("aAkK\u212asSſzZ@`[{0éÉµμ"))
		a := string(rapid.SliceOfN(letters, 0, 3).Draw(t, "a"))
		b := string(rapid.SliceOfN(letters, 0, 3).Draw(t, "b"))
		if strings.EqualFold(a, b) && !mayFold(a, b) {
			t.Fatalf("%q and %q", a, b)
		}
	})
}
