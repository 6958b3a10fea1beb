package credential

import "time"

// Times are all dates of a credential; a zero time is not given.
type Times struct {
	ValidFrom, ValidUntil        time.Time
	NotBefore, Expires, IssuedAt time.Time
}

// dates names a date and how it is read.
type dates struct {
	name string
	into *time.Time
	read func(Value) (time.Time, error)
}

// ReadTimes reads the data model's and the JWT's dates; [BadTime] if one cannot be read or
// the end lies before the start.
func ReadTimes(root Value) (Times, *Refusal) {
	return readTimes(root, root, "validFrom", "validUntil")
}

// Times are the credential's dates, by the names of its data model; see [ReadTimes].
func (c Credential) Times() (Times, *Refusal) {
	claims := c.Claims
	if claims.Kind() == Missing {
		claims = c.Root
	}
	if c.Older {
		return readTimes(c.Root, claims, "issuanceDate", "expirationDate")
	}
	return readTimes(c.Root, claims, "validFrom", "validUntil")
}

func readTimes(root, claims Value, from, until string) (Times, *Refusal) {
	var t Times
	if refusal := read(root, dates{from, &t.ValidFrom, stampOf}, dates{until, &t.ValidUntil, stampOf}); refusal != nil {
		return t, refusal
	}
	if refusal := readClaimTimes(claims, &t); refusal != nil {
		return t, refusal
	}
	if !t.ValidUntil.IsZero() && t.ValidUntil.Before(t.ValidFrom) {
		return t, Refuse(BadTime, "%s lies before %s", until, from)
	}
	return t, nil
}

func readClaimTimes(claims Value, t *Times) *Refusal {
	return read(claims, dates{"nbf", &t.NotBefore, parseNumericDate}, dates{"exp", &t.Expires, parseNumericDate}, dates{"iat", &t.IssuedAt, issuedAt})
}

func read(from Value, all ...dates) *Refusal {
	for _, d := range all {
		v := from.Get(d.name)
		if v.Kind() == Missing {
			continue
		}
		var err error
		if *d.into, err = d.read(v); err != nil {
			return Refuse(BadTime, "%s: %s", d.name, err)
		}
	}
	return nil
}

func stampOf(v Value) (time.Time, error) {
	s, _ := v.Text()
	return ParseStamp(s)
}

// issuedAt tolerates a text, since valid credentials carry one; such an iat says nothing.
func issuedAt(v Value) (time.Time, error) {
	if v.Kind() == String {
		return time.Time{}, nil
	}
	return parseNumericDate(v)
}

// Start and End bound the time in which the credential holds: at or after Start, before
// End. A zero End never comes.
func (t Times) Start() time.Time {
	if t.NotBefore.After(t.ValidFrom) {
		return t.NotBefore
	}
	return t.ValidFrom
}

// End is the earlier of validUntil and exp.
func (t Times) End() time.Time {
	if t.ValidUntil.IsZero() || !t.Expires.IsZero() && t.Expires.Before(t.ValidUntil) {
		return t.Expires
	}
	return t.ValidUntil
}
