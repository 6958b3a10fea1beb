package bundle

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

const (
	// maxDirectory bounds the table at the end of a ZIP, which is read whole before anything
	// else: 16,384 files take about 2 MB of it.
	maxDirectory = 8 << 20
	// The table's end: 22 bytes and a comment (PKWARE APPNOTE 4.3.16).
	endSize    = 22
	maxComment = 1<<16 - 1
)

type zipFile struct {
	*zip.Reader
	io.Closer
}

// openZIP opens a ZIP whose table is of bounded size and whose names lead nowhere else.
func openZIP(path string) (*zipFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open bundle: %w", err)
	}
	z, err := readZIP(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &zipFile{z, f}, nil
}

func readZIP(f *os.File) (*zip.Reader, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open bundle: %w", err)
	}
	return newZIP(f, info.Size())
}

func newZIP(r io.ReaderAt, size int64) (*zip.Reader, error) {
	if size > maxTotal {
		return nil, Refuse(TooLarge, "a bundle has up to %d bytes", int64(maxTotal))
	}
	if err := boundTable(r, size); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, Refuse(Malformed, "neither a directory nor a ZIP: %s", err)
	}
	if len(z.File) > 3*maxLists {
		return nil, Refuse(TooLarge, "it has more than %d files", 3*maxLists)
	}
	seen := map[string]bool{}
	for _, f := range z.File {
		name := strings.TrimSuffix(f.Name, "/")
		mode := f.Mode()
		if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\:\x00") || seen[name] || !mode.IsRegular() && !mode.IsDir() {
			return nil, Refuse(BadPath, "%q is a link, leads elsewhere or is there twice", f.Name)
		}
		seen[name] = true
	}
	return z, nil
}

// boundTable looks at the table's end before the table is read: its entry count is given
// modulo 65,536 and bounds nothing, so a file of nothing but entries would fill the memory.
func boundTable(r io.ReaderAt, size int64) error {
	tail := make([]byte, min(size, endSize+maxComment))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return fmt.Errorf("open bundle: %w", err)
	}
	end := strings.LastIndex(string(tail), "PK\x05\x06")
	if end < 0 || len(tail)-end < endSize {
		return Refuse(Malformed, "neither a directory nor a ZIP")
	}
	length, offset := int64(binary.LittleEndian.Uint32(tail[end+12:])), int64(binary.LittleEndian.Uint32(tail[end+16:]))
	if length > maxDirectory || size-offset > maxDirectory+endSize+maxComment {
		return Refuse(TooLarge, "its table of files is larger than a bundle needs")
	}
	return nil
}
