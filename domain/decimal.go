package domain

import (
	"math/big"
	"strconv"
	"strings"
)

// Decimal is an exact decimal number in millionths: marks, credits and coefficients
// never pass through binary floating point. Its range is ±9.2·10^12.
type Decimal int64

// decimalOne is one whole in millionths.
const decimalOne = 1_000_000

// Whole is the Decimal of n.
func Whole(n int64) Decimal { return Decimal(n * decimalOne) }

// ParseDecimal accepts plain decimal notation: an optional minus, up to 12 digits, and
// up to 6 decimals. Exponents, plus signs, leading zeros, "-0" and bare points are refused
// with invalid_field, so that one number has few spellings and no surprise.
func ParseDecimal(s string) (Decimal, error) {
	bad := func() (Decimal, error) {
		return 0, Refuse(Invalid, "invalid_field", "a number is written in plain decimals with at most 12 digits and 6 decimals, as in 14.25")
	}
	digits, negative := strings.CutPrefix(s, "-")
	whole, frac, point := strings.Cut(digits, ".")
	if whole == "" || len(whole) > 12 || len(whole) > 1 && whole[0] == '0' || len(frac) > 6 || point && frac == "" {
		return bad()
	}
	for _, c := range whole + frac {
		if c < '0' || c > '9' {
			return bad()
		}
	}
	n, err := strconv.ParseInt(whole+frac+"000000"[len(frac):], 10, 64)
	if err != nil || n == 0 && negative {
		return bad()
	}
	if negative {
		n = -n
	}
	return Decimal(n), nil
}

// String is the shortest plain notation: "14.25", "3", "-0.5".
func (d Decimal) String() string {
	n, sign := int64(d), ""
	if n < 0 {
		n, sign = -n, "-"
	}
	s := sign + strconv.FormatInt(n/decimalOne, 10)
	if f := n % decimalOne; f != 0 {
		s += "." + strings.TrimRight(strconv.FormatInt(f+decimalOne, 10)[1:], "0")
	}
	return s
}

// MarshalJSON writes a JSON number in the shortest notation.
func (d Decimal) MarshalJSON() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalJSON reads a JSON number or a string holding one.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	v, err := ParseDecimal(strings.Trim(string(b), `"`))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// Mul is the product, rounded half away from zero to a millionth.
func (d Decimal) Mul(o Decimal) Decimal { return ratio(int64(d), int64(o), decimalOne) }

// Div is the quotient, rounded half away from zero to a millionth; o must not be 0.
func (d Decimal) Div(o Decimal) Decimal { return ratio(int64(d), decimalOne, int64(o)) }

// Round rounds half away from zero to a multiple of step, which must be positive.
func (d Decimal) Round(step Decimal) Decimal { return ratio(int64(d), 1, int64(step)) * step }

// ratio is a·b/c rounded half away from zero, through big integers, since a·b may
// need 128 bits.
func ratio(a, b, c int64) Decimal {
	n := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	d := big.NewInt(c)
	if d.Sign() < 0 {
		n.Neg(n)
		d.Neg(d)
	}
	half := new(big.Int).Rsh(d, 1)
	if n.Sign() < 0 {
		n.Sub(n, half)
	} else {
		n.Add(n, half)
	}
	return Decimal(n.Quo(n, d).Int64())
}
