package sdjwt

import (
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"sijil/verifier/credential"
)

// TestTheCostliestTokensAreCheap: within the bounds of size, nothing takes long or much.
func TestTheCostliestTokensAreCheap(t *testing.T) {
	digest := func(d string) string {
		return digestOf(algorithms["sha-256"], base64.RawURLEncoding.EncodeToString([]byte(d)))
	}
	list := func(n int, item func(i int) string) string {
		items := make([]string, n)
		for i := range items {
			items[i] = item(i)
		}
		return strings.Join(items, ",")
	}
	members := func(n int) (disclosures []string, digests string) {
		for i := range n {
			disclosures = append(disclosures, fmt.Sprintf(`["s","m%d",%d]`, i, i))
		}
		return disclosures, list(n, func(i int) string { return `"` + digest(disclosures[i]) + `"` })
	}
	full, digests := members(MaxDisclosures)
	chain := []string{`["s","a",1]`}
	for range credential.MaxDepth - 2 {
		chain = append(chain, `["s","a",{"_sd":["`+digest(chain[len(chain)-1])+`"]}]`)
	}
	for name, token := range map[string]string{
		"as many disclosures as allowed": sign(t, `{"_sd":[`+digests+`]}`, full...),
		"nothing but decoys":             sign(t, `{"_sd":[`+list(4_000, func(i int) string { return fmt.Sprintf(`"%043d"`, i) })+`]}`),
		"many small lists of digests":    sign(t, `{"a":[`+list(8_000, func(i int) string { return fmt.Sprintf(`{"...":"%d"}`, i) })+`]}`),
		"many plain members":             sign(t, `{`+list(15_000, func(i int) string { return fmt.Sprintf(`"m%d":0`, i) })+`}`),
		"disclosures within disclosures": sign(t, `{"_sd":["`+digest(chain[len(chain)-1])+`"]}`, chain...),
	} {
		if len(token) > credential.MaxToken {
			t.Fatalf("%s: %d bytes, more than a token has", name, len(token))
		}
		var took time.Duration
		for range 3 { // a neighbour may take the processor once, not three times
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, refusal := check([]byte(token))
			took = time.Since(start)
			runtime.ReadMemStats(&after)
			if refusal != nil && refusal.Reason != credential.TooDeep {
				t.Fatalf("%s: %s", name, refusal)
			}
			if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 16 {
				t.Fatalf("%s: allocated %d MB, may take 16", name, mb)
			}
			if took < slowdown*50*time.Millisecond {
				break
			}
		}
		if took > slowdown*50*time.Millisecond {
			t.Errorf("%s: took %s, may take 50 ms", name, took)
		}
		t.Logf("%-32s %7d bytes  %s", name, len(token), took)
	}
}

// slowdown is what the race detector costs; race_test.go sets it.
var slowdown time.Duration = 1
