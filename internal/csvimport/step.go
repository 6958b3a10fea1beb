package csvimport

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

func applies(s *Step, one *row) bool {
	for column, values := range s.When {
		if !slices.Contains(values, one.columns[column]) {
			return false
		}
	}
	return true
}

// step builds and posts one request, and keeps what the answer gives. A rejection is the
// row's; an error stops the import.
func (r *run) step(ctx context.Context, s *Step, one *row) (*reject, error) {
	q, rej := r.request(s, one)
	if rej != nil {
		return rej, nil
	}
	if r.DryRun {
		r.command(false)
		return r.save(s, one, nil)
	}
	a, err := r.post(ctx, q)
	if err != nil {
		return nil, err
	}
	if a.Status/100 != 2 {
		return refusal(a), nil
	}
	r.command(a.Replayed)
	if q := s.Require; q != nil && memberOf(a.Body, strings.Split(q.Member, ".")) != q.Is {
		return &reject{reason: q.Code, answered: true}, nil
	}
	return r.save(s, one, a.Body)
}

func (r *run) request(s *Step, one *row) (q Request, rej *reject) {
	as := r.Mapping.Principals[s.As]
	q.As, q.Role = s.As, as.Role
	if q.Institution, _, rej = as.institution.fill(one); rej != nil {
		return q, rej
	}
	if q.Path, rej = s.post.each(one, segment); rej != nil {
		return q, rej
	}
	if q.Key, _, rej = s.key.fill(one); rej != nil {
		return q, rej
	}
	q.Key = plainKey(q.Key)
	var body bytes.Buffer
	if s.body != nil {
		if _, rej := s.body.write(&body, one); rej != nil {
			return q, rej
		}
	}
	q.Body = body.Bytes()
	return q, nil
}

// segment is a value as it stands in a path: whatever a cell holds, it names no other
// operation and adds no query.
func segment(v string) (string, *reject) {
	if v == "" {
		return "", &reject{reason: "invalid_field", detail: "the value is empty, and the request's path needs it"}
	}
	return url.PathEscape(v), nil
}

var keyForm = regexp.MustCompile(`^[\x21-\x7e]{1,128}$`)

// plainKey is the Idempotency-Key: as it is, or its digest where the API takes no such key.
func plainKey(k string) string {
	if keyForm.MatchString(k) {
		return k
	}
	sum := sha256.Sum256([]byte(k))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// dryValue stands for what an answer would give.
const dryValue = "00000000-0000-4000-8000-000000000000"

func (r *run) save(s *Step, one *row, answer []byte) (*reject, error) {
	for _, v := range s.save {
		value := dryValue
		switch {
		case v.value != nil:
			text, _, rej := v.value.fill(one)
			if rej != nil {
				return rej, nil
			}
			value = text
		case !r.DryRun:
			if value = memberOf(answer, v.member); value == "" {
				return nil, fmt.Errorf("the answer of %s has no member %s", s.Post, strings.Join(v.member, "."))
			}
		}
		if v.local != "" {
			one.locals[v.local] = value
			continue
		}
		key, rej := v.key(one)
		if rej != nil {
			return rej, nil
		}
		r.saved.set(v.table, key, value)
	}
	return nil, nil
}
