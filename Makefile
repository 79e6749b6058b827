# Everything a developer or CI runs. `make test` is the whole gate; a fresh clone needs nothing else done.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WHEELS := $(VENV)/wheels/.complete
CLAUDE := $(VENV)/.claude-code-installed
NPM := tests/npm/node_modules/.installed
WORKERS ?= auto

.PHONY: setup demo test lint format types contracts tests live fuzz stress bench docs lock clean

setup: $(STAMP) $(CLAUDE) $(NPM) $(WHEELS)

$(STAMP): requirements/dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "ClaudeStep needs Python 3.11 or newer; this is %s. Name another: make PYTHON=python3.12" % sys.version.split()[0])'
	@git --version >/dev/null || { echo "git 2.38 or newer is needed and was not found" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

# The real Claude Code, for tests/e2e: its Python package carries the program; nothing imports the package, so
# what that depends on is left out.
$(CLAUDE): requirements/claude-code.lock $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes -r requirements/claude-code.lock
	@touch $(CLAUDE)

# What the action installs, for the workflows that the tests run.
$(WHEELS): requirements/run.lock $(STAMP)
	rm -rf $(VENV)/wheels
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes -r requirements/run.lock --dest $(VENV)/wheels
	@touch $(WHEELS)

# GitHub's own descriptions of its GraphQL and REST APIs, which the tests hold every request and their GitHub server
# against; of the latter 13 MB are needed, and 370 MB are other editions of the same.
$(NPM): tests/npm/package-lock.json
	@npm --version >/dev/null || { echo "npm (of Node 20 or newer) is needed for the tests and was not found" >&2; exit 1; }
	npm ci --prefix tests/npm --ignore-scripts --loglevel=error
	rm -f tests/npm/node_modules/@octokit/openapi/generated/*.deref.json tests/npm/node_modules/@octokit/openapi/generated/ghe*
	@touch $(NPM)

demo: $(STAMP)       ## the main job, on a small repository in a temporary folder
	$(BIN)/claudestep demo

test: lint types contracts tests   ## everything that CI runs

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: setup
	$(BIN)/mypy

contracts: setup
	$(BIN)/lint-imports

tests: setup
	$(BIN)/pytest -n $(WORKERS) --cov --cov-report=term

live: setup          ## what github.com does, on a scratch repository: docs/architecture/testing-guide.md
	$(BIN)/pytest -n0 tests/live -v

FUZZ ?= --cases 100000
fuzz: setup          ## odd files, replies and faults for some minutes; make fuzz FUZZ="--cases 1000 --seed 1"
	$(BIN)/python -m tests.fuzz $(FUZZ)

stress: setup        ## many processes on one branch while requests fail, about five minutes; make stress STRESS=--table
	$(BIN)/python -m benchmarks.stress $(STRESS)

bench: setup         ## ratios within one run; nothing here is asserted
	$(BIN)/python -m benchmarks.bench
	$(BIN)/python -m benchmarks.github_reads

docs: setup          ## what is made from the program: schemas, docs/cli.md, tables of docs/configuration.md
	$(BIN)/python scripts/make_docs.py

lock: setup          ## pin what pyproject.toml asks for (needs uv)
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --group dev --quiet pyproject.toml -o requirements/dev.lock
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet --constraint requirements/dev.lock pyproject.toml -o requirements/run.lock
	echo claude-agent-sdk | uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --no-deps --quiet - -o requirements/claude-code.lock

clean:
	rm -rf $(VENV) tests/npm/node_modules .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*
