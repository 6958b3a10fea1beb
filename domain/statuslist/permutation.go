package statuslist

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"math/bits"
)

// rounds of the Feistel network. Four make it a strong pseudo-random permutation in
// Luby and Rackoff's sense; a domain as small as ours asks for more (NIST SP 800-38G
// takes eight or ten).
const rounds = 10

// permutation is a keyed bijection of 0 … n-1: a balanced Feistel network with AES-256 as
// its round function over the next even number of bits, walked until it falls below n.
type permutation struct {
	block cipher.Block
	half  uint
	n     uint32
}

// newPermutation takes a key of [KeySize] bytes and n from 2 to [MaxLength].
func newPermutation(key []byte, n int) permutation {
	block, err := aes.NewCipher(key)
	if err != nil { // the size is checked where the key comes in
		panic(err)
	}
	return permutation{block: block, half: uint(bits.Len(uint(n-1))+1) / 2, n: uint32(n)}
}

// at is where i, 0 ≤ i < n, goes. The network covers less than four times n, so the walk takes a
// few steps, and it ends: a cycle that begins below n returns below n.
func (p permutation) at(i int) int {
	x := uint32(i)
	for {
		if x = p.network(x); x < p.n {
			return int(x)
		}
	}
}

func (p permutation) network(x uint32) uint32 {
	mask := uint32(1)<<p.half - 1
	left, right := x>>p.half, x&mask
	var in, out [aes.BlockSize]byte
	for r := range rounds {
		in[0] = byte(r)
		binary.BigEndian.PutUint32(in[1:], p.n)
		binary.BigEndian.PutUint32(in[5:], right)
		p.block.Encrypt(out[:], in[:])
		left, right = right, left^binary.BigEndian.Uint32(out[:])&mask
	}
	return left<<p.half | right
}
