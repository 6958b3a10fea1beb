package issuer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"sijil/domain"
	"sijil/verifier"
	"sijil/verifier/credential"
	"sijil/verifier/dataintegrity"
	"sijil/verifier/did"
	"sijil/verifier/jsonld"
	"sijil/verifier/lint"
)

// maxDraft is the largest credential that is signed on request, in bytes.
const maxDraft = 64 << 10

// draft is a credential that somebody asks to have signed, member by member as it was written.
type draft struct {
	names  []string
	values map[string][]byte
}

// readDraft reads what shall be signed in issuer's name. Only the institution that asks can be
// its issuer, and only the ledger says how it can be revoked and how it is proved.
func readDraft(asked []byte, issuer string) (*draft, error) {
	if len(asked) > maxDraft {
		return nil, notConforming("it has more than %d bytes", maxDraft)
	}
	root, refusal := credential.ParseJSON(asked)
	if refusal != nil {
		return nil, notConforming("%s: %s", refusal.Reason, refusal.Detail)
	}
	if !root.IsObject() {
		return nil, notConforming("it is not an object")
	}
	d := &draft{values: map[string][]byte{}}
	for name := range root.Members() {
		switch name {
		case "credentialStatus", "proof":
			return nil, domain.Refuse(domain.Invalid, "set_by_issuer", "%s is the issuer's to add", name)
		}
	}
	// The text is kept, without the white space.
	var tight bytes.Buffer
	if err := json.Compact(&tight, asked); err != nil {
		return nil, notConforming("it is not JSON")
	}
	if root, refusal = credential.ParseJSON(tight.Bytes()); refusal != nil {
		return nil, notConforming("%s: %s", refusal.Reason, refusal.Detail)
	}
	for name, v := range root.Members() {
		raw := v.Raw()
		if text, ok := v.Text(); ok {
			raw = quoted(text)
		}
		d.names, d.values[name] = append(d.names, name), raw
	}
	by := root.Get("issuer")
	if by.IsObject() {
		by = by.Get("id")
	}
	if text, ok := by.Text(); root.Has("issuer") && ok && text != issuer {
		return nil, domain.Refuse(domain.Forbidden, "another_issuer", "the issuer is the institution that asks, or is left out")
	}
	if id, _ := root.Get("id").Text(); ledgersOwn(id) {
		return nil, domain.Refuse(domain.Invalid, "set_by_issuer", "an id of this form is the ledger's to give; leave it out")
	}
	d.fill("issuer", issuer)
	return d, nil
}

// ledgersOwn: ids of version 8 are made by the ledger (architecture decision 4). With one of a
// diploma's, an attestation would pass for what the ledger recorded under it.
func ledgersOwn(id string) bool {
	text, ok := strings.CutPrefix(strings.ToLower(id), "urn:uuid:")
	return ok && domain.ID(text).Valid() && text[14] == '8'
}

func quoted(s string) []byte {
	b, err := credential.Payload(s)
	if err != nil {
		panic(err) // a text always encodes
	}
	return b
}

// fill adds a member that is not there.
func (d *draft) fill(name, value string) {
	if _, has := d.values[name]; !has {
		d.names, d.values[name] = append(d.names, name), quoted(value)
	}
}

// with is the payload with its status entry.
func (d *draft) with(entry *credential.StatusEntry) ([]byte, error) {
	b, err := credential.Payload(entry)
	if err != nil {
		return nil, fmt.Errorf("encoding a status entry: %w", err)
	}
	whole := draft{append(slices.Clone(d.names), "credentialStatus"), map[string][]byte{"credentialStatus": b}}
	for name, v := range d.values {
		whole.values[name] = v
	}
	return whole.bytes(), nil
}

func (d *draft) bytes() []byte {
	b := []byte{'{'}
	for n, name := range d.names {
		if n > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, quoted(name)...), ':'), d.values[name]...)
	}
	return append(b, '}')
}

// check refuses what the data model does not allow, and what an institution does not sign
// because somebody asks.
func (d *draft) check() error {
	root, refusal := credential.ParseJSON(d.bytes())
	if refusal != nil {
		return notConforming("%s: %s", refusal.Reason, refusal.Detail)
	}
	// First: who asks for a diploma shall hear of awards, whatever else is wrong with it.
	if err := plainWords(root); err != nil {
		return err
	}
	if found := lint.Lint(root, lint.Profile{Kind: lint.Credential}); len(found) > 0 {
		return conforming(found)
	}
	data, refusal := jsonld.Expand(root, root.Get("@context"), "proof")
	if refusal != nil {
		return notConforming("%s: %s", refusal.Reason, refusal.Detail)
	}
	canonical, refusal := data.Canonical()
	if refusal != nil {
		return notConforming("%s: %s", refusal.Reason, refusal.Detail)
	}
	return meant(string(canonical))
}

// maxTold is how many faults an answer names.
const maxTold = 5

// plainPath is a path that holds names of members as standards write them; others are the
// caller's own words.
var plainPath = regexp.MustCompile(`^(/[@A-Za-z0-9_-]{1,40}){0,12}$`)

func conforming(found []lint.Finding) error {
	var told []string
	for n, f := range found {
		if n == maxTold {
			told = append(told, fmt.Sprintf("and %d more", len(found)-n))
			break
		}
		at := ""
		if f.Path != "" && plainPath.MatchString(f.Path) {
			at = " at " + f.Path
		}
		told = append(told, string(f.Reason)+at+": "+f.Detail)
	}
	return notConforming("%s", strings.Join(told, "; "))
}

func notConforming(says string, args ...any) error {
	return domain.Refuse(domain.Invalid, "credential_not_conforming", says, args...)
}

// attestation is [linter.check] for what is signed on request, in the form in which it will be.
func (l *linter) attestation(ctx context.Context, payload []byte, form, issuer, list string, now time.Time) error {
	t, err := l.trust(lintFor{issuer, list}, now)
	if err != nil {
		return err
	}
	signed, err := attested(payload, form, l.key, did.KeyID(issuer, did.ForCredentials, "lint"), now)
	if err != nil {
		return err
	}
	v := verifier.Verify(ctx, signed, t.store, now)
	// One that begins later is refused until then, and for nothing else.
	if v.Overall != verifier.Valid && !slices.Equal(v.Reasons, []credential.Reason{verifier.NotYetValid}) {
		return notConforming("a verifier would not accept it: %s %s", v.Reason, v.Detail)
	}
	for _, w := range v.Warnings {
		// A reader of plain JSON is warned of these; what they mean has been looked at.
		if w != "unknown_context" && w != "inline_context" {
			return notConforming("a verifier would warn of it: %s", w)
		}
	}
	if form == dataintegrity.EdDSARDFC && v.Format != credential.FormatEdDSA2022 || form == format && v.Format != credential.FormatVC {
		return fmt.Errorf("a credential of form %s was read as %s", form, v.Format)
	}
	return nil
}
