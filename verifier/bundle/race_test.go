//go:build race

package bundle

func init() { stride = 17 }
