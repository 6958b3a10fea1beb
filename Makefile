# Targets with "##" are listed by `make help`.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Time that each fuzz target gets, and kills that the soak does.
FUZZTIME ?= 20s
KILLS ?= 100

TOOL = go tool -modfile=tools/go.mod

.PHONY: help
help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: bootstrap
bootstrap: ## Install PostgreSQL if it is missing (as root with apt-get, else below .tools/pg)
	@scripts/bootstrap.sh

.PHONY: build
build: ## Build bin/sijil and bin/sijil-verifier
	go build -o bin/ ./cmd/...

.PHONY: demo
demo: bootstrap build ## Start a ledger and act out its users; serves until Ctrl-C (EXIT=1: stop after the checks; EVENTSTORE=1: over EventStoreDB's protocol)
	bin/sijil demo $(if $(EXIT),--exit) $(if $(EVENTSTORE),--log eventstore)

.PHONY: test
test: ## Run every test, with the race detector where there is a C compiler
	@scripts/bootstrap.sh --tests
	go vet ./...
	@race=-race; command -v "$$(go env CC)" >/dev/null || { race=; echo 'test: no C compiler here, so without the race detector'; }; \
	set -x; go test $$race -timeout 30m ./... && \
	if [ -n "$$race" ] && command -v softhsm2-util >/dev/null; then go test $$race -tags pkcs11 ./internal/hsm; fi

.PHONY: bench
bench: ## Run the benchmarks (compare runs with: go tool -modfile=tools/go.mod benchstat old new)
	@scripts/bootstrap.sh --tests
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: bench-append
bench-append: bootstrap ## Compare raw INSERT, the event log and the API at 1, 8 and 64 writers, in turns
	go run ./internal/bench/append

.PHONY: bench-log
bench-log: bootstrap ## Compare the log in PostgreSQL with the same behind the EventStoreDB protocol, and a long log with a short one
	go run ./internal/bench/log

.PHONY: bench-verify
bench-verify: ## Measure verifying, in bulk and over HTTP, beside the standard library's signature check
	go run ./internal/bench/verify

.PHONY: soak
soak: bootstrap build ## Kill a ledger under load KILLS times (100), and look for anything lost
	SIJIL_SOAK_KILLS=$(KILLS) SIJIL_SOAK_PROGRAM=$(CURDIR)/bin/sijil go test -count=1 -timeout 3h -v -run '^TestSoak' ./cmd/sijil

.PHONY: lint
lint: ## Check format, vet, staticcheck and the rules of the house
	@out=$$($(TOOL) gofumpt -l .); [ -z "$$out" ] || { echo "lint: run make fmt for:"; echo "$$out"; exit 1; }
	go vet ./...
	$(TOOL) staticcheck ./...
	go test ./internal/archtest

.PHONY: fmt
fmt: ## Format every Go file
	$(TOOL) gofumpt -w .

.PHONY: generate
generate: ## Write again what is generated: docs, checksums
	go generate ./...

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME each (20s)
	@scripts/fuzz.sh $(FUZZTIME)
