package issuer_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"sijil/domain"
	"sijil/domain/institution"
	"sijil/internal/issuer"
	"sijil/verifier/did"
)

// many is a register of n signed credentials.
type many int

func (m many) Count(context.Context, domain.ID, domain.ID) (int, error) { return int(m), nil }

func (m many) Begin(_ context.Context, _, _ domain.ID, prefix string, limit int) ([]did.RecordLine, error) {
	n := int(m)
	for range prefix {
		n /= 16
	}
	return make([]did.RecordLine, min(n, limit)), nil
}

// TestQuestionsAreCutSoThatManyShareOne: the more credentials, the more digits, and an answer is
// never larger than a reader takes.
func TestQuestionsAreCutSoThatManyShareOne(t *testing.T) {
	w := newWorld(t)
	w.authorize(institution.ForStatus)
	for n, want := range map[many]int{0: 0, 1024: 0, 1025: 1, 16 * 1024: 1, 17 * 1024: 2, 1_000_000: 3, 5_000_000: 4, 60_000_000: 4} {
		p := issuer.NewPublisher(w.issuer(), bits{})
		p.Recorded = n
		b, err := p.KeySet(t.Context(), w.school)
		must(t, err)
		var set did.KeySet
		must(t, json.Unmarshal(b, &set))
		if set.Records == nil || set.Records.PrefixLength != want {
			t.Errorf("%d credentials are cut by %+v, want %d digits", n, set.Records, want)
		}
		if _, err := p.Records(t.Context(), w.school, strings.Repeat("a", want)); err != nil {
			t.Errorf("%d credentials: %v", n, err)
		}
		if n > did.MaxRecords {
			if _, err := p.Records(t.Context(), w.school, ""); domain.CodeOf(err) != "prefix_too_short" {
				t.Errorf("all of %d credentials: %v", n, err)
			}
		}
	}
	p := issuer.NewPublisher(w.issuer(), bits{})
	p.Recorded = many(1)
	for _, prefix := range []string{"A", "g", "aaaaa", "a-", "%"} {
		if _, err := p.Records(t.Context(), w.school, prefix); domain.CodeOf(err) != "invalid_field" {
			t.Errorf("prefix %q: %v", prefix, err)
		}
	}
	p.Recorded = nil
	if _, err := p.Records(t.Context(), w.school, ""); domain.CodeOf(err) != "not_found" {
		t.Errorf("without a register: %v", err)
	}
}
