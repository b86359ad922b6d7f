# Everything a fresh machine needs is Python >= 3.11 and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help install install-dev system demo test check lint types format generate golden bench lock clean

help: ## say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

install: $(VENV)/.installed ## make the virtual environment with the locked dependencies

$(VENV)/.installed: requirements.lock pyproject.toml guards/python/pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e guards/python -e .
	touch $@

install-dev: $(VENV)/.installed-dev

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

demo: install ## show the shared-secret recipe on real sockets (ARGS=--once to exit with the verdict)
	$(BIN)/wicket demo $(ARGS)

system: ## install the servers and load tools that the tests drive (Debian)
	.ci/system-packages

test: install-dev system lint types ## everything that must be green
	$(BIN)/python -m pytest -n 2 $(ARGS)

check: lint types

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install-dev
	$(BIN)/mypy

format: install-dev ## rewrite the code in the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: install-dev ## rewrite the expected outputs of the compiler
	$(BIN)/python -m pytest tests/golden --update-golden

generate: install-dev ## rewrite the generated reference, the JSON Schemas and the messages of xDS
	$(BIN)/python -m wicketgate.reference docs/reference
	$(BIN)/python -m grpc_tools.protoc -Isrc --python_out=src --pyi_out=src src/wicketgate/xds/delta.proto

bench: install-dev system ## measure against the peers; writes docs/benchmarks.md
	$(BIN)/python -m bench $(ARGS)

lock: ## resolve the dependencies anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--group build pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--group build --group test --group lint --group bench pyproject.toml \
		-c requirements.lock -o requirements-dev.lock

clean: ## remove what the other targets made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
