# `make run` starts the demo; `make test` runs every test. Each installs what is missing.
.PHONY: run test check bench tools

run: tools
	cargo build --release --locked
	exec $${CARGO_TARGET_DIR:-target}/release/hoctap serve --demo

# Tests wait for the database as long as they work: two for each core.
test: tools
	RUST_TEST_THREADS=$$((2 * $$(nproc))) cargo test --locked

check: test
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings

# Measures the speed against budgets, in some 20 minutes; see benches/README.md.
bench: tools
	cargo bench --locked --bench ratios

# Of Debian: a linker, the programs of the private PostgreSQL, and curl for the walk of the README.
tools:
	@missing=; sudo=; \
	command -v cc >/dev/null || missing="$$missing gcc libc6-dev"; \
	command -v curl >/dev/null || missing="$$missing curl"; \
	{ command -v postgres && command -v initdb; } >/dev/null 2>&1 || \
		ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	[ -n "$$missing" ] || exit 0; \
	[ "$$(id -u)" = 0 ] || sudo=sudo; \
	$$sudo apt-get update && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y $$missing
