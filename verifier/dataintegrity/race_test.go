//go:build race

package dataintegrity

func init() { stride = 5 }
