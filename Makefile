# Everything that people and CI do with this repository. A fresh machine needs Rust (rustup), Go 1.26, git, make and a
# C compiler; what else is needed is built into .cache/, once.

.DEFAULT_GOAL := help
.PHONY: help build test sweep demo bench lint tools generate clean
.NOTPARALLEL:

CARGO_DENY_VERSION := 0.20.2
CARGO_DENY := .cache/cargo-deny-$(CARGO_DENY_VERSION)/bin/cargo-deny
GO := tests/tools/go.sh
# What stories scrape from the operator, for the alerts and the dashboard to be judged by.
SCRAPES := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)/tmp/scrapes
TOOLS := helm.sh/helm/v4/cmd/helm github.com/helm-unittest/helm-unittest/cmd/helm-unittest github.com/yannh/kubeconform/cmd/kubeconform \
	github.com/rhysd/actionlint/cmd/actionlint

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "  make %-10s%s\n", $$1, $$2 }'

build: ## compile the operator and the simulator
	cargo build --locked --workspace --bins

demo: tools build ## watch a service come to life, roll, fail and be explained, on this machine only
	@tests/demo/demo.sh

# Stories mostly wait for Kubernetes and AWS: more of them at once than there are cores.
test: lint ## check everything: formats, lints, dependencies, then every test
	rm -rf $(SCRAPES)
	cd tests/control-plane && CONTROL_PLANE=$(CURDIR)/.cache/bin/control-plane ../../$(GO) test -parallel=8 -count=1 ./check
	RUST_TEST_THREADS=8 cargo test --locked --workspace --no-fail-fast
	cargo test --locked --workspace --test chart -- --ignored # the rights that the stories used, against those that the chart grants
	cd tests/argo-cd && RECORDED_OBJECTS=$${CARGO_TARGET_DIR:-$(CURDIR)/target}/tmp/recorded-objects ../../$(GO) test -vet=off -parallel=8 -count=1 .
	cd tests/observability && SCRAPES=$(SCRAPES) ../../$(GO) test -count=1 .

# Random declarations are optimised: two thousand a property, each looked at a hundred times, take a quarter of an hour, else hours.
sweep: tools ## kill the operator at every effect, and try random declarations by the thousand; make test runs a sample
	SWEEP=all cargo test --locked --test stories sweeping -- --nocapture
	PROPTEST_CASES=2000 cargo test --locked --profile thorough --test service --test surface random

# The control plane is optimised here, as those that people have.
bench: tools ## print the figures: time, calls, CPU and memory; make bench N=1000 CONTAINERS=10 (full-size objects) FULL=1
	@cd tests/control-plane && ../../$(GO) build -gcflags=all=-dwarf=false -o ../../.cache/bin/control-plane-optimised .
	cargo build --locked --release --timings --package ecs-operator --package bench
	target/release/bench

lint: tools $(CARGO_DENY) ## check formats, lints, scripts, workflows, licences, sources and advisories of dependencies
	cargo fmt --all --check
	@files=$$(gofmt -l tests) && { test -z "$$files" || { echo "not formatted with gofmt: $$files"; exit 1; }; }
	cd tests/control-plane && ../../$(GO) vet ./...
	cd tests/tools && ../../$(GO) vet ./...
	cd tests/argo-cd && ../../$(GO) vet .
	.cache/bin/actionlint -shellcheck= -pyflakes=
	@.ci/lint
	cd tests/observability && ../../$(GO) vet ./...
	cargo clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO_DENY) --locked --workspace check --hide-inclusion-graph bans licenses sources
	@if GIT_TERMINAL_PROMPT=0 timeout 60 $(CARGO_DENY) --log-level off fetch db; \
	then $(CARGO_DENY) --locked --workspace check --disable-fetch --hide-inclusion-graph advisories; \
	else echo "The database of security advisories can't be reached: advisories are not checked this time."; fi

tools: ## build the programs that tests, lint and the demo run: control plane, kubectl, helm and its tests' tools, actionlint, promtool
	@command -v go >/dev/null || { echo "Go 1.26 is needed for the tests' control plane: https://go.dev/dl/"; exit 1; }
	@mkdir -p .cache/bin
	@test -x .cache/bin/actionlint || echo "Building a Kubernetes control plane, kubectl and helm: some minutes, once."
	@cd tests/control-plane && ../../$(GO) build -o ../../.cache/bin/control-plane .
	@cd tests/tools && ../../$(GO) build -o ../../.cache/bin/ $(TOOLS)
	@cd tests/observability && ../../$(GO) build -tags remove_all_sd -o ../../.cache/bin/ github.com/prometheus/prometheus/cmd/promtool
	@ln -sf control-plane .cache/bin/kubectl

generate: ## write what is generated: the CRDs, for crds/ and the charts; the charts' tables and schemas; Argo CD's configuration
	UPDATE_GENERATED=1 cargo test --locked --test generated

clean: ## remove everything that was built
	cargo clean
	rm -rf .cache

# Unoptimised: it runs for two seconds, and optimising it takes minutes.
$(CARGO_DENY):
	CARGO_PROFILE_DEV_DEBUG=0 cargo install --locked --debug --root .cache/cargo-deny-$(CARGO_DENY_VERSION) cargo-deny@$(CARGO_DENY_VERSION)
