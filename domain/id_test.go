package domain_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sijil/domain"
)

func anyID(t *rapid.T, label string) domain.ID {
	var b [16]byte
	copy(b[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, label))
	return domain.IDFromBytes(b)
}

func TestParseID(t *testing.T) {
	const good = "0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00"
	if id, err := domain.ParseID(good); err != nil || id != good {
		t.Errorf("%s is refused: %v", good, err)
	}
	for name, s := range map[string]string{
		"empty": "", "capitals": strings.ToUpper(good), "braces": "{" + good + "}", "urn": "urn:uuid:" + good, "no dashes": strings.ReplaceAll(good, "-", ""),
		"short": good[:35], "long": good + "0", "a dash too early": "0190b5a-27c3e-7d4f-8a21-5b6c7d8e9f00", "a letter beyond f": "g" + good[1:],
		"a line feed": good + "\n", "a space": " " + good[1:], "full-width digits": "０" + good[3:],
	} {
		if _, err := domain.ParseID(s); domain.CodeOf(err) != "invalid_field" {
			t.Errorf("%s is accepted: %q", name, s)
		}
	}
}

// TestDeriveID pins the ids for ever: streams are named by them. The expected values were
// computed with another implementation of RFC 9562 section 5.5, Python's uuid and hashlib.
func TestDeriveID(t *testing.T) {
	const space = domain.ID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
	for _, x := range []struct {
		parts []string
		want  domain.ID
	}{
		{nil, "4ebd0208-8328-5d69-8c44-ec50939c0967"},
		{[]string{"institution", "TN-1"}, "3e5bfd29-f409-5e68-b8c4-6ad86afc5f7b"},
		{[]string{"a", "bc"}, "14a7eee3-569b-5e24-8c54-d722a7f6a635"},
		{[]string{"ab", "c"}, "ac02e423-82c8-5db1-9b74-dba0ecb1cd52"},
		{[]string{"الرياضيات", "ć", "🎓"}, "7be02297-0a6e-5ddc-8cb5-c7c1abc736f6"},
	} {
		if got := domain.DeriveID(space, x.parts...); got != x.want {
			t.Errorf("%q derives %s, want %s", x.parts, got, x.want)
		}
	}
}

func TestDerivedIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		space := anyID(t, "space")
		a := rapid.SliceOfN(rapid.String(), 0, 4).Draw(t, "a")
		b := rapid.SliceOfN(rapid.String(), 0, 4).Draw(t, "b")
		same := strings.Join(a, "\x00") == strings.Join(b, "\x00") && len(a) == len(b)
		x, y := domain.DeriveID(space, a...), domain.DeriveID(space, b...)
		if (x == y) != same {
			t.Fatalf("%q and %q derive %s and %s", a, b, x, y)
		}
		if !x.Valid() || x[14] != '5' || !strings.Contains("89ab", string(x[19])) {
			t.Fatalf("%s is no UUID of version 5", x)
		}
		if other := anyID(t, "other"); other != space && domain.DeriveID(other, a...) == x {
			t.Fatalf("two spaces derive %s", x)
		}
		k := domain.KeyedID(rapid.SliceOfN(rapid.Byte(), 16, 40).Draw(t, "mac"))
		if !k.Valid() || k[14] != '8' || !strings.Contains("89ab", string(k[19])) {
			t.Fatalf("%s is no UUID of version 8", k)
		}
	})
}

func TestIDBytesAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := anyID(t, "id")
		if !id.Valid() || domain.IDFromBytes(id.Bytes()) != id {
			t.Fatalf("%s does not survive its bytes", id)
		}
	})
	if domain.ID("nonsense").Bytes() != [16]byte{} {
		t.Error("what is no id has bytes")
	}
}

func TestStreamNamesComeApartAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		category := rapid.StringMatching(`[a-z][a-zA-Z]{2,15}`).Draw(t, "category")
		n := rapid.IntRange(1, 3).Draw(t, "n")
		var ids []domain.ID
		for range n {
			ids = append(ids, anyID(t, "id"))
		}
		name := domain.StreamName(category, ids...)
		if domain.CategoryOf(name) != category {
			t.Fatalf("the category of %s is %s", name, domain.CategoryOf(name))
		}
		back := domain.StreamIDs(name)
		if len(back) != n {
			t.Fatalf("%s holds %d ids", name, len(back))
		}
		for i := range ids {
			if back[i] != ids[i] {
				t.Fatalf("%s holds %v", name, back)
			}
		}
		cut := rapid.IntRange(1, 35).Draw(t, "cut")
		if got := domain.StreamIDs(name[:len(name)-cut]); len(got) > n-1 {
			t.Fatalf("a cut name holds %d ids", len(got))
		}
	})
	for _, s := range []string{"", "student", "student-", "student-x", "student-0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00x"} {
		if got := domain.StreamIDs(s); got != nil {
			t.Errorf("%q holds %v", s, got)
		}
	}
}
