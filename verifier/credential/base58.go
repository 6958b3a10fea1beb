package credential

import (
	"errors"
	"math/big"
	"strings"
)

const alphabet58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// DecodeBase58 reads base58btc. A text has one meaning and bytes have one text. The work grows
// with the square of the length, which the caller bounds.
func DecodeBase58(s string) ([]byte, error) {
	n, radix := new(big.Int), big.NewInt(58)
	for i := range len(s) {
		digit := strings.IndexByte(alphabet58, s[i])
		if digit < 0 {
			return nil, errors.New("not base58")
		}
		n.Mul(n, radix).Add(n, big.NewInt(int64(digit)))
	}
	zeros := len(s) - len(strings.TrimLeft(s, "1"))
	return append(make([]byte, zeros), n.Bytes()...), nil
}

// EncodeBase58 is b as base58btc.
func EncodeBase58(b []byte) string {
	n, radix, mod := new(big.Int).SetBytes(b), big.NewInt(58), new(big.Int)
	var out []byte
	for n.Sign() > 0 {
		n.DivMod(n, radix, mod)
		out = append(out, alphabet58[mod.Int64()])
	}
	for _, c := range b {
		if c != 0 {
			break
		}
		out = append(out, '1')
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return string(out)
}
