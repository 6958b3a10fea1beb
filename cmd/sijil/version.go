package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// versionCmd tells one build from another.
type versionCmd struct{}

// Run prints version, revision and toolchain on one line.
func (versionCmd) Run(a *app) error {
	_, err := fmt.Fprintf(a.stdout, "sijil %s (%s %s/%s)\n", buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// buildVersion is the module's version, which names the commit when built from a checkout.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
