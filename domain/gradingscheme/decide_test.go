package gradingscheme_test

import (
	"testing"

	"pgregory.net/rapid"

	"sijil/domain"
	"sijil/domain/gradingscheme"
	"sijil/internal/scenario"
)

type (
	c = scenario.Case[gradingscheme.Command, gradingscheme.Event]
	f = []gradingscheme.Event
)

const (
	ministry domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f01"
	self     domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f02"
	fives    domain.ID = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f03"
)

func dec(s string) domain.Decimal {
	d, err := domain.ParseDecimal(s)
	if err != nil {
		panic(err)
	}
	return d
}

var (
	twenty = gradingscheme.Scheme{
		MinScore: 0, MaxScore: dec("20"), PassMark: dec("10"), Step: dec("0.25"),
		Labels: []gradingscheme.Label{
			{Label: "TB", Score: dec("16"), Title: domain.Text{"ar": "حسن جدا", "fr": "très bien"}},
			{Label: "B", Score: dec("14")},
			{Label: "P", Score: dec("10")},
		},
	}
	five    = gradingscheme.Scheme{MinScore: dec("1"), MaxScore: dec("5"), PassMark: dec("2"), Step: dec("1")}
	german  = gradingscheme.Scheme{MinScore: dec("1"), MaxScore: dec("6"), PassMark: dec("4"), Step: dec("0.1"), LowerIsBetter: true, Labels: []gradingscheme.Label{{Label: "sehr gut", Score: dec("1.5")}, {Label: "gut", Score: dec("2.5")}}}
	letters = gradingscheme.Scheme{MinScore: 0, MaxScore: dec("4"), PassMark: dec("1"), Step: dec("1"), Labels: []gradingscheme.Label{{Label: "A", Score: dec("4")}, {Label: "B", Score: dec("3")}, {Label: "C", Score: dec("2")}, {Label: "D", Score: dec("1")}, {Label: "F", Score: 0}}}

	defined = gradingscheme.GradingSchemeDefined{
		EducationOrganization: ministry, IdentificationCode: "TN-20", Name: domain.Text{"ar": "من عشرين", "fr": "sur vingt"}, Scheme: twenty,
	}
	table     = []gradingscheme.Step{{From: 0, To: dec("1")}, {From: dec("10"), To: dec("3")}, {From: dec("16"), To: dec("5")}}
	published = gradingscheme.ConversionPublished{To: fives, Authority: ministry, From: "2024-01-01", Table: table, Decision: "Odluka 12/č"}
)

func publish(change ...func(*gradingscheme.PublishConversion)) gradingscheme.PublishConversion {
	p := gradingscheme.PublishConversion{
		Self: self, To: fives, Target: &five, Authority: ministry, MayConvert: true, From: "2024-01-01", Table: table, Decision: "Odluka 12/č",
	}
	for _, f := range change {
		f(&p)
	}
	return p
}

func TestDecide(t *testing.T) {
	but := func(change func(*gradingscheme.GradingSchemeDefined)) gradingscheme.Define {
		d := defined
		change(&d)
		return gradingscheme.Define{Definition: d}
	}
	bad := func(change func(*gradingscheme.GradingSchemeDefined)) c {
		return c{When: but(change), Code: "invalid_field"}
	}
	badTable := func(steps ...gradingscheme.Step) c {
		return c{Given: f{defined}, When: publish(func(p *gradingscheme.PublishConversion) { p.Table = steps }), Code: "invalid_field"}
	}
	later := published
	later.From, later.Decision = "2025-01-01", ""
	cases := map[string]c{
		"a scheme is defined":                       {When: gradingscheme.Define{Definition: defined}, Then: f{defined}},
		"the same definition again changes nothing": {Given: f{defined}, When: gradingscheme.Define{Definition: defined}},
		"a scheme without a code":                   bad(func(d *gradingscheme.GradingSchemeDefined) { d.IdentificationCode = "" }),
		"a scheme without a name":                   bad(func(d *gradingscheme.GradingSchemeDefined) { d.Name = nil }),
		"a scheme of nobody":                        bad(func(d *gradingscheme.GradingSchemeDefined) { d.EducationOrganization = "" }),
		"a scheme whose bounds are swapped":         bad(func(d *gradingscheme.GradingSchemeDefined) { d.MinScore, d.MaxScore = d.MaxScore, d.MinScore }),
		"a scheme of one score":                     bad(func(d *gradingscheme.GradingSchemeDefined) { d.MinScore = d.MaxScore }),
		"a scheme without a step":                   bad(func(d *gradingscheme.GradingSchemeDefined) { d.Step = 0 }),
		"a step that misses the maximum":            bad(func(d *gradingscheme.GradingSchemeDefined) { d.Step = dec("3") }),
		"a pass mark between two steps":             bad(func(d *gradingscheme.GradingSchemeDefined) { d.PassMark = dec("10.1") }),
		"a pass mark outside":                       bad(func(d *gradingscheme.GradingSchemeDefined) { d.PassMark = dec("20.25") }),
		"labels from worst to best": bad(func(d *gradingscheme.GradingSchemeDefined) {
			d.Labels = []gradingscheme.Label{d.Labels[1], d.Labels[0]}
		}),
		"a label twice": bad(func(d *gradingscheme.GradingSchemeDefined) {
			d.Labels = []gradingscheme.Label{{Label: "P", Score: dec("12")}, {Label: "P", Score: dec("10")}}
		}),
		"a label outside": bad(func(d *gradingscheme.GradingSchemeDefined) {
			d.Labels = []gradingscheme.Label{{Label: "P", Score: dec("21")}}
		}),
		"a label without a name": bad(func(d *gradingscheme.GradingSchemeDefined) { d.Labels = []gradingscheme.Label{{Score: dec("12")}} }),

		"an authority publishes a conversion":       {Given: f{defined}, When: publish(), Then: f{published}},
		"the same conversion again changes nothing": {Given: f{defined, published}, When: publish()},
		"a later table takes its place":             {Given: f{defined, published}, When: publish(func(p *gradingscheme.PublishConversion) { p.From, p.Decision = "2025-01-01", "" }), Then: f{later}},
		"another table from the same day":           {Given: f{defined, published}, When: publish(func(p *gradingscheme.PublishConversion) { p.Table = table[:1] }), Code: "date_out_of_order"},
		"a school converts nothing":                 {Given: f{defined}, When: publish(func(p *gradingscheme.PublishConversion) { p.MayConvert = false }), Code: "not_an_authority"},
		"a conversion of no scheme":                 {When: publish(), Code: "not_found"},
		"a conversion to no scheme":                 {Given: f{defined}, When: publish(func(p *gradingscheme.PublishConversion) { p.Target = nil }), Code: "grading_scheme_unknown"},
		"a conversion to itself":                    {Given: f{defined}, When: publish(func(p *gradingscheme.PublishConversion) { p.To = self }), Code: "grading_scheme_unknown"},
		"a conversion from no day":                  {Given: f{defined}, When: publish(func(p *gradingscheme.PublishConversion) { p.From = "" }), Code: "invalid_field"},
		"an empty table":                            badTable(),
		"a table that leaves scores unread":         badTable(table[1], table[2]),
		"a table that falls back":                   badTable(table[0], table[2], table[1]),
		"a table to a score that is none":           badTable(table[0], gradingscheme.Step{From: dec("10"), To: dec("3.5")}),
		"a table from a score that is none":         badTable(table[0], gradingscheme.Step{From: dec("10.1"), To: dec("3")}),
	}
	for name, change := range map[string]func(*gradingscheme.GradingSchemeDefined){
		"name":    func(d *gradingscheme.GradingSchemeDefined) { d.Name = domain.Text{"fr": "vingt"} },
		"minimum": func(d *gradingscheme.GradingSchemeDefined) { d.MinScore = dec("1") },
		"maximum": func(d *gradingscheme.GradingSchemeDefined) { d.MaxScore = dec("25") },
		"pass":    func(d *gradingscheme.GradingSchemeDefined) { d.PassMark = dec("9") },
		"step":    func(d *gradingscheme.GradingSchemeDefined) { d.Step = dec("0.5") },
		"sense":   func(d *gradingscheme.GradingSchemeDefined) { d.LowerIsBetter, d.Labels = true, nil },
		"labels":  func(d *gradingscheme.GradingSchemeDefined) { d.Labels = d.Labels[:1] },
	} {
		cases["another "+name+" is another scheme"] = c{Given: f{defined}, When: but(change), Code: "already_defined"}
	}
	scenario.Run(t, gradingscheme.Decider, cases)
}

func TestScheme(t *testing.T) {
	for name, x := range map[string]struct {
		scheme  gradingscheme.Scheme
		score   string
		accepts bool
		passes  bool
		label   string
	}{
		"a quarter point is a mark out of twenty": {twenty, "14.25", true, true, "B"},
		"a tenth is not":                   {twenty, "14.3", false, true, "B"},
		"the pass mark passes":             {twenty, "10", true, true, "P"},
		"below it nothing does":            {twenty, "9.75", true, false, ""},
		"twenty is the best":               {twenty, "20", true, true, "TB"},
		"twenty and a quarter is too much": {twenty, "20.25", false, true, "TB"},
		"zero is a mark":                   {twenty, "0", true, false, ""},
		"less is none":                     {twenty, "-0.25", false, false, ""},
		"one to five begins at one":        {five, "0", false, false, ""},
		"two of five passes":               {five, "2", true, true, ""},
		"half marks of five are none":      {five, "2.5", false, true, ""},
		"one is the best German mark":      {german, "1", true, true, "sehr gut"},
		"the label ends where it says":     {german, "1.5", true, true, "sehr gut"},
		"and the next begins":              {german, "1.6", true, true, "gut"},
		"four passes":                      {german, "4", true, true, ""},
		"more fails":                       {german, "4.1", true, false, ""},
		"F is the bottom":                  {letters, "0", true, false, "F"},
		"D passes":                         {letters, "1", true, true, "D"},
	} {
		t.Run(name, func(t *testing.T) {
			score := dec(x.score)
			if got := x.scheme.Accepts(score); got != x.accepts {
				t.Errorf("accepted: %v", got)
			}
			if got := x.scheme.Passes(score); got != x.passes {
				t.Errorf("passes: %v", got)
			}
			if got := x.scheme.LabelOf(score); got != x.label {
				t.Errorf("label %q, want %q", got, x.label)
			}
		})
	}
	if score, ok := letters.ScoreOf("B"); !ok || score != dec("3") {
		t.Errorf("B is %s", score)
	}
	if _, ok := letters.ScoreOf("E"); ok {
		t.Error("E is a label")
	}
	if (gradingscheme.Scheme{}).Accepts(0) {
		t.Error("no scheme accepts a score")
	}
}

func TestConvert(t *testing.T) {
	later := published
	later.From, later.Table = "2025-01-01", []gradingscheme.Step{{From: 0, To: dec("2")}}
	s := gradingscheme.Decider.Fold(gradingscheme.State{}, defined, published, later)
	for name, x := range map[string]struct {
		score string
		to    domain.ID
		day   domain.Date
		want  string
	}{
		"below the second step":             {"9.75", fives, "2024-06-01", "1"},
		"on it":                             {"10", fives, "2024-06-01", "3"},
		"the best":                          {"20", fives, "2024-06-01", "5"},
		"by the table of the day":           {"20", fives, "2025-01-01", "2"},
		"no table yet, no conversion":       {"20", fives, "2023-12-31", ""},
		"no table for the scheme, neither":  {"20", self, "2024-06-01", ""},
		"no score of the scheme, no answer": {"9.8", fives, "2024-06-01", ""},
	} {
		got, ok := s.Convert(dec(x.score), x.to, x.day)
		if ok != (x.want != "") || ok && got.String() != x.want {
			t.Errorf("%s: %s %v, want %q", name, got, ok, x.want)
		}
	}
	for day, want := range map[domain.Date]int{"2023-12-31": 0, "2024-06-01": 1, "2025-01-01": 1} {
		if in := s.InForce(day); len(in) != want {
			t.Errorf("on %s %d tables are in force, want %d", day, len(in), want)
		}
	}
}

// TestLabelsPartitionScores: under any scheme whose definition is accepted, a label's own score
// is accepted and carries that label, and a better score never has a worse label.
func TestLabelsPartitionScores(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		step := domain.Decimal(rapid.Int64Range(1, 3_000_000).Draw(t, "step"))
		low := domain.Decimal(rapid.Int64Range(-5, 5).Draw(t, "min") * 1_000_000)
		steps := rapid.Int64Range(1, 40).Draw(t, "steps")
		s := gradingscheme.Scheme{MinScore: low, MaxScore: low + step*domain.Decimal(steps), Step: step, LowerIsBetter: rapid.Bool().Draw(t, "lower")}
		s.PassMark = low + step*domain.Decimal(rapid.Int64Range(0, steps).Draw(t, "pass"))
		for i, name := range []string{"A", "B", "C"} {
			at := low + step*domain.Decimal(rapid.Int64Range(0, steps).Draw(t, "label"))
			if i == 0 || s.LowerIsBetter && at > s.Labels[len(s.Labels)-1].Score || !s.LowerIsBetter && at < s.Labels[len(s.Labels)-1].Score {
				s.Labels = append(s.Labels, gradingscheme.Label{Label: name, Score: at})
			}
		}
		d := defined
		d.Scheme = s
		if _, err := gradingscheme.Decider.Decide(gradingscheme.State{}, gradingscheme.Define{Definition: d}); err != nil {
			t.Fatalf("a sound scheme is refused: %v", err)
		}
		for _, l := range s.Labels {
			if !s.Accepts(l.Score) || s.LabelOf(l.Score) != l.Label {
				t.Fatalf("label %s at %s reads %q", l.Label, l.Score, s.LabelOf(l.Score))
			}
		}
		rank := map[string]int{"": -1}
		for i, l := range s.Labels {
			rank[l.Label] = len(s.Labels) - i
		}
		last, passed := -1, false
		for i := range steps + 1 { // from the worst score to the best
			score := s.MinScore + step*domain.Decimal(i)
			if s.LowerIsBetter {
				score = s.MaxScore - step*domain.Decimal(i)
			}
			if !s.Accepts(score) || step > 1 && s.Accepts(score+1) {
				t.Fatalf("the grain at %s is not %s", score, step)
			}
			if r := rank[s.LabelOf(score)]; r < last {
				t.Fatalf("%s has a worse label than a worse score", score)
			} else {
				last = r
			}
			if passed && !s.Passes(score) {
				t.Fatalf("%s fails while a worse score passes", score)
			}
			passed = s.Passes(score)
		}
		if !passed {
			t.Fatal("the best score fails")
		}
	})
}
