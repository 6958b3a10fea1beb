package domain

import "time"

// Date is a calendar day, "2006-01-02", or empty for none. Text order is time order.
type Date string

// ParseDate accepts a real day of the years 1800–2199 in ISO 8601 extended form;
// anything else is refused with invalid_field.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1800 || t.Year() > 2199 {
		return "", Refuse(Invalid, "invalid_field", "a date is a day of the calendar written YYYY-MM-DD")
	}
	return Date(s), nil
}

// DateOf is the day of t in UTC.
func DateOf(t time.Time) Date { return Date(t.UTC().Format(time.DateOnly)) }

// Time is midnight UTC of the day; the zero time for no day.
func (d Date) Time() time.Time {
	t, _ := time.Parse(time.DateOnly, string(d))
	return t
}

// Valid reports whether d is a day ParseDate accepts.
func (d Date) Valid() bool {
	_, err := ParseDate(string(d))
	return err == nil
}

// AddDays is the day n days later, or earlier when n is negative.
func (d Date) AddDays(n int) Date { return DateOf(d.Time().AddDate(0, 0, n)) }

// Span is a run of days: From included, Until excluded; an empty Until never ends.
type Span struct {
	From  Date `json:"from"`
	Until Date `json:"until,omitempty"`
}

// Holds reports whether day lies in the span.
func (s Span) Holds(day Date) bool {
	return day >= s.From && (s.Until == "" || day < s.Until)
}

// Overlaps reports whether the two spans share a day.
func (s Span) Overlaps(o Span) bool {
	return (s.Until == "" || o.From < s.Until) && (o.Until == "" || s.From < o.Until)
}

// Well reports whether the span has a first day and at least one day.
func (s Span) Well() bool {
	return s.From.Valid() && (s.Until == "" || s.Until.Valid() && s.Until > s.From)
}
