//go:build race

package verifier

func init() { slowdown = 10 }
