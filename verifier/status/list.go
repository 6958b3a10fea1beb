// Package status is the Bitstring Status List 1.0 (https://www.w3.org/TR/vc-bitstring-status-list/):
// the bits and their encoding, the list as a credential, and the entry of a diploma that
// points into one. It fetches nothing and checks no signature.
package status

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// MinEntries is the fewest entries a list may have, so that one diploma hides among many
// (§6.1, 16 kB). maxBytes bounds what gunzip may give: a list of 8 M entries.
const (
	MinEntries = 131_072
	maxBytes   = 1 << 20
)

// Bits is a bitstring; entry 0 is the leftmost bit of the first byte (§3.2).
type Bits []byte

// NewBits is a bitstring of n entries, all unset, at least [MinEntries].
func NewBits(n int) Bits { return make(Bits, (max(n, MinEntries)+7)/8) }

// Len is the number of entries.
func (b Bits) Len() int { return 8 * len(b) }

// Set sets entry i, which must lie in the list.
func (b Bits) Set(i int) { b[i/8] |= 0x80 >> (i % 8) }

// Get reports whether entry i is set, which must lie in the list.
func (b Bits) Get(i int) bool { return b[i/8]&(0x80>>(i%8)) != 0 }

// Encode is the bits as encodedList: "u" (multibase base64url) and gzip (§3.3). The same
// bits always encode alike.
func Encode(b Bits) (string, error) {
	var z bytes.Buffer
	w, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(b); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return "u" + base64.RawURLEncoding.EncodeToString(z.Bytes()), nil
}

// Decode is the bits of an encodedList. What gunzip gives is bounded while it is being
// read, so a bomb costs a megabyte and not its size. A list of fewer than [MinEntries] is an
// error (STATUS_LIST_LENGTH_ERROR).
func Decode(encoded string) (Bits, error) {
	if len(encoded) == 0 || encoded[0] != 'u' {
		return nil, errors.New("encodedList is not multibase base64url")
	}
	z, err := base64.RawURLEncoding.DecodeString(encoded[1:])
	if err != nil {
		return nil, errors.New("encodedList is not base64url")
	}
	r := unzippers.Get().(*gzip.Reader)
	defer unzippers.Put(r)
	if err := r.Reset(bytes.NewReader(z)); err != nil {
		return nil, errors.New("encodedList is not gzip")
	}
	r.Multistream(false)
	var out bytes.Buffer
	out.Grow(promised(z) + bytes.MinRead)
	if _, err := out.ReadFrom(io.LimitReader(r, maxBytes+1)); err != nil {
		return nil, errors.New("encodedList's gzip is damaged")
	}
	b := out.Bytes()
	if len(b) > maxBytes {
		return nil, fmt.Errorf("list has more than %d entries", 8*maxBytes)
	}
	if 8*len(b) < MinEntries {
		return nil, fmt.Errorf("list has %d entries, the standard's minimum is %d", 8*len(b), MinEntries)
	}
	return b, nil
}

// unzippers are used again: one holds 40 kB of tables and window.
var unzippers = sync.Pool{New: func() any { return new(gzip.Reader) }}

// promised is how many bytes a gzip stream says at its end that it holds (RFC 1952 §2.3.1). It
// may lie, so it only saves asking for memory twice, up to what is read at most.
func promised(z []byte) int {
	if len(z) < 4 {
		return 0
	}
	return int(min(binary.LittleEndian.Uint32(z[len(z)-4:]), maxBytes))
}
