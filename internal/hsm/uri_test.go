package hsm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPlacesOfKeysInTokens(t *testing.T) {
	const module = "module-path=/usr/lib/softhsm/libsofthsm2.so"
	good := map[string]URI{
		"pkcs11:token=sijil?" + module + "&pin-source=file:/etc/pin": {"sijil", "/usr/lib/softhsm/libsofthsm2.so", "/etc/pin"},
		"pkcs11:token=my%20token?pin-source=/etc/pin&" + module:      {"my token", "/usr/lib/softhsm/libsofthsm2.so", "/etc/pin"},
	}
	for text, want := range good {
		if got, err := ParseURI(text); err != nil || got != want {
			t.Errorf("%s is read as %+v, %v", text, got, err)
		}
	}
	for text, says := range map[string]string{
		"file:/keys":                                                                 "begins otherwise",
		"pkcs11:token=sijil":                                                         `"" is not an attribute`,
		"pkcs11:token=sijil?pin-source=/etc/pin":                                     "module-path is missing",
		"pkcs11:token=sijil?" + module:                                               "pin-source is missing",
		"pkcs11:object=k?" + module + "&pin-source=/etc/pin":                         `"object" is not`,
		"pkcs11:token=sijil;token=other?" + module + "&pin-source=/etc/pin":          `"token" is not`,
		"pkcs11:token=sijil?" + module + "&pin-value=1234":                           "stands in a file",
		"pkcs11:token=%zz?" + module + "&pin-source=/etc/pin":                        "not percent-encoded",
		"pkcs11:token=?" + module + "&pin-source=/etc/pin":                           "token is missing",
		"pkcs11:token=sijil?" + module + "&pin-source=/etc/pin&module-name=softhsm2": `"module-name" is not`,
	} {
		if _, err := ParseURI(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", text, err, says)
		}
	}
}

func TestAPINIsInAFileOfItsOwners(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pin")
	if err := os.WriteFile(file, []byte(" 123456\n"), 0o400); err != nil {
		t.Fatal(err)
	}
	u := URI{PINFile: file}
	if pin, err := u.pin(); err != nil || pin != "123456" {
		t.Errorf("the PIN is %q, %v", pin, err)
	}
	if err := os.Chmod(file, 0o440); err != nil {
		t.Fatal(err)
	}
	if _, err := u.pin(); err == nil || !strings.Contains(err.Error(), "chmod 0400") {
		t.Errorf("a PIN that others can read is used: %v", err)
	}
	if _, err := (URI{PINFile: file + "0"}).pin(); err == nil {
		t.Error("a PIN file that is not there gives a PIN")
	}
}
