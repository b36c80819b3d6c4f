# The two commands that matter are `make demo` and `make test`. Both do all their own set-up.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
DEMO := target/demo
FUZZ_SECONDS ?= 60
FUZZ_TARGETS := rules condition item event pipeline saved differential drawn

.PHONY: help demo test test-full format lint docs bench fuzz clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: ## write a story of a water utility and scan it with the shipped rules
	$(CARGO) build --release --locked -p tieline-cli -p tieline-examples
	rm -rf $(DEMO)
	target/release/water-utility $(DEMO)
	target/release/tieline scan --rules rules/it $(DEMO)/windows.ndjson $(DEMO)/conn.log $(DEMO)/dns.log $(DEMO)/modbus.log $(DEMO)/zeek_json.ndjson

test: format lint docs ## everything: format, lints, docs, Rust, command line, rules, examples
	$(CARGO) test --workspace --locked --no-fail-fast
	$(CARGO) build --release --locked -p tieline-cli
	target/release/tieline test rules/it

test-full: test ## the same, and every event of the long lanes against the reference evaluator
	TIELINE_FULL=1 TIELINE_CASES=20000 $(CARGO) test --workspace --locked --no-fail-fast

format:
	$(CARGO) fmt --all --check

lint:
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

docs:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked

bench: ## compare with rivals on the same events (needs some minutes; see benches/README.md)
	cd benches && $(CARGO) run --release --locked --ignore-rust-version

fuzz: ## run every fuzz target for FUZZ_SECONDS (60) with AddressSanitizer
	command -v cargo-fuzz >/dev/null || $(CARGO) install cargo-fuzz --version 0.13.2 --locked
	for target in $(FUZZ_TARGETS); do \
		(cd fuzz && RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run $$target -- -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10); \
	done

clean: ## remove what was built
	$(CARGO) clean
	rm -rf benches/target fuzz/target
