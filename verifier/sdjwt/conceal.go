package sdjwt

import (
	"crypto"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"sijil/verifier/credential"
)

// Concealed is a payload whose disclosable values are replaced by digests, and the
// disclosures that bring them back. An issuer records both before it signs the payload:
// without the disclosures the values are lost.
type Concealed struct {
	Payload     []byte   // what the issuer signs
	Disclosures []string // base64url
}

// Conceal makes the values at the paths ("a.b", "c[0]") disclosable, each on its own. A
// path within another gives a disclosure within a disclosure: showing the inner shows that
// the outer is there. decoys digests of nothing are added wherever there is a digest, so
// that their number says less. Digests are sorted, which hides the members' order, and
// salts have 128 random bits (RFC 9901 §9.3).
//
// [credential.BadDisclosure] for a path that leads nowhere, comes twice, or leads into a
// member that must always be seen; for a payload that uses the names of selective
// disclosure itself.
func Conceal(payload []byte, paths []string, decoys int) (Concealed, *credential.Refusal) {
	root, refusal := credential.ParseJSON(payload)
	switch {
	case refusal != nil:
		return Concealed{}, refusal
	case !root.IsObject():
		return Concealed{}, credential.Refuse(credential.BadPayload, "payload is not a JSON object")
	}
	targets, refusal := parsePaths(paths)
	if refusal != nil {
		return Concealed{}, refusal
	}
	c := concealer{decoys: decoys}
	out := c.value(root, targets)
	switch {
	case c.reserved:
		return Concealed{}, credential.Refuse(credential.BadDisclosure, "the payload has a member named _sd, _sd_alg or ...")
	case targets.missed():
		return Concealed{}, credential.Refuse(credential.BadDisclosure, "a path leads to nothing in the payload")
	case len(c.disclosures) > MaxDisclosures:
		return Concealed{}, credential.Refuse(credential.TooLarge, "more than %d disclosures", MaxDisclosures)
	}
	if len(c.disclosures) > 0 {
		out = append(out[:len(out)-1], `,"_sd_alg":"sha-256"}`...)
	}
	return Concealed{out, c.disclosures}, nil
}

// Sign is the SD-JWT with all its disclosures, as the holder keeps it.
func (c Concealed) Sign(signer *credential.Signer) (string, error) {
	jws, err := signer.Sign(c.Payload)
	if err != nil {
		return "", err
	}
	return c.Join(jws), nil
}

// Join is the SD-JWT made of the issuer's JWS over c.Payload and all disclosures.
func (c Concealed) Join(jws string) string {
	return strings.Join(append([]string{jws}, c.Disclosures...), "~") + "~"
}

type concealer struct {
	decoys      int
	disclosures []string
	reserved    bool // the payload has a name that means something to selective disclosure
}

// value is v as JSON with what t says replaced by digests.
func (c *concealer) value(v credential.Value, t *target) []byte {
	switch v.Kind() {
	case credential.Object:
		return c.object(v, t)
	case credential.Array:
		return c.array(v, t)
	default:
		return appendScalar(nil, v)
	}
}

func (c *concealer) object(v credential.Value, t *target) []byte {
	out := []byte{'{'}
	var digests []string
	for name, child := range v.Members() {
		c.reserved = c.reserved || reserved(name)
		to := t.child(step{name: name})
		text := c.value(child, to)
		if to != nil && to.hide {
			digests = append(digests, c.disclose(append(appendString(nil, name), ','), text))
			continue
		}
		out = append(append(appendString(out, name), ':'), text...)
		out = append(out, ',')
	}
	if len(digests) > 0 {
		for range c.decoys {
			digests = append(digests, decoy())
		}
		slices.Sort(digests)
		return fmt.Appendf(out, `"_sd":["%s"]}`, strings.Join(digests, `","`))
	}
	if out[len(out)-1] == ',' {
		out = out[:len(out)-1]
	}
	return append(out, '}')
}

func (c *concealer) array(v credential.Value, t *target) []byte {
	var items []string
	hides := false
	for i, child := range v.Items() {
		to := t.child(step{index: i})
		text := c.value(child, to)
		if to != nil && to.hide {
			text, hides = fmt.Appendf(nil, `{"...":"%s"}`, c.disclose(nil, text)), true
		}
		items = append(items, string(text))
	}
	for range c.decoys {
		if hides { // anywhere: at the end it would show what it is
			items = slices.Insert(items, random(len(items)+1), fmt.Sprintf(`{"...":"%s"}`, decoy()))
		}
	}
	return []byte("[" + strings.Join(items, ",") + "]")
}

// disclose keeps the disclosure of a value, after `"name",` if it is a member's, and is
// its digest.
func (c *concealer) disclose(name, value []byte) string {
	text := fmt.Appendf(nil, `["%s",%s%s]`, salt(), name, value)
	d := base64.RawURLEncoding.EncodeToString(text)
	c.disclosures = append(c.disclosures, d)
	return digestOf(crypto.SHA256, d)
}

func salt() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

func decoy() string { return digestOf(crypto.SHA256, salt()) }

func random(n int) int {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return int(i.Int64())
}
