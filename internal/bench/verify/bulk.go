package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"sijil/verifier"
)

// bulk verifies many diplomas of one issuer on all cores, one in a hundred of them revoked and
// one in a hundred altered, and holds every verdict against what was made.
func bulk(ctx context.Context, o options, i *issuer, trust *verifier.Store) error {
	tokens := make([][]byte, o.diplomas)
	if err := spread(o.diplomas, func(n int) (err error) {
		if tokens[n], err = i.issue(int64(n)); err == nil && n%100 == 50 {
			tokens[n][len(tokens[n])/2] ^= 1
		}
		return err
	}); err != nil {
		return err
	}
	message, public := tokens[0][:len(tokens[0])-87], i.key.Public().(ed25519.PublicKey)
	sig := ed25519.Sign(i.key, message)
	fmt.Printf("\n%d diplomas of one issuer on %d cores, 1 %% revoked, 1 %% altered; beside them as many signature checks of the standard library.\n\n", o.diplomas, runtime.GOMAXPROCS(0))
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "what\ta second\tratio\tCPU µs each\ttook\t")
	var first float64
	for range max(1, o.rounds/2) {
		for _, way := range []struct {
			name string
			do   func(n int) error
		}{
			{"crypto/ed25519", func(int) error {
				if !ed25519.Verify(public, message, sig) {
					return fmt.Errorf("a signature does not hold")
				}
				return nil
			}},
			{"full verification", func(n int) error {
				want := verifier.Valid
				if n%100 == 50 || n%100 == 99 {
					want = verifier.NotValid
				}
				if v := verifier.Verify(ctx, tokens[n], trust, i.now); v.Overall != want {
					return fmt.Errorf("diploma %d is %s (%s), not %s", n, v.Overall, v.Reason, want)
				}
				return nil
			}},
		} {
			before, err := cpu()
			if err != nil {
				return err
			}
			begin := time.Now()
			if err := spread(o.diplomas, way.do); err != nil {
				return err
			}
			took := time.Since(begin)
			after, err := cpu()
			if err != nil {
				return err
			}
			rate := float64(o.diplomas) / took.Seconds()
			if way.name == "crypto/ed25519" {
				first = rate
			}
			fmt.Fprintf(t, "%s\t%.0f\t%.2f\t%.1f\t%s\t\n", way.name, rate, rate/first, float64((after-before).Nanoseconds())/1000/float64(o.diplomas), took.Round(time.Millisecond))
		}
	}
	return t.Flush()
}

// spread does n things on all cores; the first error ends it.
func spread(n int, do func(n int) error) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	var once sync.Once
	var failed error
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				at := int(next.Add(1) - 1)
				if at >= n {
					return
				}
				if err := do(at); err != nil {
					once.Do(func() { failed = err })
					next.Store(int64(n))
					return
				}
			}
		})
	}
	wg.Wait()
	return failed
}
