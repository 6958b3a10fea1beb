//go:build !pkcs11

package hsm

import (
	"strings"
	"testing"
)

func TestWithoutPKCS11TheCureIsNamed(t *testing.T) {
	if _, err := Open(URI{}); err == nil || !strings.Contains(err.Error(), "-tags pkcs11") {
		t.Error(err)
	}
}
