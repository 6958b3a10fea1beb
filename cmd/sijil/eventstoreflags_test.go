package main

import "testing"

func TestPasswordsOnTheCommandLineAreSeen(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]bool{
		"esdb://127.0.0.1:2113?tls=false":                     false,
		"esdb://a:2111,b:2112,c:2113":                         false,
		"esdb://sijil@log.example:2113":                       false,
		"esdb://sijil:secret@log.example:2113":                true,
		"esdb://sijil:sec/ret@log.example:2113":               true,
		"esdb://sijil:sec?ret@log.example:2113":               true,
		"postgres://sijil@db.example/log?sslmode=verify-full": false,
		"postgres://db.example:5432/log":                      false,
		"postgres://sijil:secret@db.example/log":              true,
		"postgres://sijil@db.example/log?password=secret":     true,
		"postgres://db.example/log?password=secret":           true,
		"postgres://db.example/log?sslpassword=secret":        true,
		"postgres://db.example/log?%zz":                       true,
	} {
		if got := holdsPassword(at); got != want {
			t.Errorf("%s: %v, want %v", at, got, want)
		}
	}
}
