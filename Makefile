# `make demo` and `make test` set up everything they need. Nothing is installed outside .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test check docs bench soak mutants matrix lock clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY)  ## Set up, build the demo persona, and report on it
	$(BIN)/forge build personas/sofia.yaml
	$(BIN)/forge drift sofia-reyes
	$(BIN)/forge report sofia-reyes

test: $(READY)  ## Set up, and run the tests
	$(BIN)/pytest -n auto --dist worksteal

check: $(READY)  ## Lint, type-check, and hold the map against the imports, as CI does
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy docs/examples docs/site
	@$(BIN)/lint-imports || \
		{ echo "An import breaks the map in CONTRIBUTING.md: the contract named above says how."; exit 1; }

docs: $(READY) $(VENV)/.docs  ## Build the documentation as a site: build/site/index.html
	$(BIN)/python docs/site/reference.py
	$(BIN)/python docs/site/build.py build/site

bench: $(READY)  ## Run the benchmarks and print their tables
	$(BIN)/python -m tests.benchmarks.spine
	$(BIN)/python -m tests.benchmarks.measuring
	$(BIN)/python -m tests.benchmarks.peer
	$(BIN)/python -m tests.benchmarks.second
	$(BIN)/python -m tests.benchmarks.finishing
	$(BIN)/python -m tests.benchmarks.drift
	$(BIN)/python -m tests.benchmarks.verdicts
	$(BIN)/python -m tests.benchmarks.projection
	$(BIN)/python -m tests.benchmarks.painter
	$(BIN)/python -m tests.benchmarks.embedded_pack
	$(BIN)/python -m tests.benchmarks.brief

soak: $(READY)  ## Run the long proofs: random interleavings, kills, states, other code paths
	$(BIN)/python -m tests.soak.pins
	$(BIN)/python -m tests.soak.upkeep
	$(BIN)/python -m tests.soak.renames
	$(BIN)/python -m tests.soak.states
	$(BIN)/python -m tests.soak.bytes
	$(BIN)/python -m tests.soak.reading
	$(BIN)/python -m tests.keys
	$(BIN)/python -m tests.soak.proofs

mutants: $(READY)  ## Put small faults into a sample of the code, and print those that no test notices
	$(BIN)/python -m tests.mutants

matrix: $(READY)  ## Build one persona with each Python here, and with the oldest libraries; compare the bytes
	$(BIN)/python -m tests.matrix

lock:  ## Renew constraints.txt from pyproject.toml with the newest releases that it allows
	rm -rf $(VENV)-lock
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/pip install --quiet --upgrade pip
	$(VENV)-lock/bin/pip install --quiet --editable '.[dev]'
	$(VENV)-lock/bin/pip freeze --exclude-editable | LC_ALL=C sort -f > constraints.txt
	rm -rf $(VENV)-lock

clean:  ## Remove what make has made; the store in .forge stays
	rm -rf $(VENV) $(VENV)-lock dist .mypy_cache .ruff_cache .pytest_cache

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "PersonaForge needs Python 3.11 or newer: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

$(VENV)/.docs: $(READY)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[docs]'
	@touch $@
