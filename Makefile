# Bare `make` lists the targets. Any of the variables below can be given on the command line: make fuzz FUZZTIME=5m

PKG       ?= ./...
FUZZTIME  ?= 30s
BASE      ?= main
BENCHMARK ?= .
COUNT     ?= 6
SEED      ?= 11
QUERIES   ?= 1900
N         ?= 10000000
BITS      ?= 64,256
SETS      ?= U,C,R
PYTHON    ?= python3
ARGS      ?=
BENCH     ?=
CATALOG   ?=
STRANGERS ?=
PRODUCTS  ?=
EDITS     ?= crop=5 border=20 reshoot

# nodynamic keeps the WebAssembly decoders from loading a system library of the same name into the process.
export GOFLAGS := $(strip $(GOFLAGS) -tags=nodynamic -buildvcs=false)

TOOL    := go tool -modfile=tools/go.mod
PROGRAM := bin/touchstone
# The revision is stamped where git can tell it: not in an archive, nor in a checkout that belongs to somebody else.
STAMP    = $(shell if git rev-parse --verify --quiet HEAD >/dev/null 2>&1; then echo true; else echo false; fi)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- use it

.PHONY: run
run: build ## build, and start the server with an embedded store in ./data (ARGS='--flags of serve')
	@exec $(PROGRAM) serve $(ARGS)

.PHONY: build
build: ## build bin/touchstone: static, without cgo, stamped with its revision
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -buildvcs=$(STAMP) -o $(PROGRAM) ./cmd/touchstone

DEMO_MODULES := github.com/corona10/goimagehash golang.org/x/image

.PHONY: demo
demo: build ## the whole job on photographs that come with two of the modules: onboard, edit, match, a table
	@go mod download $(DEMO_MODULES)
	@hash=$$(go list -m -f '{{.Dir}}' github.com/corona10/goimagehash) && \
	image=$$(go list -m -f '{{.Dir}}' golang.org/x/image) && \
	exec $(PROGRAM) demo "$$hash/_examples" "$$image/testdata"

# ---- test it

# Sets race to -race where that can be built: it needs cgo, and with it a C compiler and its headers.
define set_race
if why=$$(go build -race runtime/cgo 2>&1); then race=-race; else race=; \
	echo 'make: the race detector is left out: it needs a C compiler and its headers (gcc, libc6-dev)' >&2; echo "$$why" | sed 's/^/make: /' >&2; fi
endef

.PHONY: test
test: ## all tests, with the race detector where there is a C compiler
	@$(set_race); set -x; go test $$race -shuffle=on -timeout=10m $(PKG)

.PHONY: test-long
test-long: ## the same with the tests that take minutes: crashes, simulations, large sets, code without assembly
	@$(set_race); set -x; TOUCHSTONE_LONG=1 go test $$race -shuffle=on -timeout=60m $(PKG)
	go test -tags=nodynamic,noasm ./index/... ./picture/jpeg ./fingerprint/feature ./match/align

.PHONY: test-arm64
test-arm64: ## search on arm64, run by qemu-aarch64 (Debian: qemu-user)
	GOARCH=arm64 go test -exec=qemu-aarch64 ./index/hamming ./index/inverted

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (30s)
	@set -e; for p in $$(go list $(PKG)); do \
		for f in $$(go test -run='^$$' -list='^Fuzz' "$$p" | sed -n '/^Fuzz/p'); do \
			echo "go test -fuzz=^$$f\$$ $$p"; \
			go test -run='^$$' -fuzz="^$$f\$$" -fuzztime=$(FUZZTIME) "$$p"; \
		done; \
	done

# ---- check it

.PHONY: check
check: check-format check-vet lint check-proto check-modules ## what has to hold before a commit, but for the tests

.PHONY: check-format
check-format:
	@echo 'check: gofmt'; bad=$$(gofmt -l .); [ -z "$$bad" ] || { echo "$$bad"; echo 'make fmt formats these files' >&2; exit 1; }

.PHONY: check-vet
check-vet:
	@echo 'check: go vet'; go vet $(PKG)

.PHONY: lint
lint: ## golangci-lint over the tree: .golangci.yml has the rules, and the walls between the rooms
	@echo 'check: golangci-lint'; $(TOOL) golangci-lint run $(PKG)

.PHONY: check-proto
check-proto:
	@echo 'check: buf lint'; $(TOOL) buf lint
	@echo 'check: buf format'; $(TOOL) buf format --diff --exit-code
	@echo 'check: generated code is fresh'; \
	out=$$(mktemp -d) && trap 'rm -rf "$$out"' EXIT && $(TOOL) buf generate --output "$$out" && \
	find proto -name '*.pb.go' | sort > "$$out/have" && (cd "$$out" && find proto -name '*.pb.go' | sort) > "$$out/want" && \
	{ diff "$$out/want" "$$out/have" && while read -r f; do diff -u "$$f" "$$out/$$f" || exit 1; done < "$$out/want"; } || \
	{ echo 'make generate makes these files anew' >&2; exit 1; }

.PHONY: check-modules
check-modules:
	@echo 'check: go.mod and go.sum'; go mod tidy -diff && go mod verify
	@echo 'check: tools/go.mod and tools/go.sum'; cd tools && go mod tidy -diff && go mod verify

.PHONY: breaking
breaking: ## what of the wire would break users of BASE (main)
	@if [ -z "$$(git ls-tree -r --name-only $(BASE) proto)" ]; then echo '$(BASE) has no proto: nothing to break'; exit 0; fi; \
	$(TOOL) buf breaking --against '.git#ref=$(BASE)'

# ---- change it

.PHONY: fmt
fmt: ## format Go and proto files
	gofmt -w .
	$(TOOL) buf format --write

.PHONY: generate
generate: ## make the Go code of proto/ anew
	$(TOOL) buf generate

VOCABULARY_FOLDERS := products_oxid_b60,products_opencart,general_bsds500,general_grocery_store,general_ikea_rooms

.PHONY: vocabulary
vocabulary: ## learn the vocabulary of index/inverted anew from photos in TOUCHSTONE_DATA: when descriptors have changed
	go run ./index/inverted/internal/train -photos "$$TOUCHSTONE_DATA" -folders $(VOCABULARY_FOLDERS) -o index/inverted/vocabulary.bin
.PHONY: generate-kernels
generate-kernels: ## make the assembly of fingerprint/feature anew
	cd tools && go run ./kernels -out ../fingerprint/feature/kernel_amd64.s -stubs ../fingerprint/feature/kernel_stubs_amd64.go -pkg feature

.PHONY: learn-pattern
learn-pattern: ## choose anew, on the photos in TOUCHSTONE_DATA, what features compare: another recipe
	TOUCHSTONE_LEARN=1 go test -count=1 -run='^TestLearnPattern$$' -v ./fingerprint/feature

# ---- measure it

.PHONY: bench
bench: ## benchmarks (PKG=./index/hamming BENCHMARK=Search); those on real photos need TOUCHSTONE_DATA
	go test -run='^$$' -bench='$(BENCHMARK)' -benchmem -timeout=60m $(PKG)

.PHONY: bench-base
bench-base: ## benchmarks of BASE (main) against the work tree, in COUNT (6) turns, compared by benchstat
	@PKG='$(PKG)' BENCHMARK='$(BENCHMARK)' COUNT='$(COUNT)' BASE='$(BASE)' TOOL='$(TOOL)' sh tools/bench-base.sh

.PHONY: bench-vips
bench-vips: ## from JPEGs in TOUCHSTONE_DATA to hashes, against libvips making thumbnails of them, on one core
	@COUNT='$(COUNT)' TOOL='$(TOOL)' sh tools/bench-vips.sh

.PHONY: bench-peers
bench-peers: ## exact search against FAISS's, in COUNT (6) turns: N (10000000), BITS (64,256), SETS (U,C,R), PYTHON; R hashes TOUCHSTONE_DATA
	@$(PYTHON) bench/peers/peers.py -n '$(N)' --bits '$(BITS)' --sets '$(SETS)' --rounds '$(COUNT)' --photos "$$TOUCHSTONE_DATA"

.PHONY: bench-growth
bench-growth: build ## exact search among 1M to 100M codes, on a plot and in a table: bench/growth/growth.svg (ARGS='-n64 1M,10M')
	@go run ./bench/growth -program $(PROGRAM) $(ARGS)

.PHONY: bench-listings
bench-listings: ## what remembering listing images costs: ARGS='-listings 10000000 -photos 1000000 -dir FOLDER'
	@go run ./bench/listings $(ARGS)

.PHONY: accuracy
accuracy: build ## eval on made queries: BENCH=folder of make_queries.py, SEED (11), QUERIES (1900); or CATALOG, STRANGERS: folders, EDITS
	@BENCH='$(BENCH)' CATALOG='$(CATALOG)' STRANGERS='$(STRANGERS)' PRODUCTS='$(PRODUCTS)' EDITS='$(EDITS)' SEED='$(SEED)' QUERIES='$(QUERIES)' \
		PROGRAM='$(PROGRAM)' sh tools/accuracy.sh

# ---- leave it

.PHONY: clean
clean: ## remove what was built; ./data stays
	rm -rf bin coverage.out
