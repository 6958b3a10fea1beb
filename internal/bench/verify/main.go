// Command verify measures the verifier and the issuer: a full verification beside the standard
// library's signature check, many diplomas of one issuer at once, the HTTP service, status
// lists, and signing. Run it by "make bench-verify".
package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
	"time"

	"sijil/internal/bench"
	"sijil/verifier"
	"sijil/verifier/credential"
	"sijil/verifier/status"
)

type options struct {
	rounds, diplomas, conns int
	turn                    time.Duration
	only                    string // a part; empty: all
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "how often each has its turn")
	flag.DurationVar(&o.turn, "turn", 2*time.Second, "how long a turn lasts")
	flag.IntVar(&o.diplomas, "diplomas", 100_000, "diplomas that are verified in bulk")
	flag.IntVar(&o.conns, "conns", 64, "connections to the service at its greatest rate")
	profile := flag.String("profile", "", "file for a profile of the processor's time")
	flag.StringVar(&o.only, "only", "", "measure only this part: single, bulk or service")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := profiled(*profile, func() error { return run(ctx, o) }); err != nil {
		fmt.Fprintln(os.Stderr, "bench-verify:", err)
		os.Exit(1)
	}
}

// profiled does do and, if file is named, writes a profile of it there.
func profiled(file string, do func() error) error {
	if file == "" {
		return do()
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return errors.Join(err, f.Close())
	}
	err = do()
	pprof.StopCPUProfile()
	return errors.Join(err, f.Close())
}

// cpu is the processor time that this process has used.
func cpu() (time.Duration, error) {
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		return 0, fmt.Errorf("reading our processor time: %w", err)
	}
	return time.Duration(own.Utime.Nano() + own.Stime.Nano()), nil
}

func run(ctx context.Context, o options) error {
	i, err := newIssuer(time.Now().Truncate(time.Second))
	if err != nil {
		return err
	}
	trust, err := i.trust()
	if err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		do   func(context.Context, options, *issuer, *verifier.Store) error
	}{{"single", single}, {"bulk", bulk}, {"service", service}} {
		if o.only != "" && o.only != part.name {
			continue
		}
		if err := part.do(ctx, o, i, trust); err != nil {
			return err
		}
	}
	return nil
}

// single compares one verification after another with the standard library's check of the
// same signatures, on one core, and shows what surrounds it.
func single(ctx context.Context, o options, i *issuer, trust *verifier.Store) error {
	const many = 500 // different diplomas, so that nothing is found in a cache that a real run would not have
	tokens, signed, sigs := make([][]byte, many), make([][]byte, many), make([][]byte, many)
	for n := range many {
		token, err := i.issue(int64(n * 100)) // none of them revoked
		if err != nil {
			return err
		}
		dot := bytes.LastIndexByte(token, '.')
		if sigs[n], err = base64.RawURLEncoding.DecodeString(string(token[dot+1:])); err != nil {
			return err
		}
		tokens[n], signed[n] = token, token[:dot]
	}
	public := i.key.Public().(ed25519.PublicKey)
	list, err := i.listToken()
	if err != nil {
		return err
	}
	parsed, refusal := credential.ParseToken(list, 1<<20) // as a verifier bounds it
	if refusal != nil {
		return refusal
	}
	bits, err := status.ReadList(parsed.Payload)
	if err != nil {
		return err
	}
	plan := bench.Plan{Clock: time.Now, CPU: cpu, Rounds: o.rounds, Turn: o.turn, Writers: []int{1}}
	fmt.Printf("One diploma of %d bytes after another, on one core: form, signature, payload, status, life of the key.\nMedians of %d turns of %s; ratio to the first in the same round.\n\n", len(tokens[0]), plan.Rounds, plan.Turn)
	results, err := bench.Run(ctx, plan,
		bench.Subject{Name: "crypto/ed25519, signature alone", Do: func(_ context.Context, _ int, n int64) error {
			if at := n % many; !ed25519.Verify(public, signed[at], sigs[at]) {
				return errors.New("a signature does not hold")
			}
			return nil
		}},
		bench.Subject{Name: "full verification", Do: func(ctx context.Context, _ int, n int64) error {
			if v := verifier.Verify(ctx, tokens[n%many], trust, i.now); v.Overall != verifier.Valid {
				return fmt.Errorf("a good diploma is %s: %s", v.Overall, v.Reason)
			}
			return nil
		}},
		bench.Subject{Name: "issue: compose and sign", Do: func(_ context.Context, _ int, n int64) error {
			_, err := i.issue(n)
			return err
		}},
		bench.Subject{Name: "status list: decode", Do: func(context.Context, int, int64) error {
			_, err := status.ReadList(parsed.Payload)
			return err
		}},
		bench.Subject{Name: "status list: 1000 lookups", Do: func(_ context.Context, _ int, n int64) error {
			random := rand.New(rand.NewPCG(uint64(n), 1))
			for range 1000 {
				if at := random.IntN(status.MinEntries); bits.Bits.Get(at) != (at%100 == 99) {
					return errors.New("a wrong bit")
				}
			}
			return nil
		}},
	)
	if err != nil {
		return err
	}
	return bench.Print(os.Stdout, results)
}
