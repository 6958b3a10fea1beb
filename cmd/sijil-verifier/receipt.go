package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"sijil/verifier/keyfile"
	"sijil/verifier/web"
)

// receiptCmd reads a receipt from a personnel file, years later.
type receiptCmd struct {
	Keys       string `required:"" type:"existingfile" placeholder:"FILE" help:"The verifier's keys: what its /.well-known/jwks.json said."`
	Credential string `type:"existingfile" placeholder:"FILE" help:"The credential that the receipt should be about."`
	JSON       bool   `name:"json" help:"Print what was signed, as JSON."`
	Receipt    string `arg:"" type:"existingfile" help:"The receipt."`
}

// Help is the part of the manual that the flags do not tell.
func (receiptCmd) Help() string {
	return `A receipt says what a verifier answered, when, and about which bytes; it names nobody. It is
about a credential if their digests are the same. It says nothing of what happened since.

  curl -o verifier.jwks https://verify.example/.well-known/jwks.json
  sijil-verifier receipt --keys verifier.jwks --credential diploma.jwt receipt.jwt

Exit status 0: signed by the verifier and about the credential, whatever the answer was.`
}

// Run is called by kong.
func (c *receiptCmd) Run() error { return c.read(os.Stdout) }

// maxFile bounds the files of this command.
const maxFile = 4 << 20

func (c *receiptCmd) read(out io.Writer) error {
	keysFile, err := readFile(c.Keys)
	if err != nil {
		return err
	}
	keys, err := keyfile.Parse(keysFile)
	if err != nil {
		return err
	}
	token, err := readFile(c.Receipt)
	if err != nil {
		return err
	}
	r, err := web.ReadReceipt(token, keys)
	if err != nil {
		return err
	}
	if c.Credential != "" {
		content, err := readFile(c.Credential)
		if err != nil {
			return err
		}
		if !r.Of(content) {
			return errors.New("the receipt is about another credential than this file, or about another form of it")
		}
	}
	if c.JSON {
		return json.NewEncoder(out).Encode(r)
	}
	fmt.Fprintf(out, "%s", r.Verdict.Overall)
	for _, reason := range r.Verdict.Reasons {
		fmt.Fprintf(out, "  %s", reason)
	}
	fmt.Fprintf(out, "\nanswered %s as of %s", time.Unix(r.IssuedAt, 0).UTC().Format(time.RFC3339), r.Verdict.At.UTC().Format(time.RFC3339))
	if r.Issuer != "" {
		fmt.Fprintf(out, " by %s", r.Issuer)
	}
	fmt.Fprintf(out, "\nabout the bytes with SHA-256 %s\n", r.SHA256)
	for _, l := range r.Verdict.Lines.All() {
		fmt.Fprintf(out, "  %-13s  %-15s  %s\n", l.Name, l.Answer, l.Reason)
	}
	return nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("%s is larger than any such file", path)
	}
	return b, err
}
