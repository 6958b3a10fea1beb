package web

import (
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sijil/verifier"
	"sijil/verifier/credential"
	"sijil/verifier/keyfile"
)

// ReceiptType is the typ of a receipt. Its key signs nothing else.
var ReceiptType = credential.Type{Typ: "verification-receipt+jwt"}

// maxReceipt bounds a receipt: a presentation of many credentials has many lines.
const maxReceipt = 256 << 10

// Receipt says what this verifier answered about which bytes. It names nobody: whoever has the
// credential can tell that it is about it, and nobody else can tell whose it is.
type Receipt struct {
	Issuer string `json:"iss,omitempty"` // the verifier's address
	// IssuedAt is when the answer was given, seconds since 1970 (RFC 7519).
	IssuedAt int64 `json:"iat"`
	// SHA256 is the digest of the credential as it was given, lower-case hex.
	SHA256  string         `json:"sha256"`
	Verdict ReceiptVerdict `json:"verdict"`
}

// ReceiptVerdict is a verdict without what was signed.
type ReceiptVerdict struct {
	Overall  verifier.Overall    `json:"overall"`
	Reasons  []credential.Reason `json:"reasons,omitempty"`
	At       time.Time           `json:"at"`
	Format   credential.Format   `json:"format,omitempty"`
	Lines    verifier.Lines      `json:"lines"`
	Warnings []string            `json:"warnings,omitempty"`
	Items    []ReceiptVerdict    `json:"items,omitempty"`
}

func withoutContent(v verifier.Verdict) ReceiptVerdict {
	out := ReceiptVerdict{Overall: v.Overall, Reasons: v.Reasons, At: v.At, Format: v.Format, Lines: v.Lines, Warnings: v.Warnings}
	for _, item := range v.Items {
		out.Items = append(out.Items, withoutContent(item))
	}
	return out
}

// receipts signs them.
type receipts struct {
	issuer string
	signer *credential.Signer
	public []keyfile.Public
}

func newReceipts(issuer string, keys []crypto.Signer) (*receipts, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	r := &receipts{issuer: issuer}
	for _, k := range keys {
		pub, err := keyfile.NewPublic(k.Public())
		if err != nil {
			return nil, err
		}
		r.public = append(r.public, pub)
	}
	var err error
	r.signer, err = credential.NewTypedSigner(keys[0], r.public[0].ID, ReceiptType)
	return r, err
}

// sign is the receipt of j, made at now; empty where nothing was judged or receipts are not made.
func (r *receipts) sign(j judged, now time.Time) (string, error) {
	if r == nil || j.content == nil {
		return "", nil
	}
	sum := sha256.Sum256(j.content)
	payload, err := credential.Payload(Receipt{
		Issuer: r.issuer, IssuedAt: now.Unix(), SHA256: hex.EncodeToString(sum[:]), Verdict: withoutContent(j.Verdict),
	})
	if err != nil {
		return "", fmt.Errorf("compose receipt: %w", err)
	}
	return r.signer.Sign(payload)
}

// ErrReceipt: the text is no receipt, or not signed by any of the keys.
var ErrReceipt = errors.New("not a receipt that one of these keys signed")

// ReadReceipt reads a receipt that one of keys signed; [ErrReceipt] otherwise.
func ReadReceipt(token []byte, keys []keyfile.Public) (Receipt, error) {
	parsed, refusal := credential.ParseJWS(token, maxReceipt, ReceiptType)
	if refusal != nil {
		return Receipt{}, fmt.Errorf("%w: %s", ErrReceipt, refusal.Detail)
	}
	if _, ok := keyfile.Verify(parsed, keys); !ok {
		return Receipt{}, ErrReceipt
	}
	var out Receipt
	if err := json.Unmarshal(parsed.Payload, &out); err != nil {
		return Receipt{}, fmt.Errorf("%w: %w", ErrReceipt, err)
	}
	return out, nil
}

// Of reports whether the receipt is about content, white space around it aside.
func (r Receipt) Of(content []byte) bool {
	for _, b := range [][]byte{content, trim(content)} {
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) == r.SHA256 {
			return true
		}
	}
	return false
}
