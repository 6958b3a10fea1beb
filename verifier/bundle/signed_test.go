package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sijil/verifier/credential"
	"sijil/verifier/did"
	"sijil/verifier/keyfile"
)

var bundleKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))

func pin(t testing.TB, key ed25519.PrivateKey) []keyfile.Public {
	p, err := keyfile.NewPublic(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return []keyfile.Public{p}
}

// sealed is a sample with DID documents, and where it comes from.
func sealed(t testing.TB) (Bundle, Origin) {
	b := sample(t)
	b.Unsigned = false
	doc, err := json.Marshal(did.NewDocument(b.Issuers[0]))
	if err != nil {
		t.Fatal(err)
	}
	b.Documents = map[string][]byte{b.Issuers[0].ID: doc}
	return b, Origin{LogID: "log", TreeSize: 42, Expires: did.Instant{Time: b.Now.Add(7 * 24 * time.Hour)}}
}

// signedFiles are the files of a signed bundle.
func signedFiles(t testing.TB, change func(*Bundle, *Origin)) fstest.MapFS {
	b, from := sealed(t)
	if change != nil {
		change(&b, &from)
	}
	dir := filepath.Join(t.TempDir(), "b")
	if err := WriteSigned(dir, b, from, bundleKey); err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(root, name)
		out[name] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func wantCode(t *testing.T, name string, err error, want Code) {
	t.Helper()
	if r, ok := errors.AsType[*Refusal](err); !ok || r.Code != want {
		t.Errorf("%s: %v, want %s", name, err, want)
	}
}

func TestASignedBundleIsReadAsItWasWritten(t *testing.T) {
	want, from := sealed(t)
	for _, name := range []string{"dir", "file.zip"} {
		path := filepath.Join(t.TempDir(), name)
		if err := WriteSigned(path, want, from, bundleKey); err != nil {
			t.Fatal(err)
		}
		got, err := OpenSigned(path, pin(t, bundleKey))
		if err != nil {
			t.Fatal(name, err)
		}
		m := got.Manifest
		if m.Origin != from || m.GeneratedAt != want.Now || len(m.Files) != 7 || m.Key != pin(t, bundleKey)[0].ID {
			t.Errorf("%s: manifest %+v", name, m)
		}
		got.Manifest = Manifest{}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%+v\n%+v", name, got, want)
		}
		_, err = Open(path, false)
		wantCode(t, name+" without a key", err, KeyMissing)
		if b, err := Open(path, true); err != nil || !b.Unsigned {
			t.Errorf("%s taken without looking at its signature: %v, unsigned: %v", name, err, b.Unsigned)
		}
		_, err = OpenSigned(path, pin(t, ed25519.NewKeyFromSeed(make([]byte, 32))))
		wantCode(t, name+" of another key", err, BadSigner)
		_, err = OpenSigned(path, nil)
		wantCode(t, name+" without any key", err, BadSigner)
	}
}

// stride is from which byte to which the tests go that change each; race_test.go makes it
// longer, since the race detector makes them slow and can learn nothing from them.
var stride = 1

// TestEveryByteOfASignedBundleCounts changes each byte of each file.
func TestEveryByteOfASignedBundleCounts(t *testing.T) {
	files, keys := signedFiles(t, nil), pin(t, bundleKey)
	if _, err := ReadSigned(files, keys); err != nil {
		t.Fatal(err)
	}
	for name, f := range files {
		for i := 0; i < len(f.Data); i += stride {
			old := f.Data[i]
			f.Data[i] ^= 1
			_, err := ReadSigned(files, keys)
			r, ok := errors.AsType[*Refusal](err)
			if name == manifestFile && ok && (r.Code == BadManifest || r.Code == BadSigner) || name != manifestFile && ok && r.Code == Changed {
				f.Data[i] = old
				continue
			}
			t.Fatalf("byte %d of %s: %v", i, name, err)
		}
	}
}

func TestEveryByteOfAZIPIsRefusedOrMeansNothing(t *testing.T) {
	want, from := sealed(t)
	path := filepath.Join(t.TempDir(), "b.zip")
	if err := WriteSigned(path, want, from, bundleKey); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	keys := pin(t, bundleKey)
	first, err := OpenSigned(path, keys)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := 0; i < len(content); i += stride {
		content[i] ^= 0x20
		z, err := newZIP(bytes.NewReader(content), int64(len(content)))
		if err == nil {
			var got Bundle
			got, err = inFolder(z, func(fsys fs.FS) (Bundle, error) { return ReadSigned(fsys, keys) })
			if err == nil && !reflect.DeepEqual(got, first) {
				t.Errorf("byte %d makes another bundle", i)
			}
		}
		if err != nil {
			refused++
		}
		content[i] ^= 0x20
	}
	if tried := len(content) / stride; refused < tried/2 {
		t.Errorf("only %d of %d changes were noticed", refused, tried)
	}
}

func TestAForgedBundleIsRefusedByName(t *testing.T) {
	keys := pin(t, bundleKey)
	swapped := signedFiles(t, func(b *Bundle, o *Origin) {
		o.TreeSize, b.Now = 41, did.Instant{Time: b.Now.Add(-time.Hour)}
	})
	var list string
	for name := range swapped {
		if strings.HasPrefix(name, statusDir) {
			list = name
		}
	}
	resign := func(f fstest.MapFS, typ credential.Type, change func(map[string]any)) {
		token, refusal := credential.ParseJWS(f[manifestFile].Data, maxManifest, ManifestType)
		if refusal != nil {
			t.Fatal(refusal)
		}
		var m map[string]any
		if err := json.Unmarshal(token.Payload, &m); err != nil {
			t.Fatal(err)
		}
		change(m)
		payload, err := credential.Payload(m)
		if err != nil {
			t.Fatal(err)
		}
		s, err := credential.NewTypedSigner(bundleKey, "k", typ)
		if err != nil {
			t.Fatal(err)
		}
		text, err := s.Sign(payload)
		if err != nil {
			t.Fatal(err)
		}
		f[manifestFile].Data = []byte(text)
	}
	for name, c := range map[string]struct {
		change func(fstest.MapFS)
		want   Code
	}{
		"a list dropped":             {func(f fstest.MapFS) { delete(f, list) }, Missing},
		"the ledger extract dropped": {func(f fstest.MapFS) { delete(f, ledgerFile) }, Missing},
		"trust.json dropped":         {func(f fstest.MapFS) { delete(f, trustFile) }, Missing},
		"the manifest dropped":       {func(f fstest.MapFS) { delete(f, manifestFile) }, Unsigned},
		"a file added":               {func(f fstest.MapFS) { f["status/more.jwt"] = &fstest.MapFile{Data: []byte("x")} }, Unlisted},
		"a note added":               {func(f fstest.MapFS) { f["README"] = &fstest.MapFile{Data: []byte("x")} }, Unlisted},
		"a file made longer":         {func(f fstest.MapFS) { f[trustFile].Data = append(f[trustFile].Data, ' ') }, Changed},
		"a file cut":                 {func(f fstest.MapFS) { f[ledgerFile].Data = f[ledgerFile].Data[:20] }, Changed},
		"a file emptied":             {func(f fstest.MapFS) { f[mapFile].Data = nil }, Changed},
		"an older manifest":          {func(f fstest.MapFS) { f[manifestFile] = swapped[manifestFile] }, Changed},
		"an older trust.json":        {func(f fstest.MapFS) { f[trustFile] = swapped[trustFile] }, Changed},
		"a link":                     {func(f fstest.MapFS) { f[list].Mode = fs.ModeSymlink }, BadPath},
		"a signed path that leads out": {func(f fstest.MapFS) {
			resign(f, ManifestType, func(m map[string]any) { m["files"].([]any)[0].(map[string]any)["name"] = "../x" })
		}, BadManifest},
		"a file signed twice": {func(f fstest.MapFS) {
			resign(f, ManifestType, func(m map[string]any) { m["files"] = append(m["files"].([]any), m["files"].([]any)[0]) })
		}, BadManifest},
		"a size beyond all bounds": {func(f fstest.MapFS) {
			resign(f, ManifestType, func(m map[string]any) { m["files"].([]any)[0].(map[string]any)["size"] = 1 << 40 })
		}, TooLarge},
		"an end before its start": {func(f fstest.MapFS) {
			resign(f, ManifestType, func(m map[string]any) { m["expires"] = m["generatedAt"] })
		}, BadManifest},
		"a condition that we do not know": {func(f fstest.MapFS) {
			resign(f, ManifestType, func(m map[string]any) { m["onlyFor"] = "x" })
		}, BadManifest},
		"another time than its files": {func(f fstest.MapFS) {
			resign(f, ManifestType, func(m map[string]any) { m["generatedAt"] = "2031-07-01T09:00:01Z" })
		}, BadManifest},
		"a manifest that is a credential": {func(f fstest.MapFS) {
			resign(f, credential.Type{Typ: credential.Typ}, func(map[string]any) {})
		}, BadManifest},
	} {
		f := signedFiles(t, nil)
		c.change(f)
		_, err := ReadSigned(f, keys)
		wantCode(t, name, err, c.want)
	}
}

func TestADIDDocumentDoesNotContradictTheKeys(t *testing.T) {
	f := signedFiles(t, func(b *Bundle, _ *Origin) {
		for id := range b.Documents {
			b.Documents[id] = bytes.Replace(b.Documents[id], []byte(`"x":"`), []byte(`"x":"`), 1)
			other, err := did.NewKey(ed25519.NewKeyFromSeed(make([]byte, 32)).Public(), id+"#new", did.ForCredentials, b.Now.Time)
			if err != nil {
				t.Fatal(err)
			}
			issuer := b.Issuers[0]
			issuer.Keys = []did.Key{other}
			if b.Documents[id], err = json.Marshal(did.NewDocument(issuer)); err != nil {
				t.Fatal(err)
			}
		}
	})
	_, err := ReadSigned(f, pin(t, bundleKey))
	wantCode(t, "a key that nobody authorized", err, Malformed)
}

func TestAZIPLeadsNowhereElse(t *testing.T) {
	for name, c := range map[string]struct {
		entry func(*zip.FileHeader)
		want  Code
	}{
		"up":         {func(h *zip.FileHeader) { h.Name = "../trust.json" }, BadPath},
		"absolute":   {func(h *zip.FileHeader) { h.Name = "/etc/passwd" }, BadPath},
		"backslash":  {func(h *zip.FileHeader) { h.Name = `status\x.jwt` }, BadPath},
		"a drive":    {func(h *zip.FileHeader) { h.Name = "C:x" }, BadPath},
		"twice":      {func(h *zip.FileHeader) { h.Name = trustFile }, BadPath},
		"a link":     {func(h *zip.FileHeader) { h.Name = "l"; h.SetMode(0o777 | fs.ModeSymlink) }, BadPath},
		"not a name": {func(h *zip.FileHeader) { h.Name = "a/../b" }, BadPath},
	} {
		var buf bytes.Buffer
		z := zip.NewWriter(&buf)
		if _, err := z.Create(trustFile); err != nil {
			t.Fatal(err)
		}
		h := &zip.FileHeader{}
		c.entry(h)
		if _, err := z.CreateHeader(h); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		_, err := newZIP(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
		wantCode(t, name, err, c.want)
	}
}

func TestAZIPOfNothingButNamesIsNotRead(t *testing.T) {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for i := range 150 {
		if _, err := z.CreateHeader(&zip.FileHeader{Name: strings.Repeat("n", 60_000) + itoa(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := newZIP(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	wantCode(t, "9 MB of names", err, TooLarge)
}

func itoa(i int) string { b, _ := json.Marshal(i); return string(b) }

// FuzzSigned: whatever a ZIP holds, what opens under the key is the one bundle that it signed.
func FuzzSigned(f *testing.F) {
	want, from := sealed(f)
	path := filepath.Join(f.TempDir(), "b.zip")
	if err := WriteSigned(path, want, from, bundleKey); err != nil {
		f.Fatal(err)
	}
	seed, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	keys := pin(f, bundleKey)
	f.Add(seed)
	f.Add(seed[:len(seed)/2])
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, b []byte) {
		z, err := newZIP(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		got, err := inFolder(z, func(fsys fs.FS) (Bundle, error) { return ReadSigned(fsys, keys) })
		if err != nil {
			return
		}
		if got.Manifest.Origin != from || !reflect.DeepEqual(got.Issuers, want.Issuers) || !reflect.DeepEqual(got.Records, want.Records) {
			t.Fatal("another bundle opens under the key")
		}
	})
}
