package jsonld

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sijil/verifier/credential"
)

type canonVector struct{ Name, In, Out string }

func canonVectors(t testing.TB) []canonVector {
	t.Helper()
	b, err := os.ReadFile("../testdata/vectors/rdf-canon/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []canonVector
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// The W3C's vectors and those of another implementation.
func TestCanonicalFormIsTheStandards(t *testing.T) {
	all := canonVectors(t)
	if len(all) < 200 {
		t.Fatalf("only %d vectors", len(all))
	}
	for _, v := range all {
		d, err := parseQuads(v.In)
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		got, refusal := d.Canonical()
		if refusal != nil {
			t.Errorf("%s: %v", v.Name, refusal)
			continue
		}
		if diff := cmp.Diff(v.Out, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", v.Name, diff)
		}
	}
}

// Whatever the blank nodes were called and in whatever order the quads came.
func TestCanonicalFormKnowsNoLabelsOrOrder(t *testing.T) {
	all := canonVectors(t)
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SampledFrom(all).Draw(t, "vector")
		d, err := parseQuads(v.In)
		if err != nil {
			t.Fatal(err)
		}
		ids := rapid.Permutation(upTo(d.blanks)).Draw(t, "labels")
		for i := range d.quads {
			q := &d.quads[i]
			for _, n := range q.nodes() {
				if n.node.kind == blank {
					n.node.id = ids[n.node.id]
				}
			}
		}
		d.quads = rapid.Permutation(d.quads).Draw(t, "order")
		got, refusal := d.Canonical()
		if refusal != nil || string(got) != v.Out {
			t.Fatalf("%s: %v\n%s", v.Name, refusal, got)
		}
	})
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// clique is n blank nodes, each connected with all others: to tell them apart takes n! steps.
func clique(n int) *Dataset {
	d := &Dataset{blanks: n}
	for i := range n {
		for j := range n {
			if i != j {
				d.quads = append(d.quads, quad{s: node{kind: blank, id: i}, p: "urn:p", o: node{kind: blank, id: j}})
			}
		}
	}
	return d
}

// Each ends, mostly with a refusal, within what an input may cost. Time is not judged here:
// a busy machine would fail it. The steps are.
func TestPoisonIsCutOff(t *testing.T) {
	for name, d := range map[string]*Dataset{
		"a clique of 10": clique(10), "a clique of 60": clique(60),
		"nodes that nothing distinguishes": alike(maxBlanks), "a long ring": ring(maxBlanks),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		_, refusal := d.Canonical()
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		spent := (after.TotalAlloc - before.TotalAlloc) >> 10
		t.Logf("%s: %v, %d kB, %v", name, took, spent, refusal)
		if spent > 12<<10 {
			t.Errorf("%s: %d kB allocated", name, spent)
		}
		if refusal != nil && refusal.Reason != credential.TooComplex {
			t.Errorf("%s: %v", name, refusal)
		}
	}
	if _, refusal := clique(10).Canonical(); refusal == nil {
		t.Error("a clique of 10 has a canonical form after all")
	}
}

// alike are n blank nodes of whom one and the same is said.
func alike(n int) *Dataset {
	d := &Dataset{blanks: n}
	for i := range n {
		d.quads = append(d.quads, quad{s: node{kind: blank, id: i}, p: "urn:p", o: node{kind: literal, value: "x"}})
	}
	return d
}

func ring(n int) *Dataset {
	d := &Dataset{blanks: n}
	for i := range n {
		d.quads = append(d.quads, quad{s: node{kind: blank, id: i}, p: "urn:p", o: node{kind: blank, id: (i + 1) % n}})
	}
	return d
}

func BenchmarkCanonical(b *testing.B) {
	for _, n := range []int{20, 200, 2000} {
		d := &Dataset{blanks: n}
		for i := range n {
			s := node{kind: blank, id: i}
			d.quads = append(d.quads, quad{s: node{kind: iri, value: "urn:all"}, p: "urn:result", o: s},
				quad{s: s, p: "urn:name", o: node{kind: literal, value: fmt.Sprint("result ", i)}},
				quad{s: s, p: rdf + "type", o: node{kind: iri, value: "urn:Result"}})
		}
		b.Run(fmt.Sprintf("results=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, refusal := d.Canonical(); refusal != nil {
					b.Fatal(refusal)
				}
			}
		})
	}
}
