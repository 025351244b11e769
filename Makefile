# Two commands do all: `make demo` shows the main job, `make test` proves it.
SHELL := /bin/bash
TOOLS := $(CURDIR)/.tools
export GANTRY_TOOLS ?= $(TOOLS)

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
VERSITYGW_VERSION := v1.8.0

.PHONY: build demo test lint bench fmt docs tools ffmpeg servers help

help: ## Lists these commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build: ## Builds bin/gantry
	@mkdir -p bin
	go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/gantry ./cmd/gantry

demo: tools build ## Takes a clip from a watched folder to two partners and the archive
	bin/gantry demo $(DEMO)

test: tools test-tools lint ## Runs linters and all tests
	go test -timeout 20m ./...

lint: ## Checks formatting, vet and staticcheck
	@unformatted="$$(go tool gofumpt -l cmd connectors transfer policy orchestrator configs test)"; \
	  if [ -n "$$unformatted" ]; then echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...

fmt: ## Formats the code
	go tool gofumpt -l -w cmd connectors transfer policy orchestrator configs test

docs: build ## Writes the reference of the manual anew
	bin/gantry connectors --markdown > docs/reference/places.md

bench: tools peers ## Measures the hot paths, and Gantry beside rclone, OpenSSH, curl and cp
	go test -run '^$$' -bench . -benchtime 2s ./transfer/... ./orchestrator/flow/... ./policy/...
	go test -run '^$$' -bench . -benchtime 3000x ./orchestrator/engine
	PATH="$(TOOLS):$(GANTRY_TOOLS):$$PATH" go run ./test/peers -json peers.json
	go test -run '^$$' -bench . -benchtime 1x -timeout 60m ./test/wan

.PHONY: peers
peers: # peers that are Go programs; what cannot be had is left out of the tables, and named there
	@mkdir -p $(TOOLS)
	@command -v s5cmd >/dev/null || [ -x $(GANTRY_TOOLS)/s5cmd ] || GOBIN=$(TOOLS) GOFLAGS= go install github.com/peak/s5cmd/v2@latest || echo "s5cmd is left out"
	@command -v mc >/dev/null || [ -x $(GANTRY_TOOLS)/mc ] || GOBIN=$(TOOLS) GOFLAGS= go install github.com/minio/mc@latest || echo "mc is left out"

tools: ffmpeg servers ## Installs what the demo needs: ffmpeg with its sandbox, OpenSSH, versitygw

ffmpeg:
	@.ci/need ffmpeg ffmpeg
	@.ci/need ffprobe ffmpeg
	@.ci/need bwrap bubblewrap

servers: $(TOOLS)/versitygw
	@.ci/need sshd openssh-server

.PHONY: test-tools
test-tools:
	@.ci/need xmllint libxml2-utils
	@.ci/need xxhsum xxhash
	@.ci/need pgrep procps
	@.ci/need sftp openssh-client
	@.ci/need postgres postgresql
	@.ci/unpack $(GANTRY_TOOLS)
	@[ "$$(id -u)" != 0 ] || .ci/need mkfs.ext4 e2fsprogs
	@[ "$$(id -u)" != 0 ] || .ci/need mkfs.xfs xfsprogs

$(TOOLS)/versitygw:
	@mkdir -p $(TOOLS)
	GOBIN=$(TOOLS) GOFLAGS= go install github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW_VERSION)
