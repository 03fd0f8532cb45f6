# `make run` starts the demo; `make test` runs every test. Both install what is missing.
.PHONY: run test check postgres

run: postgres
	cargo build --release --locked
	exec ./target/release/hoctap serve --demo

test: postgres
	cargo test --locked

check: test
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings
	cargo run --quiet --locked -- openapi | diff openapi.yaml -

# The server and the tests start a PostgreSQL of their own from these programs.
postgres:
	@command -v postgres >/dev/null || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || \
		{ [ "$$(id -u)" = 0 ] || sudo=sudo; $$sudo apt-get update && $$sudo apt-get install -y postgresql; }
