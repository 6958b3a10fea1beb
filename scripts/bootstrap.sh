#!/bin/sh
# Makes sure that what the ledger runs on is here: a PostgreSQL (15 or newer), and with
# --tests also a Chromium for the tests of pages, a C compiler for the race detector, SoftHSM
# and the Node packages that some tests compare us with.
# What is there already is left alone. As root on Debian it installs packages; as an ordinary
# user on Debian it unpacks PostgreSQL below .tools/pg and touches nothing else; elsewhere it
# names the command to run.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'bootstrap: %s\n' "$*"; }
die() { printf 'bootstrap: %s\n' "$*" >&2; exit 1; }

tests=false
[ "${1:-}" = --tests ] && tests=true

as_root=false
[ "$(id -u)" -eq 0 ] && as_root=true
debian=false
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null && debian=true

find_postgres() { .tools/pgfind; }

# candidate PACKAGE: whether apt knows a version to install; $apt_options is its private state.
apt_options=
candidate() {
	# shellcheck disable=SC2086
	apt-cache $apt_options policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'
}

install_as_root() {
	export DEBIAN_FRONTEND=noninteractive
	if ! candidate "$1"; then
		say "fetching the package lists (apt-get update)"
		apt-get update -qq
	fi
	apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

postgres_as_root() {
	say "no PostgreSQL 15 or newer here: installing Debian's with apt-get, without a server of its own"
	install_as_root postgresql-common
	# Else the package would make a cluster and start it.
	sed -i 's/^#* *create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
	install_as_root postgresql
}

# missing ROOT: the shared libraries that PostgreSQL below ROOT needs and nobody has.
missing() {
	for f in "$1"/usr/lib/postgresql/*/bin/postgres "$1"/usr/lib/postgresql/*/bin/initdb "$1"/usr/lib/postgresql/*/lib/plpgsql.so; do
		LD_LIBRARY_PATH="$PWD/$1/lib" ldd "$f" | awk '/not found/ { print $1 }'
	done | sort -u
}

# Package after package of what PostgreSQL depends on is looked into, nearest first, until
# ldd finds every library; only the libraries that ldd asked for are kept.
postgres_as_user() {
	say "no PostgreSQL 15 or newer here, and you are not root: unpacking Debian's below .tools/pg"
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	if ! candidate postgresql; then
		say "fetching the package lists into a directory of our own (apt-get update)"
		mkdir -p "$tmp/lists/partial" "$tmp/cache/archives/partial"
		apt_options="-o Dir::State::lists=$tmp/lists -o Dir::Cache=$tmp/cache -o Debug::NoLocking=1"
		# shellcheck disable=SC2086
		apt-get $apt_options update -qq
	fi
	# shellcheck disable=SC2086
	server=$(apt-cache $apt_options depends postgresql | awk '/Depends: postgresql-[0-9]/ { print $2; exit }')
	[ -n "$server" ] || die "apt knows no PostgreSQL server package; $(by_hand)"

	root=.tools/pg.new
	rm -rf "$root"
	mkdir -p "$root/lib" "$tmp/deb"
	fetch "$server" "$root"
	queue=$(libraries_of "$server")
	seen=" "
	while [ -n "$(missing "$root")" ]; do
		# shellcheck disable=SC2086
		set -- $queue
		[ $# -gt 0 ] || die "no package has these libraries: $(missing "$root" | tr '\n' ' '); $(by_hand)"
		package=$1
		shift
		queue=$*
		case $seen in *" $package "*) continue ;; esac
		seen="$seen$package "
		if dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
			continue # the loader has looked there already
		fi
		fetch "$package" "$tmp/unpacked"
		for lib in $(missing "$root"); do
			file=$(find "$tmp/unpacked" -name "$lib" | head -n 1)
			[ -z "$file" ] || cp -L "$file" "$root/lib/$lib"
		done
		queue="$queue $(libraries_of "$package")"
	done
	rm -rf .tools/pg
	mv "$root" .tools/pg
}

# fetch PACKAGE DIR unpacks it there.
fetch() {
	say "downloading $1"
	# shellcheck disable=SC2086
	(cd "$tmp/deb" && apt-get $apt_options download -qq "$1" >/dev/null 2>"$tmp/err") || {
		cat "$tmp/err" >&2
		die "cannot download $1; $(by_hand)"
	}
	mkdir -p "$2"
	dpkg-deb -x "$tmp/deb/$1"_*.deb "$2"
}

# libraries_of PACKAGE: the libraries it depends on. LLVM is for compiling queries just in
# time, is large, and PostgreSQL does without.
libraries_of() {
	dpkg-deb -f "$tmp/deb/$1"_*.deb Depends | tr ',|' '\n\n' | sed 's/(.*//; s/:any//; s/ //g' | grep -E '^(lib|zlib)' | grep -vE '^(libllvm|libc6)' | tr '\n' ' ' || true
}

by_hand() {
	if $debian; then
		echo "ask your administrator to run: apt-get install --no-install-recommends postgresql"
	elif command -v brew >/dev/null; then
		echo "run: brew install postgresql@17"
	elif command -v dnf >/dev/null; then
		echo "run as root: dnf install postgresql-server"
	elif command -v apk >/dev/null; then
		echo "run as root: apk add postgresql"
	elif command -v pacman >/dev/null; then
		echo "run as root: pacman -S postgresql"
	elif command -v zypper >/dev/null; then
		echo "run as root: zypper install postgresql-server"
	else
		echo "install PostgreSQL 15 or newer, or set PG_BINDIR to where postgres and initdb are"
	fi
}

need_postgres() {
	if ! $tests && [ -n "${SIJIL_DATABASE_URL:-}" ]; then
		say "using the server that SIJIL_DATABASE_URL names"
		return
	fi
	if found=$(find_postgres 2>/dev/null); then
		say "$found"
		return
	fi
	if $debian && $as_root; then
		postgres_as_root
	elif $debian; then
		postgres_as_user
	else
		find_postgres || true
		die "$(by_hand)"
	fi
	found=$(find_postgres) || die "what was installed does not do; $(by_hand)"
	say "$found"
}

need_chromium() {
	for name in chromium chromium-browser google-chrome google-chrome-stable headless-shell; do
		if command -v "$name" >/dev/null; then
			say "Chromium in $(command -v "$name")"
			return
		fi
	done
	if $debian && $as_root; then
		say "no Chromium here: installing Debian's with apt-get, for the tests of pages"
		install_as_root chromium chromium-sandbox
	elif [ "${CI:-}" = true ]; then
		die "no Chromium here: the tests of pages need one"
	else
		say "no Chromium here: the tests of pages will be skipped"
	fi
}

# The race detector is linked by the C compiler.
need_compiler() {
	if command -v "$(go env CC)" >/dev/null; then
		return
	fi
	if $debian && $as_root; then
		say "no C compiler here: installing Debian's gcc with apt-get, for the race detector"
		install_as_root gcc libc6-dev
	elif [ "${CI:-}" = true ]; then
		die "no C compiler here: the race detector needs one"
	fi
}

# A hardware token in software, for the tests of keys that never leave one.
need_softhsm() {
	if command -v softhsm2-util >/dev/null; then
		return
	fi
	if $debian && $as_root; then
		say "no SoftHSM here: installing Debian's with apt-get, for the tests of PKCS #11"
		install_as_root softhsm2
	elif [ "${CI:-}" = true ]; then
		die "no SoftHSM here: the tests of PKCS #11 need one"
	else
		say "no SoftHSM here: the tests of PKCS #11 will be skipped"
	fi
}

# Other people's implementations, for tests that talk to them: every directory with a
# package-lock.json gets exactly what that locks, in its node_modules. Nothing of them is run
# while installing.
need_node_packages() {
	locks=$(find . -name package-lock.json -not -path '*/node_modules/*' -not -path './.tools/*')
	if $debian && $as_root && ! { command -v npm && command -v node; } >/dev/null; then
		say "no node and npm here: installing Debian's with apt-get, for the tests against other implementations"
		install_as_root nodejs npm
	fi
	if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
		[ "${CI:-}" != true ] || die "no node and npm here: the tests against other implementations need Node.js 18 or newer"
		say "no node and npm here: the tests against other implementations will be skipped; they need Node.js 18 or newer"
		return
	fi
	for lock in $locks; do
		dir=$(dirname "$lock")
		if cmp -s "$lock" "$dir/node_modules/.installed"; then
			continue
		fi
		say "installing the Node packages of $dir (npm ci)"
		(cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null) || die "npm ci failed in $dir"
		cp "$lock" "$dir/node_modules/.installed"
	done
}

command -v go >/dev/null || die "Go is missing: install the version that go.mod names"
mkdir -p .tools
go build -o .tools/pgfind ./scripts/pgfind
need_postgres
if $tests; then
	need_compiler
	need_softhsm
	need_chromium
	need_node_packages
fi
