package esdbserver_test

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// wantRefused asserts a status and the trailers from which clients make their error class.
func wantRefused(t testing.TB, trailers metadata.MD, err error, code codes.Code, pairs ...string) {
	t.Helper()
	if status.Code(err) != code {
		t.Fatalf("got %v, want %v", err, code)
	}
	for i := 0; i < len(pairs); i += 2 {
		if got := trailers.Get(pairs[i]); len(got) != 1 || got[0] != pairs[i+1] {
			t.Errorf("trailer %s is %q, want %q", pairs[i], got, pairs[i+1])
		}
	}
}

func wantDenied(t testing.TB, trailers metadata.MD, err error) {
	t.Helper()
	wantRefused(t, trailers, err, codes.PermissionDenied, "exception", "access-denied")
}
