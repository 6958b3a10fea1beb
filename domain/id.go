package domain

import (
	"crypto/sha1" //nolint:gosec // RFC 9562 section 5.5 names SHA-1 for version 5; nothing relies on its strength
	"encoding/hex"
	"strings"
)

// ID is a UUID in its canonical lower-case text form, or empty.
type ID string

// ParseID accepts exactly the canonical lower-case form of RFC 9562 section 4;
// anything else is refused with invalid_field, so that one thing has one spelling.
func ParseID(s string) (ID, error) {
	if !ID(s).Valid() {
		return "", Refuse(Invalid, "invalid_field", "an id is a UUID in lower case, as in 0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00")
	}
	return ID(s), nil
}

// Valid reports whether id is a canonical UUID.
func (id ID) Valid() bool {
	if len(id) != 36 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
			continue
		}
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Bytes is the 16-byte form; the zero array for an invalid id.
func (id ID) Bytes() (b [16]byte) {
	if id.Valid() {
		_, _ = hex.Decode(b[:], []byte(strings.ReplaceAll(string(id), "-", "")))
	}
	return b
}

// IDFromBytes is the canonical text of 16 bytes.
func IDFromBytes(b [16]byte) ID {
	var t [36]byte
	hex.Encode(t[0:8], b[0:4])
	hex.Encode(t[9:13], b[4:6])
	hex.Encode(t[14:18], b[6:8])
	hex.Encode(t[19:23], b[8:10])
	hex.Encode(t[24:], b[10:])
	t[8], t[13], t[18], t[23] = '-', '-', '-', '-'
	return ID(t[:])
}

// DeriveID is the version-5 UUID (RFC 9562 section 5.5) of a natural key in space:
// the same thing has the same id on every machine. Parts are length-prefixed, so
// that ("a","bc") and ("ab","c") differ. Never derive from personal data: use a keyed
// hash there.
func DeriveID(space ID, parts ...string) ID {
	h := sha1.New() //nolint:gosec // see the import
	ns := space.Bytes()
	h.Write(ns[:])
	for _, p := range parts {
		n := len(p)
		h.Write([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		h.Write([]byte(p))
	}
	return stamped(h.Sum(nil), 5)
}

// KeyedID is the version-8 UUID of a keyed hash (at least 16 bytes of it).
func KeyedID(mac []byte) ID { return stamped(mac, 8) }

func stamped(sum []byte, version byte) ID {
	var b [16]byte
	copy(b[:], sum)
	b[6] = b[6]&0x0f | version<<4
	b[8] = b[8]&0x3f | 0x80
	return IDFromBytes(b)
}

// StreamName joins a category and ids with "-". UUIDs have a fixed length, so the
// name can be taken apart again.
func StreamName(category string, ids ...ID) string {
	var b strings.Builder
	b.WriteString(category)
	for _, id := range ids {
		b.WriteByte('-')
		b.WriteString(string(id))
	}
	return b.String()
}

// CategoryOf is the part of a stream's name before the first "-".
func CategoryOf(stream string) string {
	c, _, _ := strings.Cut(stream, "-")
	return c
}

// StreamIDs are the UUIDs that follow a stream's category, in order; nil when the rest
// is not a row of UUIDs.
func StreamIDs(stream string) []ID {
	_, rest, _ := strings.Cut(stream, "-")
	var ids []ID
	for len(rest) >= 36 {
		id := ID(rest[:36])
		if !id.Valid() {
			return nil
		}
		ids = append(ids, id)
		if rest = rest[36:]; rest == "" {
			return ids
		}
		if rest[0] != '-' {
			return nil
		}
		rest = rest[1:]
	}
	return nil
}
