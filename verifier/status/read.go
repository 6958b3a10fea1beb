package status

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"sijil/verifier/credential"
)

// Entry is a diploma's pointer into a list.
type Entry struct {
	List    string // URL of the list
	Index   int
	Purpose string
}

// ReadEntry reads one credentialStatus object. Types, purposes and sizes that we do not
// know are errors: a status that cannot be read must not pass as a good one.
func ReadEntry(v credential.Value) (Entry, error) {
	text := func(name string) string { s, _ := v.Get(name).Text(); return s }
	e := Entry{List: text("statusListCredential"), Purpose: text("statusPurpose")}
	index := text("statusListIndex")
	n, err := strconv.ParseUint(index, 10, 31)
	e.Index = int(n)
	switch {
	case text("type") != "BitstringStatusListEntry":
		return e, errors.New("status entry is not a BitstringStatusListEntry")
	case e.Purpose != Revocation && e.Purpose != Suspension:
		return e, errors.New("status entry's purpose is neither revocation nor suspension")
	case err != nil || strconv.FormatUint(n, 10) != index:
		return e, errors.New("statusListIndex is not a plain decimal number in range")
	case e.List == "" || len(e.List) > 2048:
		return e, errors.New("statusListCredential is not a URL of up to 2048 bytes")
	case text("id") == e.List:
		return e, errors.New("status entry's id is the list's URL")
	case v.Has("statusSize"):
		if size, _ := v.Get("statusSize").Literal(); size != "1" {
			return e, errors.New("status entries of more than one bit are not supported")
		}
	}
	return e, nil
}

// List is a status list whose content is in order.
type List struct {
	ID, Issuer string
	Purposes   []string
	ValidFrom  time.Time // zero: not given
	ValidUntil time.Time // zero: not given, so the list is stale
	TTL        time.Duration
	Bits       Bits
}

// ReadList reads the payload of a status list credential. The caller has checked its
// signature: gunzip does not run on what a stranger wrote.
func ReadList(payload []byte) (List, error) {
	root, refusal := credential.ParseJSON(payload)
	if refusal != nil {
		return List{}, refusal
	}
	var l List
	if l.Issuer, refusal = credential.ReadIssuer(root); refusal != nil {
		return l, refusal
	}
	l.ID, _ = root.Get("id").Text()
	subjects := root.Get("credentialSubject").OneOrMany()
	if len(subjects) != 1 || !hasText(root.Get("type"), "BitstringStatusListCredential") || !hasText(subjects[0].Get("type"), "BitstringStatusList") {
		return l, errors.New("not a BitstringStatusListCredential with one list")
	}
	times, refusal := credential.ReadTimes(root)
	if refusal != nil {
		return l, refusal
	}
	l.ValidFrom, l.ValidUntil = times.Start(), times.End()
	for _, p := range subjects[0].Get("statusPurpose").OneOrMany() {
		s, _ := p.Text()
		l.Purposes = append(l.Purposes, s)
	}
	if ttl := subjects[0].Get("ttl"); ttl.Kind() != credential.Missing {
		lit, _ := ttl.Literal()
		ms, err := strconv.ParseInt(lit, 10, 64)
		if err != nil || ms < 0 {
			return l, errors.New("ttl is not a number of milliseconds")
		}
		l.TTL = time.Duration(min(ms, int64(24*time.Hour/time.Millisecond))) * time.Millisecond
	}
	encoded, _ := subjects[0].Get("encodedList").Text()
	var err error
	l.Bits, err = Decode(encoded)
	return l, err
}

// Has reports whether the list is kept for that purpose.
func (l List) Has(purpose string) bool { return slices.Contains(l.Purposes, purpose) }

func hasText(v credential.Value, want string) bool {
	for _, item := range v.OneOrMany() {
		if s, _ := item.Text(); s == want {
			return true
		}
	}
	return false
}
