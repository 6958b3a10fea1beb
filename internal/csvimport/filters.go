package csvimport

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"sijil/domain"
)

// filter makes another value of a place's.
type filter func(r *row, v string) (string, *reject)

func parseFilter(at place, name, arg string) (filter, error) {
	switch name {
	case "code":
		list, ok := at.mapping.Codes[arg]
		if !ok {
			return nil, fmt.Errorf("there is no code list %s", arg)
		}
		return func(_ *row, v string) (string, *reject) {
			c, ok := list[v]
			if !ok {
				return "", &reject{reason: "unknown_code", detail: "the value is not in the code list " + arg}
			}
			return c, nil
		}, nil
	case "default":
		return func(_ *row, v string) (string, *reject) {
			if v == "" {
				return arg, nil
			}
			return v, nil
		}, nil
	case "date":
		return parseLayout(arg)
	case "plus":
		return parsePlus(at, arg)
	case "number":
		return form(numberForm, "a number with a decimal point"), nil
	case "bool":
		return form(boolForm, "true or false"), nil
	}
	return nil, fmt.Errorf("there is no filter %s", name)
}

var (
	numberForm = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d+)?$`)
	boolForm   = regexp.MustCompile(`^(true|false)$`)
)

// form lets through what may stand in JSON as it is; nothing stays nothing.
func form(re *regexp.Regexp, what string) filter {
	return func(_ *row, v string) (string, *reject) {
		if v != "" && !re.MatchString(v) {
			return "", &reject{reason: "invalid_field", detail: "the value is not " + what}
		}
		return v, nil
	}
}

// parseLayout refuses a layout that is none of Go's, which would reject every row.
func parseLayout(layout string) (filter, error) {
	day := time.Date(2019, time.November, 23, 0, 0, 0, 0, time.UTC)
	if t, err := time.Parse(layout, day.Format(layout)); err != nil || !t.Equal(day) {
		return nil, fmt.Errorf("the layout %q is no date in Go's way: write 2 January 2006 as the file would, 02/01/2006", layout)
	}
	return func(_ *row, v string) (string, *reject) {
		t, err := time.Parse(layout, v)
		if err != nil || !domain.DateOf(t).Valid() {
			return "", &reject{reason: "invalid_field", detail: "the date is not written as " + layout}
		}
		return string(domain.DateOf(t)), nil
	}, nil
}

func parsePlus(at place, arg string) (filter, error) {
	days := func(*row) (string, *reject) { return arg, nil }
	if _, err := strconv.Atoi(arg); err != nil {
		src, _, err := parseSource(at, arg)
		if err != nil {
			return nil, err
		}
		days = src
	}
	return func(r *row, v string) (string, *reject) {
		n, rej := days(r)
		if rej != nil {
			return "", rej
		}
		k, err := strconv.Atoi(n)
		if err != nil || k < -maxDays || k > maxDays || !domain.Date(v).Valid() {
			return "", &reject{reason: "invalid_field", detail: "not a date and a number of days"}
		}
		d := domain.Date(v).AddDays(k)
		if !d.Valid() {
			return "", &reject{reason: "invalid_field", detail: "the day so many days later is none of these centuries"}
		}
		return string(d), nil
	}, nil
}

// maxDays is about four centuries: all days that the ledger takes.
const maxDays = 400 * 366
