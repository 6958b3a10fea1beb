// Command pgfind prints the directory of the PostgreSQL binaries that the ledger would
// run, or says where it looked and exits with 1. make bootstrap asks it, so that there is one
// opinion of what "installed" means.
package main

import (
	"fmt"
	"os"

	"sijil/internal/pgembed"
)

func main() {
	inst, err := pgembed.Find()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("PostgreSQL %d in %s\n", inst.Major, inst.Bin)
}
