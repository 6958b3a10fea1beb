package verifier

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"time"

	"sijil/verifier/credential"
	"sijil/verifier/dataintegrity"
	"sijil/verifier/did"
	"sijil/verifier/status"
)

// MaxStatusAge is how old a status list from the network may be: a revocation is seen
// everywhere within this time.
const MaxStatusAge = 60 * time.Second

// badListAge is how long a list that cannot be believed is kept: a page of somebody's network
// in its place must not outlive that by a minute.
const badListAge = 2 * time.Second

// maxList bounds a status list token, as the fetching side does.
const maxList = 512 << 10

// status checks every entry. A set bit in any of them makes the line false; one that
// cannot be read makes it unchecked; only if all are clear is it true.
func (c *check) status(ctx context.Context) {
	l := &c.verdict.Lines
	if len(c.cred.Status) == 0 {
		reason := NoStatus
		if c.issuer.StatusRequired {
			reason = StatusMissing
		}
		l.Status = c.line(Unchecked, reason, time.Time{})
		return
	}
	worst := Line{Answer: Unchecked}
	for i, v := range c.cred.Status {
		line := c.entry(ctx, v)
		if line.Answer == False {
			c.verdict.because(line.Reason)
		}
		if i == 0 || worse(line.Answer, worst.Answer) {
			worst = line
		}
	}
	l.Status = worst
	l.Status.Cause = c.cause(ctx)
}

// entry looks one entry up and, where the issuer's lists come in pairs, its place in the
// list of suspensions beside it.
func (c *check) entry(ctx context.Context, v credential.Value) Line {
	e, err := status.ReadEntry(v)
	if err != nil {
		return c.line(Unchecked, StatusUnverifiable, time.Time{})
	}
	line := c.place(ctx, e)
	if suffix := c.issuer.SuspensionSuffix; suffix != "" && e.Purpose == status.Revocation && line.Answer != False {
		e.List, e.Purpose = e.List+suffix, status.Suspension
		if beside := c.place(ctx, e); worse(beside.Answer, line.Answer) {
			return beside
		}
	}
	return line
}

// worse: false is worse than unchecked, and that than true.
func worse(a, b Answer) bool {
	return a != b && (a == False || b == True)
}

// place is what a list says of one place in it.
func (c *check) place(ctx context.Context, e status.Entry) Line {
	f, list, err := c.list(ctx, e.List)
	if err != nil || list.ID != e.List || list.Issuer != c.cred.Issuer || !list.Has(e.Purpose) || e.Index >= list.Bits.Len() {
		return c.line(Unchecked, StatusUnverifiable, time.Time{})
	}
	at, set := c.verdict.At, list.Bits.Get(e.Index)
	line := Line{Answer: Unchecked, Source: f.Source, AsOf: given(f.At), Time: given(list.ValidFrom)}
	switch {
	case set && e.Purpose == status.Revocation:
		// Final, so that even an old list says it.
		line.Answer, line.Reason = False, Revoked
	case list.ValidUntil.IsZero() || !at.Before(list.ValidUntil):
		line.Reason, line.Time = StatusStale, given(list.ValidUntil)
	case e.Purpose == status.Suspension && list.ValidFrom.After(at.Add(clockSkew)):
		// A suspension can have been lifted since then.
		line.Reason = StatusUnverifiable
	case set:
		line.Answer, line.Reason = False, Suspended
	default:
		line.Answer = True
	}
	return line
}

// list is the status list at a URL, fetched anew if the copy is older than its ttl allows or
// cannot be believed.
func (c *check) list(ctx context.Context, url string) (*Fetched, status.List, error) {
	f, err := c.trust.StatusList(ctx, url, MaxStatusAge)
	if err != nil {
		return nil, status.List{}, err
	}
	list, err := c.open(ctx, f)
	keep := list.TTL
	if err != nil {
		keep = badListAge
	}
	if keep > 0 && f.Age > keep {
		if f, err = c.trust.StatusList(ctx, url, keep); err != nil {
			return nil, status.List{}, err
		}
		list, err = c.open(ctx, f)
	}
	return f, list, err
}

// open checks a list's signature, by a status key of the credential's own issuer, and
// unpacks it; once for each copy of the list, as long as the key is the same.
func (c *check) open(ctx context.Context, f *Fetched) (status.List, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := f.memo
	var form signedList
	if !m.read {
		var refusal *credential.Refusal
		if form, refusal = parseList(f.Token); refusal != nil {
			m.read, m.err = true, refusal
		} else {
			m.kid = form.kid
		}
	}
	if m.err != nil {
		return status.List{}, m.err
	}
	key, err := c.statusKey(ctx, m.kid)
	if err != nil {
		return status.List{}, err
	}
	if !m.read || !sameKey(m.key, key.Public()) {
		if form.verify == nil {
			form, _ = parseList(f.Token) // it did parse before
		}
		if refusal := form.verify(key.Public(), key.Alg()); refusal != nil {
			return status.List{}, refusal
		}
		m.read, m.key = true, key.Public()
		payload, refusal := form.payload()
		if refusal == nil {
			m.list, err = status.ReadList(payload)
		}
		if refusal != nil || err != nil {
			m.err = credential.Refuse(StatusUnverifiable, "what is signed is not a status list in order")
			return status.List{}, m.err
		}
	}
	if from := m.list.ValidFrom; from.Before(key.ValidFrom.Time) || !key.ValidTo.IsZero() && !from.Before(key.ValidTo.Time) {
		return status.List{}, errors.New("list is not from the time of its key")
	}
	return m.list, nil
}

// signedList is a status list before it is believed.
type signedList struct {
	kid     string
	verify  func(key crypto.PublicKey, alg string) *credential.Refusal
	payload func() ([]byte, *credential.Refusal)
}

// parseList reads a list in either of the two forms it is served in: a vc+jwt, or JSON with
// one embedded proof that says nothing of an end. (The list says itself when it ends.)
func parseList(b []byte) (signedList, *credential.Refusal) {
	if !bytes.HasPrefix(b, []byte("{")) {
		t, refusal := credential.ParseToken(b, maxList)
		if refusal != nil {
			return signedList{}, refusal
		}
		return signedList{t.Kid, t.Verify, func() ([]byte, *credential.Refusal) { return t.Payload, nil }}, nil
	}
	s, refusal := dataintegrity.Parse(b, maxList)
	switch {
	case refusal != nil:
		return signedList{}, refusal
	case len(s.Proofs) != 1 || s.Proofs[0].Purpose != credential.AssertionMethod || !s.Proofs[0].Expires.IsZero():
		return signedList{}, credential.Refuse(credential.BadProof, "a status list has one proof, without an end, that its issuer asserts it")
	}
	return signedList{s.Proofs[0].Kid, s.Proofs[0].Verify, func() ([]byte, *credential.Refusal) {
		payload, refusal := s.Payload()
		return payload.Raw(), refusal
	}}, nil
}

// statusKey is the issuer's status key of that kid. A compromised one vouches for nothing:
// lists are not recorded, so nobody can tell the old from the forged.
func (c *check) statusKey(ctx context.Context, kid string) (OwnedKey, error) {
	keys, err := c.trust.Keys(ctx, kid)
	if err != nil {
		return OwnedKey{}, err
	}
	for _, k := range keys {
		if k.Issuer == c.cred.Issuer && k.Purpose == did.ForStatus && k.CompromisedAt.IsZero() {
			return k, nil
		}
	}
	return OwnedKey{}, errors.New("list is not signed by a status key of the credential's issuer")
}

func sameKey(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}
