//go:build race

package bundle

func init() { stride = 37 }
