package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sijil/verifier/did"
)

func sample(t testing.TB) Bundle {
	now := did.Instant{Time: time.Date(2031, 7, 1, 9, 0, 0, 0, time.UTC)}
	key := func(seed byte, purpose did.Purpose) did.Key {
		k, err := did.NewKey(ed25519.NewKeyFromSeed(append(make([]byte, 31), seed)).Public(), "k"+string('0'+rune(seed)), purpose, now.Time)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	return Bundle{
		Now: now, Unsigned: true, HasRecords: true,
		Issuers:   []did.Issuer{{ID: "did:web:l:institutions:1", Name: "مدرسة", StatusRequired: true, Keys: []did.Key{key(1, did.ForCredentials), key(2, did.ForStatus)}}},
		OtherKeys: []did.Key{key(3, "access-token")},
		Lists:     map[string][]byte{"https://l/status/1": []byte("a.b.c"), "https://l/status/2": []byte("d.e.f")},
		Records:   []did.Record{{ID: "urn:uuid:1", Issuer: "did:web:l:institutions:1", PayloadSHA256: strings.Repeat("0a", 32), RecordedAt: now}, {ID: "urn:uuid:2", Issuer: "i", PayloadSHA256: strings.Repeat("0b", 32), RecordedAt: now}},
	}
}

func TestABundleIsReadAsItWasWritten(t *testing.T) {
	for _, name := range []string{"dir", "file.zip"} {
		for records, change := range map[string]func(*Bundle){
			"some": func(*Bundle) {}, "none": func(b *Bundle) { b.Records = nil }, "no extract": func(b *Bundle) { b.Records, b.HasRecords = nil, false },
		} {
			want := sample(t)
			change(&want)
			path := filepath.Join(t.TempDir(), name)
			if err := Write(path, want); err != nil {
				t.Fatal(err)
			}
			got, err := Open(path, true)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %s: %v\n%+v\n%+v", name, records, err, got, want)
			}
			if _, err := Open(path, false); !errors.Is(err, ErrUnsigned) {
				t.Errorf("an unsigned bundle opens unasked: %v", err)
			}
			if err := Write(path, want); err == nil {
				t.Errorf("%s is overwritten", name)
			}
		}
	}
}

func TestTheCorpusIsABundle(t *testing.T) {
	b, err := Open("../testdata/hostile", true)
	if err != nil || len(b.Issuers) != 2 || len(b.OtherKeys) != 1 || len(b.Lists) != 19 || len(b.Records) != 4 {
		t.Errorf("%v %+v", err, b)
	}
}

func files(t testing.TB) fstest.MapFS {
	dir := t.TempDir()
	if err := Write(dir, sample(t)); err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(name)] = &fstest.MapFile{Data: b}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestADamagedBundleDoesNotOpen(t *testing.T) {
	replace := func(name, old, new string) func(fstest.MapFS) {
		return func(f fstest.MapFS) {
			changed := strings.Replace(string(f[name].Data), old, new, 1)
			if changed == string(f[name].Data) {
				t.Fatalf("%q is not in %s", old, name)
			}
			f[name].Data = []byte(changed)
		}
	}
	for name, change := range map[string]func(fstest.MapFS){
		"no trust.json":         func(f fstest.MapFS) { delete(f, trustFile) },
		"half a trust.json":     func(f fstest.MapFS) { f[trustFile].Data = f[trustFile].Data[:100] },
		"text after it":         func(f fstest.MapFS) { f[trustFile].Data = append(f[trustFile].Data, "{}"...) },
		"no list of the map":    func(f fstest.MapFS) { replace(mapFile, ".jwt", ".gone")(f) },
		"a list outside":        replace(mapFile, `:"status/`, `:"../`),
		"a list beside":         replace(mapFile, `:"status/`, `:"other/`),
		"an issuer without id":  replace(trustFile, `"id":"did:web:l:institutions:1"`, `"id":""`),
		"a key twice":           replace(trustFile, `"kid":"k2"`, `"kid":"k1"`),
		"a key without name":    replace(trustFile, `"kid":"k2"`, `"kid":""`),
		"a key of another kind": replace(trustFile, "Ed25519", "X25519"),
		"a record without time": replace(ledgerFile, `"recordedAt":"2031-07-01T09:00:00Z"`, `"recordedAt":""`),
		"half a digest":         replace(ledgerFile, "0a0a", "0a"),
		"records cut":           func(f fstest.MapFS) { f[ledgerFile].Data = f[ledgerFile].Data[:len(f[ledgerFile].Data)-3] },
		"records of no list":    func(f fstest.MapFS) { f[ledgerFile].Data = []byte("{}") },
	} {
		f := files(t)
		change(f)
		if _, err := Read(f); err == nil {
			t.Errorf("%s: opens", name)
		}
	}
}

func TestAZIPBombCostsNoMoreThanABundleMayHave(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bomb.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for name, r := range map[string]io.Reader{
		trustFile: strings.NewReader(`{"issuers":[],"now":""}`), mapFile: strings.NewReader(`{"https://l/1":"status/1.jwt"}`),
		"status/1.jwt": io.LimitReader(zeros{}, 2<<20),
	} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, true); err == nil || !strings.Contains(err.Error(), "larger than a bundle may hold") {
		t.Errorf("opens: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestABundleZippedWithItsFolderOpens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.zip")
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for name, f := range files(t) {
		w, err := z.Create("bundle-2031/" + name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(f.Data)
	}
	if err := errors.Join(z.Close(), os.WriteFile(path, buf.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
	if b, err := Open(path, true); err != nil || len(b.Lists) != 2 {
		t.Errorf("%v", err)
	}
}

func TestALinkOutOfABundleIsNotFollowed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "b")
	if err := Write(dir, sample(t)); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(filepath.Join(dir, ledgerFile)), os.Symlink(outside, filepath.Join(dir, ledgerFile))); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, true); err == nil {
		t.Error("followed")
	}
}

// FuzzRead: whatever stands in the files, reading ends without a panic, and what opens has
// usable keys.
func FuzzRead(f *testing.F) {
	seed := files(f)
	f.Add(seed[trustFile].Data, seed[mapFile].Data, seed[ledgerFile].Data)
	f.Fuzz(func(t *testing.T, trust, lists, ledger []byte) {
		b, err := Read(fstest.MapFS{
			trustFile: {Data: trust}, mapFile: {Data: lists}, ledgerFile: {Data: ledger}, "status/x.jwt": {Data: []byte("a.b.c")},
		})
		if err != nil {
			return
		}
		for _, i := range b.Issuers {
			for _, k := range i.Keys {
				if i.ID == "" || k.Public() == nil {
					t.Fatalf("unusable issuer %+v", i)
				}
			}
		}
	})
}
