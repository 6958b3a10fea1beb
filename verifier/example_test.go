package verifier_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"sijil/verifier"
	"sijil/verifier/bundle"
)

// An employer checks a diploma with what the ledger exported for offline use.
func ExampleVerify() {
	b, err := bundle.Open("testdata/hostile", true)
	if err != nil {
		fmt.Println(err)
		return
	}
	trust, err := verifier.NewStore("bundle", b)
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err := os.ReadFile("testdata/hostile/vc-jwt/0236-status--revoked.jwt")
	if err != nil {
		fmt.Println(err)
		return
	}
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	v := verifier.Verify(context.Background(), token, trust, at)
	fmt.Println(v.Overall, v.Reasons)
	for _, line := range v.Lines.All() {
		fmt.Printf("%s: %s (%s)\n", line.Name, line.Answer, line.Reason)
	}
	// Output:
	// NOT VALID [revoked]
	// integrity: true ()
	// issuerKey: true ()
	// accreditation: could not check (accreditation_unknown)
	// status: false (revoked)
	// time: true ()
	// anchoring: could not check (not_anchored)
}
