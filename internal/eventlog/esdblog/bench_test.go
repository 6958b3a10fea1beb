package esdblog_test

import (
	"os"
	"testing"
	"time"

	"sijil/internal/bench"
	"sijil/internal/eventlog"
	"sijil/internal/eventlog/esdblog"
)

// BenchmarkAppend compares, in turns, appending to PostgreSQL directly and through gRPC. Run
// it with -benchtime=1x; it prints a table.
func BenchmarkAppend(b *testing.B) {
	direct, pool := inPostgres(b)
	behind, _ := inPostgres(b)
	through := open(b, serve(b, behind), esdblog.Config{})
	cpu, err := bench.CPU(b.Context(), pool)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		results, err := bench.Run(b.Context(), bench.Plan{
			Clock: time.Now, CPU: cpu, Writers: []int{64}, Rounds: 3, Turn: time.Second,
		}, bench.Append("direct", direct), bench.Append("through gRPC", eventlog.Log(through)))
		if err != nil {
			b.Fatal(err)
		}
		if err := bench.Print(os.Stdout, results); err != nil {
			b.Fatal(err)
		}
	}
}
