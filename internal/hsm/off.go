//go:build !pkcs11

package hsm

import "errors"

// Open says that this program cannot speak to tokens.
func Open(URI) (Keys, error) {
	return nil, errors.New("this program was built without PKCS #11: build it with `go build -tags pkcs11 ./cmd/sijil` and a C compiler")
}
