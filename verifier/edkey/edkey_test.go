package edkey

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"sync"
	"testing"

	"filippo.io/edwards25519"
	"pgregory.net/rapid"
)

// keys are those that were prepared for tests, which takes a while under the race detector.
var keys sync.Map

// prepared is nil when public is no point of the curve.
func prepared(public []byte) *Key {
	if k, ok := keys.Load(string(public)); ok {
		return k.(*Key)
	}
	k, _ := New(public)
	keys.Store(string(public), k)
	return k
}

// agree fails unless we and crypto/ed25519 answer alike, and gives the answer.
func agree(t interface {
	Helper()
	Fatalf(string, ...any)
}, public, message, sig []byte,
) bool {
	t.Helper()
	want := ed25519.Verify(public, message, sig)
	if k := prepared(public); (k != nil && k.Verify(message, sig)) != want {
		got := !want
		t.Fatalf("we say %v, crypto/ed25519 %v: key %x, message %x, signature %x", got, want, public, message, sig)
	}
	return want
}

func TestAgreesOnSignatures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := bytes.Repeat([]byte{rapid.Byte().Draw(t, "seed") % 8}, 32)
		message := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "message")
		private := ed25519.NewKeyFromSeed(seed)
		public := []byte(private.Public().(ed25519.PublicKey))
		sig := ed25519.Sign(private, message)
		if !agree(t, public, message, sig) {
			t.Fatalf("a good signature is refused")
		}
		bit := byte(1) << rapid.IntRange(0, 7).Draw(t, "bit")
		switch part := rapid.SampledFrom([]string{"signature", "message", "key"}).Draw(t, "part"); {
		case part == "signature":
			sig[rapid.IntRange(0, 63).Draw(t, "at")] ^= bit
		case part == "message" && len(message) > 0:
			message[rapid.IntRange(0, len(message)-1).Draw(t, "at")] ^= bit
		default:
			public = bytes.Clone(public)
			public[rapid.IntRange(0, 3).Draw(t, "at")] ^= 1
		}
		if agree(t, public, message, sig) {
			t.Fatalf("a changed bit went unnoticed")
		}
	})
}

// smallOrder are all encodings, canonical or not, of points whose order divides eight.
var smallOrder = []string{
	"0100000000000000000000000000000000000000000000000000000000000000",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"0100000000000000000000000000000000000000000000000000000000000080",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
}

// Keys and R's of small order are where implementations differ. S = 0 makes some of them
// signatures of everything.
func TestAgreesOnPointsOfSmallOrder(t *testing.T) {
	valid := 0
	for _, a := range smallOrder {
		for _, r := range smallOrder {
			public, _ := hex.DecodeString(a)
			first, _ := hex.DecodeString(r)
			for i := range 16 {
				message := fmt.Appendf(nil, "message %d", i)
				if agree(t, public, message, append(bytes.Clone(first), make([]byte, 32)...)) {
					valid++
				}
			}
		}
	}
	if valid == 0 {
		t.Error("none of them is a signature: the cases show nothing")
	}
}

// A key with a part of small order: its holder can make signatures that hold with the
// cofactor and not without it.
func TestAgreesOnMixedOrder(t *testing.T) {
	torsion, _ := hex.DecodeString(smallOrder[4])
	small, err := new(edwards25519.Point).SetBytes(torsion)
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[bool]int{}
	for i := range 32 {
		wide := sha512.Sum512(fmt.Appendf(nil, "scalar %d", i))
		a, _ := new(edwards25519.Scalar).SetUniformBytes(wide[:])
		wide = sha512.Sum512(wide[:])
		n, _ := new(edwards25519.Scalar).SetUniformBytes(wide[:])
		public := new(edwards25519.Point).ScalarBaseMult(a)
		public.Add(public, small)
		r := new(edwards25519.Point).ScalarBaseMult(n).Bytes()
		message := fmt.Appendf(nil, "message %d", i)
		h := sha512.Sum512(bytes.Join([][]byte{r, public.Bytes(), message}, nil))
		k, _ := new(edwards25519.Scalar).SetUniformBytes(h[:])
		s := new(edwards25519.Scalar).MultiplyAdd(k, a, n)
		outcomes[agree(t, public.Bytes(), message, append(r, s.Bytes()...))]++
	}
	if outcomes[true] == 0 || outcomes[false] == 0 {
		t.Errorf("outcomes %v: the cases do not show both", outcomes)
	}
}

// S + L is the same number to a careless reader.
func TestAgreesOnScalarsBeyondTheOrder(t *testing.T) {
	order, _ := hex.DecodeString("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
	private := ed25519.NewKeyFromSeed(make([]byte, 32))
	message := []byte("a diploma")
	sig := ed25519.Sign(private, message)
	carry := 0
	for i := range 32 {
		sum := int(sig[32+i]) + int(order[i]) + carry
		sig[32+i], carry = byte(sum), sum>>8
	}
	if agree(t, private.Public().(ed25519.PublicKey), message, sig) {
		t.Error("a scalar beyond the order was taken")
	}
	for _, n := range []int{0, 63, 65} {
		agree(t, private.Public().(ed25519.PublicKey), message, make([]byte, n))
	}
}

func TestAddsAnyTwoPoints(t *testing.T) {
	points := []*edwards25519.Point{edwards25519.NewIdentityPoint(), edwards25519.NewGeneratorPoint()}
	points = append(points, new(edwards25519.Point).Negate(points[1]), new(edwards25519.Point).Add(points[1], points[1]))
	for _, s := range smallOrder[:8] {
		b, _ := hex.DecodeString(s)
		p, err := new(edwards25519.Point).SetBytes(b)
		if err != nil {
			t.Fatal(err)
		}
		points = append(points, p)
	}
	for _, p := range points {
		for _, q := range points {
			var one [1]affine
			normalize(one[:], []edwards25519.Point{*q})
			var r extended
			x, y, z, xy := p.ExtendedCoordinates()
			r = extended{*x, *y, *z, *xy}
			r.add(&one[0])
			if got, want := r.encode(), new(edwards25519.Point).Add(p, q).Bytes(); !bytes.Equal(got[:], want) {
				t.Fatalf("%x + %x is %x, want %x", p.Bytes(), q.Bytes(), got, want)
			}
			r.subtract(&one[0])
			if got := r.encode(); !bytes.Equal(got[:], p.Bytes()) {
				t.Fatalf("%x + q − q is %x", p.Bytes(), got)
			}
		}
	}
}

func TestMemory(t *testing.T) {
	var m Memory
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 60 {
				private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(i % 3)}, 32))
				public := private.Public().(ed25519.PublicKey)
				message := fmt.Appendf(nil, "%d %d", w, i)
				sig := ed25519.Sign(private, message)
				if !m.Verify(public, message, sig) || m.Verify(public, message[1:], sig) {
					t.Errorf("wrong answer at use %d of a key", i)
				}
			}
		})
	}
	wg.Wait()
	if keys := *m.keys.Load(); len(keys) != 3 || m.prepared != 3 {
		t.Errorf("%d keys are remembered, %d prepared, want 3 and 3", len(keys), m.prepared)
	}
	if m.Verify(nil, nil, make([]byte, 64)) || m.Verify(make([]byte, 31), nil, make([]byte, 64)) {
		t.Error("a signature holds by a key of a wrong length")
	}
}

// Keys without end take bounded memory and stay right.
func TestMemoryIsBounded(t *testing.T) {
	var m Memory
	for i := range remembered + 10 {
		private := ed25519.NewKeyFromSeed(fmt.Appendf(nil, "%032d", i))
		if !m.Verify(private.Public().(ed25519.PublicKey), []byte("m"), ed25519.Sign(private, []byte("m"))) {
			t.Fatal("a good signature is refused")
		}
	}
	if n := len(*m.keys.Load()); n > remembered {
		t.Errorf("%d keys are remembered", n)
	}
	for i := range preparedKeys + 3 {
		private := ed25519.NewKeyFromSeed(fmt.Appendf(nil, "%032d", i))
		sig := ed25519.Sign(private, []byte("m"))
		for range worthIt + 1 {
			if !m.Verify(private.Public().(ed25519.PublicKey), []byte("m"), sig) {
				t.Fatal("a good signature is refused")
			}
		}
	}
	if m.prepared > preparedKeys {
		t.Errorf("%d keys have multiples", m.prepared)
	}
}

func FuzzAgreement(f *testing.F) {
	private := ed25519.NewKeyFromSeed(make([]byte, 32))
	f.Add([]byte(private.Public().(ed25519.PublicKey)), []byte("m"), ed25519.Sign(private, []byte("m")))
	f.Add(make([]byte, 32), []byte{}, make([]byte, 64))
	f.Fuzz(func(t *testing.T, public, message, sig []byte) {
		if len(public) == ed25519.PublicKeySize {
			agree(t, public, message, sig)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	private := ed25519.NewKeyFromSeed(make([]byte, 32))
	public := private.Public().(ed25519.PublicKey)
	message := bytes.Repeat([]byte("diploma "), 200)
	sig := ed25519.Sign(private, message)
	k, _ := New(public)
	var m Memory
	for name, verify := range map[string]func() bool{
		"how=stdlib":   func() bool { return ed25519.Verify(public, message, sig) },
		"how=prepared": func() bool { return k.Verify(message, sig) },
		"how=memory":   func() bool { return m.Verify(public, message, sig) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !verify() {
					b.Fatal("refused")
				}
			}
		})
	}
	b.Run("how=new", func(b *testing.B) {
		for b.Loop() {
			New(public)
		}
	})
}
