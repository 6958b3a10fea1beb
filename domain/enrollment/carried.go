package enrollment

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
)

// Carried is the record a transfer carried: the academicRecord streams as far as they
// went, and the salt of their digest.
type Carried struct {
	// Salt is 32 bytes.
	Salt    []byte          `json:"salt"`
	Streams []CarriedStream `json:"streams"`
}

// CarriedStream is one stream up to a revision, with the [PayloadsDigest] of its events.
type CarriedStream struct {
	Stream   string `json:"stream"`
	Revision int64  `json:"revision"`
	Digest   []byte `json:"digest"`
}

// Digest is what TransferCompleted shows of the record: SHA-256, in hex, over the salt and
// then each stream's name, revision (8 bytes, big endian) and digest, names and byte strings
// with their length before them (8 bytes, big endian). Without the salt nobody can try marks
// against it; with it anybody who has the record can.
func (c Carried) Digest() string {
	h := sha256.New()
	write(h, c.Salt)
	for _, s := range c.Streams {
		write(h, []byte(s.Stream))
		_ = binary.Write(h, binary.BigEndian, s.Revision) // a hash takes everything
		write(h, s.Digest)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// PayloadsDigest hashes a stream's stored payloads one after the other.
type PayloadsDigest struct{ h hash.Hash }

// NewPayloadsDigest is the digest of no payloads.
func NewPayloadsDigest() PayloadsDigest { return PayloadsDigest{sha256.New()} }

// Add takes the next event's payload, byte for byte as stored.
func (d PayloadsDigest) Add(payload []byte) { write(d.h, payload) }

// Sum is the SHA-256 of the payloads so far, each with its length before it (8 bytes, big endian).
func (d PayloadsDigest) Sum() []byte { return d.h.Sum(nil) }

func write(h hash.Hash, b []byte) {
	_ = binary.Write(h, binary.BigEndian, uint64(len(b))) // a hash takes everything
	h.Write(b)
}
