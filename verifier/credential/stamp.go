package credential

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

var errStamp = errors.New("a time is written 2006-01-02T15:04:05Z, with a zone")

// ParseStamp reads an XML Schema dateTimeStamp, the only form of a time in a credential:
// four-digit year, seconds, any decimals, and a zone ("Z" or up to ±14:00), all in ASCII.
// time.Parse alone would take commas and odd offsets.
func ParseStamp(s string) (time.Time, error) {
	if len(s) < 20 || len(s) > 64 {
		return time.Time{}, errStamp
	}
	for i, want := range "0000-00-00T00:00:00" {
		if digit := s[i] >= '0' && s[i] <= '9'; want == '0' && !digit || want != '0' && s[i] != byte(want) {
			return time.Time{}, errStamp
		}
	}
	zone := s[19:]
	if zone[0] == '.' {
		n := len(zone) - len(strings.TrimLeft(zone[1:], "0123456789"))
		if n == 1 {
			return time.Time{}, errStamp
		}
		zone = zone[n:]
	}
	if zone != "Z" {
		if len(zone) != 6 || zone[0] != '+' && zone[0] != '-' || zone[1:3] > "14" || zone[4:] > "59" || zone[1:3] == "14" && zone[4:] != "00" {
			return time.Time{}, errStamp
		}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, errStamp
	}
	return t, nil
}

// maxNumericDate is the last second of the year 9999.
const maxNumericDate = 253402300799

// parseNumericDate reads a JWT NumericDate (RFC 7519 §2): a number of seconds from 1970 to
// 9999, decimals cut off. Exponents are refused: nobody writes a date so.
func parseNumericDate(v Value) (time.Time, error) {
	lit, ok := v.Literal()
	whole, frac, _ := strings.Cut(lit, ".")
	if !ok || strings.Trim(frac, "0123456789") != "" {
		return time.Time{}, errors.New("a NumericDate is a plain number of seconds")
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n < 0 || n > maxNumericDate {
		return time.Time{}, errors.New("a NumericDate lies between 1970 and 9999")
	}
	return time.Unix(n, 0).UTC(), nil
}
