package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"testing"

	"sijil/internal/pgtest"
)

func TestLogCheckTellsABrokenLog(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	// Somebody with the database's password removed the first event of a stream.
	if _, err := pool.Exec(t.Context(), `
		insert into streams values (1, 'student-0190b5a2-7c3e-7d4f-8a21-5b6c7d8e9f00', 1);
		insert into events values (1, 1, 1, gen_random_uuid(), 'student.StudentForged.v1', '{"open":{}}', '{"recordedAt":"2026-11-22T09:00:00.000000Z"}', now())`); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sijil", "log", "check", "--data", t.TempDir())
	cmd.Env = append(os.Environ(), "SIJIL_DATABASE_URL="+pool.Config().ConnString())
	out, err := cmd.CombinedOutput()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != 1 {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"stream_gap at position 1", "unreadable at position 1", "the log is BROKEN", "broken in 2 places"} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
}
