package gradingscheme

import (
	"maps"
	"slices"

	"sijil/domain"
)

// Accepts reports whether score can be given in the scheme: within its bounds and on its step.
func (s Scheme) Accepts(score domain.Decimal) bool {
	return s.Step > 0 && score >= s.MinScore && score <= s.MaxScore && (score-s.MinScore)%s.Step == 0
}

// better reports whether a is a better score than b.
func (s Scheme) better(a, b domain.Decimal) bool {
	if s.LowerIsBetter {
		return a < b
	}
	return a > b
}

// Passes reports whether score passes.
func (s Scheme) Passes(score domain.Decimal) bool { return !s.better(s.PassMark, score) }

// ScoreOf is the worst score with this label, the one a bare label stands for; ok is false when the
// scheme has no such label.
func (s Scheme) ScoreOf(label string) (score domain.Decimal, ok bool) {
	for _, l := range s.Labels {
		if l.Label == label {
			return l.Score, true
		}
	}
	return 0, false
}

// LabelOf is the label of score, or "" when none reaches down to it.
func (s Scheme) LabelOf(score domain.Decimal) string {
	for _, l := range s.Labels { // best first
		if !s.better(l.Score, score) {
			return l.Label
		}
	}
	return ""
}

// check refuses a scheme that contradicts itself.
func (s Scheme) check() error {
	const most = 1_000_000
	if err := domain.Check(
		domain.Rule{Field: "maxScore", Holds: s.MaxScore > s.MinScore && s.MaxScore <= domain.Whole(most) && s.MinScore >= -domain.Whole(most), Says: "is greater than minScore; both lie within a million of 0"},
		domain.Rule{Field: "step", Holds: s.Step > 0 && (s.MaxScore-s.MinScore)%s.Step == 0, Says: "is positive and leads from minScore to maxScore exactly"},
		domain.Rule{Field: "passMark", Holds: s.Accepts(s.PassMark), Says: "is a score of the scheme"},
		domain.Rule{Field: "labels", Holds: len(s.Labels) <= 200, Says: "are at most 200"},
	); err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, l := range s.Labels {
		if err := domain.Check(
			domain.Rule{Field: "labels", Holds: domain.Line(l.Label, 60) && !seen[l.Label], Says: "are different lines of at most 60 characters"},
			domain.Rule{Field: "labels", Holds: l.Title == nil || l.Title.Well(200), Says: "have titles of at most 200 characters by language tag"},
			domain.Rule{Field: "labels", Holds: s.Accepts(l.Score) && (i == 0 || s.better(s.Labels[i-1].Score, l.Score)), Says: "begin at scores of the scheme, from the best to the worst"},
		); err != nil {
			return err
		}
		seen[l.Label] = true
	}
	return nil
}

// equal compares two schemes member by member.
func (s Scheme) equal(o Scheme) bool {
	return s.MinScore == o.MinScore && s.MaxScore == o.MaxScore && s.PassMark == o.PassMark && s.Step == o.Step &&
		s.LowerIsBetter == o.LowerIsBetter && slices.EqualFunc(s.Labels, o.Labels, func(a, b Label) bool {
		return a.Label == b.Label && a.Score == b.Score && maps.Equal(a.Title, b.Title)
	})
}
