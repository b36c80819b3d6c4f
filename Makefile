# The two commands that matter are `make demo` and `make test`. Both do all their own set-up.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
DEMO := target/demo
PACKS := rules/it rules/ot rules/policy rules/over_time rules/cross_domain
STORY := windows.ndjson conn.log dns.log modbus.log zeek_json.ndjson
TIELINE := $(CURDIR)/target/release/tieline
FUZZ_SECONDS ?= 60
FUZZ_TARGETS := rules condition item event pipeline saved differential drawn stream tables records indicators incidents trust

.PHONY: help demo test test-full test-rust test-c test-python test-node test-page test-notebooks test-embed test-forms test-dist dist format lint docs bench fuzz clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: ## write stories of water utilities, scan them with the shipped rules, and make a report page
	$(CARGO) build --release --locked -p tieline-cli -p tieline-examples -p tieline-scenarios
	rm -rf $(DEMO)
	target/release/water-utility $(DEMO)
	@printf '\nWhich rules matched, on which hosts?\n$$ tieline scan --rules rules/it $(DEMO)\n\n'
	@cd $(DEMO) && $(TIELINE) scan --rules $(CURDIR)/rules/it $(STORY)
	@printf '\nIn which order did it happen?\n$$ tieline scan --rules rules/it --level high --output list --quiet $(DEMO) | sort\n\n'
	@cd $(DEMO) && $(TIELINE) scan --rules $(CURDIR)/rules/it --level high --output list --quiet $(STORY) | sort
	@printf '\nWhat do they mean together, across Windows and network logs?\n$$ tieline scan --rules rules/it rules/over_time --level high --output list --quiet --lateness 1d $(DEMO) | grep -A 1 ...\n\n'
	@cd $(DEMO) && $(TIELINE) scan --rules $(CURDIR)/rules/it $(CURDIR)/rules/over_time --level high --output list --quiet --lateness 1d $(STORY) | grep -A 1 -E 'Several Steps|Keeps Asking|Takes Over'
	@printf '\nWhy did the critical one match?\n$$ tieline explain --rules rules/it --event $(DEMO)/windows.ndjson:5632\n\n'
	@cd $(DEMO) && $(TIELINE) explain --rules $(CURDIR)/rules/it --event windows.ndjson:5632
	target/release/tieline-scenarios mail-to-pump --hours 6 --out $(DEMO)/plant
	@printf '\nAnd where office and plant meet: what is one attack, which way did it come, and how far did it get?\n$$ tieline incidents --rules $(PACKS) --context plant.yml events.ndjson\n\n'
	@cd $(DEMO)/plant && $(TIELINE) incidents --rules $(addprefix $(CURDIR)/,$(PACKS)) --context plant.yml --output table --quiet events.ndjson
	@printf '\nWhat does it all say of the plant?\n$$ tieline report --rules $(PACKS) --context plant.yml --html report.html events.ndjson\n\n'
	@cd $(DEMO)/plant && $(TIELINE) report --rules $(addprefix $(CURDIR)/,$(PACKS)) --context plant.yml --html report.html --output table --quiet events.ndjson
	@printf '\nThe events, and truth.json with the steps behind them, are in $(DEMO) and $(DEMO)/plant.\nOpen $(DEMO)/plant/report.html in a browser: it needs no network.\n'

test: format lint docs test-rust test-c test-python test-node test-page test-notebooks test-embed test-forms test-dist ## everything: format, lints, docs, and every language

test-rust: ## Rust, the command line, the shipped rules, the examples
	$(CARGO) test --workspace --locked --no-fail-fast
	$(CARGO) build --release --locked -p tieline-cli
	target/release/tieline test rules/it
	target/release/tieline test rules/ot
	target/release/tieline test rules/policy
	target/release/tieline test rules/over_time
	target/release/tieline test rules/cross_domain
	target/release/tieline check --strict --quiet rules/it rules/ot rules/policy rules/over_time rules/cross_domain

test-c: ## C and C++: parity, misuse, valgrind, sanitizers, installed packages
	bindings/c/test.sh

test-python: ## the wheel, in an environment of its own: parity, bad values, types, docs
	bindings/python/test.sh

test-node: ## the Node package: parity, bad values, types, workers, docs
	bindings/node/test.sh

test-page: ## the report page in a real Chromium: mouse, keyboard, hostile text, axe, print
	bindings/cli/page/test.sh

test-notebooks: ## the notebooks, run with the wheel and compared with what is kept in them
	examples/notebooks/test.sh

test-embed: ## embeddings that start the real programs
	$(CARGO) build --release --locked -p tieline-cli
	$(MAKE) -s -C bindings/c build
	examples/embed/test.sh

test-forms: ## incidents of all stories in every form, by the public schema of each
	bindings/cli/tests/forms/test.sh

test-dist: dist ## the packages as users get them

dist: ## build every package into target/dist, and try each where nothing else is
	bindings/dist/dist.sh

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
