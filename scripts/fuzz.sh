#!/bin/sh
# Runs every fuzz target of the module, one after the other, for the time given each. Inputs are not made smaller:
# by default that takes up to a minute for each new one, which is all of the time, and where the time ends
# meanwhile go says "context deadline exceeded", though nothing was found.
set -eu
cd "$(dirname "$0")/.."
time=${1:-20s}
targets=$(grep -rHoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sed 's|/[^/]*_test\.go:func | |' | sort)
[ -n "$targets" ] || { echo "fuzz: there is no target"; exit 1; }
echo "$targets" | while read -r package target; do
	echo "fuzz: $target in $package for $time"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 0x "$package"
done
echo "fuzz: $(echo "$targets" | wc -l) targets, nothing found"
