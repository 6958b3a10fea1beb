package domain_test

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sijil/domain"
)

func TestParseDecimal(t *testing.T) {
	for in, want := range map[string]domain.Decimal{
		"0": 0, "14.25": 14_250_000, "-0.5": -500_000, "3": 3_000_000, "0.000001": 1, "-0.000001": -1, "1.10": 1_100_000, "1.000000": 1_000_000,
		"999999999999.999999": 999_999_999_999_999_999, "-999999999999.999999": -999_999_999_999_999_999, "0.0": 0,
	} {
		if got, err := domain.ParseDecimal(in); err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", " ", "-", "+1", "01", "00", "-01", "-0", "-0.0", "1.", ".5", "-.5", "1.2.3", "1,5", "1e3", "1E3", "0x10", "Infinity", "NaN", "null",
		"1.0000001", "1000000000000", "1 ", " 1", "--1", "1-", "١٤", "1_000", "\"1\"", "1.-5", "1.2e1", "９",
	} {
		if got, err := domain.ParseDecimal(in); domain.CodeOf(err) != "invalid_field" {
			t.Errorf("%q is accepted as %s", in, got)
		}
	}
}

func TestDecimalString(t *testing.T) {
	for d, want := range map[domain.Decimal]string{
		0: "0", 14_250_000: "14.25", 3_000_000: "3", -500_000: "-0.5", 1: "0.000001", -1: "-0.000001", 100_000: "0.1", -12_345_678: "-12.345678",
		domain.Whole(-7): "-7",
	} {
		if got := d.String(); got != want {
			t.Errorf("%d prints %q, want %q", d, got, want)
		}
	}
}

// anyDecimal draws what ParseDecimal can give.
func anyDecimal(t *rapid.T, label string) domain.Decimal {
	return domain.Decimal(rapid.Int64Range(-999_999_999_999_999_999, 999_999_999_999_999_999).Draw(t, label))
}

// small draws a mark, a credit or a coefficient.
func small(t *rapid.T, label string) domain.Decimal {
	return domain.Decimal(rapid.Int64Range(-1_000_000_000, 1_000_000_000).Draw(t, label))
}

func TestDecimalTextIsReadBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDecimal(t, "d")
		s := d.String()
		if back, err := domain.ParseDecimal(s); err != nil || back != d {
			t.Fatalf("%s reads back as %d, %v; was %d", s, back, err, d)
		}
		for _, in := range []string{s, `"` + s + `"`} {
			var j domain.Decimal
			if err := json.Unmarshal([]byte(in), &j); err != nil || j != d {
				t.Fatalf("JSON %s reads back as %s, %v", in, j, err)
			}
		}
		if b, err := json.Marshal(d); err != nil || string(b) != s {
			t.Fatalf("JSON is %s, %v; want %s", b, err, s)
		}
		// Shortest: nothing can be left out.
		if strings.Contains(s, ".") && strings.HasSuffix(s, "0") || strings.HasSuffix(s, ".") {
			t.Fatalf("%s is not the shortest notation", s)
		}
		if f, ok := new(big.Rat).SetString(s); !ok || f.Cmp(big.NewRat(int64(d), 1_000_000)) != 0 {
			t.Fatalf("%s is not %d millionths", s, d)
		}
	})
}

// exactly is the multiple of step nearest to v, half away from zero, by another way of counting.
func exactly(v *big.Rat, step domain.Decimal) *big.Rat {
	unit := big.NewRat(int64(step), 1_000_000)
	q := new(big.Rat).Quo(v, unit)
	abs := new(big.Rat).Abs(q)
	abs.Add(abs, big.NewRat(1, 2))
	whole := new(big.Int).Quo(abs.Num(), abs.Denom())
	if q.Sign() < 0 {
		whole.Neg(whole)
	}
	return new(big.Rat).Mul(new(big.Rat).SetInt(whole), unit)
}

func rat(d domain.Decimal) *big.Rat { return big.NewRat(int64(d), 1_000_000) }

func TestDecimalArithmeticIsExactThenRoundedHalfAwayFromZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := small(t, "a"), small(t, "b")
		if got, want := rat(a.Mul(b)), exactly(new(big.Rat).Mul(rat(a), rat(b)), 1); got.Cmp(want) != 0 {
			t.Fatalf("%s·%s = %s, want %s", a, b, got, want)
		}
		if a.Mul(b) != b.Mul(a) || a.Mul(domain.Whole(1)) != a || a.Mul(0) != 0 || (-a).Mul(b) != -a.Mul(b) {
			t.Fatalf("multiplication of %s and %s breaks a law", a, b)
		}
		if b != 0 {
			if got, want := rat(a.Div(b)), exactly(new(big.Rat).Quo(rat(a), rat(b)), 1); got.Cmp(want) != 0 {
				t.Fatalf("%s/%s = %s, want %s", a, b, got, want)
			}
			if a.Div(-b) != -a.Div(b) || a.Div(domain.Whole(1)) != a || b.Div(b) != domain.Whole(1) {
				t.Fatalf("division of %s by %s breaks a law", a, b)
			}
		}
		step := domain.Decimal(rapid.Int64Range(1, 5_000_000).Draw(t, "step"))
		r := a.Round(step)
		if got, want := rat(r), exactly(rat(a), step); got.Cmp(want) != 0 {
			t.Fatalf("%s to %s = %s, want %s", a, step, got, want)
		}
		if r%step != 0 || r.Round(step) != r || (-a).Round(step) != -r || a.Round(1) != a {
			t.Fatalf("rounding %s to %s gives %s", a, step, r)
		}
		if more := small(t, "more"); more > a && more.Round(step) < r {
			t.Fatalf("rounding turns %s < %s around", a, more)
		}
	})
}

func TestDecimalRounds(t *testing.T) {
	for _, x := range []struct{ in, step, want string }{
		{"9.995", "0.01", "10"},
		{"9.994999", "0.01", "9.99"},
		{"-9.995", "0.01", "-10"},
		{"14.125", "0.25", "14.25"},
		{"14.12", "0.25", "14"},
		{"0.5", "1", "1"},
		{"-0.5", "1", "-1"},
		{"0.499999", "1", "0"},
	} {
		in, _ := domain.ParseDecimal(x.in)
		step, _ := domain.ParseDecimal(x.step)
		if got := in.Round(step).String(); got != x.want {
			t.Errorf("%s to %s is %s, want %s", x.in, x.step, got, x.want)
		}
	}
}

func FuzzParseDecimal(f *testing.F) {
	for _, s := range []string{"14.25", "-0.5", "-0", "1e3", "999999999999.999999", "0.000001", "01", ".5", "1.", "١"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := domain.ParseDecimal(s)
		if err != nil {
			if domain.CodeOf(err) != "invalid_field" {
				t.Fatalf("%q is refused with %v", s, err)
			}
			return
		}
		want, ok := new(big.Rat).SetString(s)
		if !ok || want.Cmp(rat(d)) != 0 {
			t.Fatalf("%q is read as %s", s, d)
		}
		again, err := domain.ParseDecimal(d.String())
		if err != nil || again != d {
			t.Fatalf("%q prints %s, which reads as %s", s, d, again)
		}
	})
}
