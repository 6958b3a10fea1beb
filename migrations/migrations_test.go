package migrations

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

var seal = flag.Bool("seal", false, "add the checksums of new migrations to shipped.sum")

// shipped.sum is in sha256sum's format: "sha256sum -c shipped.sum" agrees with this test.
func TestShippedFilesAreNeverEdited(t *testing.T) {
	shipped := readSums(t)
	if *seal {
		all, err := sources(files)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		for _, s := range all {
			if _, ok := shipped[s.name]; !ok {
				shipped[s.name] = s.sum
			}
			fmt.Fprintf(&out, "%s  %s\n", shipped[s.name], s.name)
		}
		if err := os.WriteFile("shipped.sum", out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := verifyShipped(files, shipped); err != nil {
		t.Error(err)
	}
}

func TestAnEditedMissingOrUnsealedFileIsNoticed(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	original := fstest.MapFS{"0001_a.sql": file("select 1;"), "0002_b.sql": file("select 2;")}
	shipped := map[string]string{}
	all, err := sources(original)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		shipped[s.name] = s.sum
	}
	for name, c := range map[string]struct {
		fsys   fs.FS
		edited bool
		want   string
	}{
		"the files as they were shipped pass":  {fsys: original},
		"an edited file is refused":            {fstest.MapFS{"0001_a.sql": file("select 1"), "0002_b.sql": file("select 2;")}, true, "0001_a.sql changed"},
		"a file that is gone is refused":       {fstest.MapFS{"0001_a.sql": file("select 1;")}, true, "0002_b.sql was shipped and is gone"},
		"a new file must be sealed":            {fstest.MapFS{"0001_a.sql": file("select 1;"), "0002_b.sql": file("select 2;"), "0003_c.sql": file("")}, false, "0003_c.sql is not in shipped.sum"},
		"two files must not have one number":   {fstest.MapFS{"0001_a.sql": file("select 1;"), "0001_b.sql": file("")}, false, "have the number 0001"},
		"a name outside the scheme is refused": {fstest.MapFS{"1_a.sql": file("select 1;")}, false, "not named NNNN_name.sql"},
	} {
		t.Run(name, func(t *testing.T) {
			err := verifyShipped(c.fsys, shipped)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, ErrEdited) != c.edited {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestNumbersHaveNoGapAndNothingGoesBack(t *testing.T) {
	all, err := sources(files)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range all {
		if s.version != int64(i+1) {
			t.Fatalf("%s: the next number is %04d", s.name, i+1)
		}
		b, err := files.ReadFile(s.name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(b, []byte("-- +goose Up\n")) {
			t.Errorf(`%s must begin with "-- +goose Up"`, s.name)
		}
		for _, forbidden := range []string{"+goose Down", "+goose NO TRANSACTION"} {
			if bytes.Contains(b, []byte(forbidden)) {
				t.Errorf("%s: migrations go forward only, each in its transaction, and this says %q", s.name, forbidden)
			}
		}
	}
}

func readSums(t *testing.T) map[string]string {
	t.Helper()
	sums := map[string]string{}
	b, err := os.ReadFile("shipped.sum")
	if errors.Is(err, os.ErrNotExist) {
		return sums
	}
	if err != nil {
		t.Fatal(err)
	}
	for sc := bufio.NewScanner(bytes.NewReader(b)); sc.Scan(); {
		sum, name, ok := strings.Cut(sc.Text(), "  ")
		if !ok {
			t.Fatalf("shipped.sum: %q is not a line of sha256sum", sc.Text())
		}
		sums[name] = sum
	}
	return sums
}
