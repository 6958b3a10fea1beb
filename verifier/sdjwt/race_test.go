//go:build race

package sdjwt

func init() { slowdown = 10 }
