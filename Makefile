# `make help` lists what can be done. Everything happens in .venv, which is made when it is missing or out of date, with the
# versions of libraries that requirements/ names: two clones test the same.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
INSTALLED := $(VENV)/installed
TESTED := $(VENV)/installed-for-tests
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
RELEASING := $(VENV)/installed-for-releases
STEPS := $(VENV)/made
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-annotate --no-header \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

# Tests are spread over the cores. What they start keeps its bytecode, also where the environment says that nothing shall:
# else each of hundreds of processes would compile all of iam.
PYTEST := $(BIN)/python -m pytest
SPREAD := --numprocesses auto --dist worksteal
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run quick test-one slow test faults check format bench figures docs pictures schema wheel lock sbom clean

help: ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(STEPS):
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "iam needs Python 3.11 or newer; say make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(INSTALLED): $(STEPS) requirements/lock.txt setup.py pyproject.toml
	$(PIP) --require-hashes -r requirements/lock.txt
	$(PIP) --no-deps -e .
	@touch $@

$(TESTED): $(INSTALLED) requirements/lock-all.txt
	$(PIP) --require-hashes -r requirements/lock-all.txt
	@touch $@

$(RELEASING): $(INSTALLED)
	$(PIP) -e '.[embedded,release]'
	@touch $@

run: $(INSTALLED) ## start the server on http://localhost:8000 with its own PostgreSQL
	$(BIN)/twist iam --port $(PORT)

quick: $(TESTED) ## run the tests that start no process, which are most, in a few minutes
	$(PYTEST) $(SPREAD) -m quick

test-one: $(TESTED) ## T=tests/flows/test_scopes.py: run one file, directory or test
	$(PYTEST) $(or $(T),$(error say which: make test-one T=tests/flows/test_scopes.py))

slow: $(TESTED) ## run the tests that start processes: servers, commands, browsers, clusters
	BIN=$(BIN) sh tests/system.sh
	$(PYTEST) $(SPREAD) -m slow

test: $(TESTED) ## run all tests, and the journeys a second time below an issuer's path: what a change must pass
	BIN=$(BIN) sh tests/system.sh
	$(PYTEST) $(SPREAD) --journeys-below /auth

faults: $(TESTED) ## run at full length what `make test` cuts short: stalls, failovers, mutants, generated requests; Patroni, where it is there
	sh tests/faults/patroni.sh
	$(PYTEST) $(SPREAD) --long tests/faults tests/consistency tests/flows/test_generated_re*.py tests/flows/test_enumeration.py

check: $(TESTED) ## formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(TESTED) ## put the code in form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(TESTED) ## measure beside oidc-provider, in turns (five minutes); AGAINST=REV: and beside that revision; B=NAME: bench/NAME.py
	$(BIN)/python $(if $(B),bench/$(B).py,bench/run.py --peer) $(if $(AGAINST),--against $(AGAINST))

figures: $(TESTED) ## measure everything that docs/reference/performance.md tells (forty minutes), and write it there
	$(BIN)/python bench/run.py --peer $(if $(AGAINST),--against $(AGAINST))
	for each in tail clients start processes administration; do $(BIN)/python bench/$$each.py || exit; done
	$(BIN)/python bench/page.py

docs: $(TESTED) ## build the documentation into build/docs; a broken link fails
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going docs build/docs

pictures: $(TESTED) ## take the pictures of README and documentation from a running server
	BIN=$(BIN) sh tests/system.sh
	$(BIN)/python docs/pictures/take.py

schema: $(TESTED) ## write docs/reference/schema.sql, and the history of functions
	$(BIN)/python -m tests.schema

wheel: $(TESTED) ## build dist/*.whl and dist/*.tar.gz
	$(BIN)/python -m build

lock: $(RELEASING) ## name the newest versions that fit, with their hashes, in requirements/
	$(LOCK) --upgrade --extra embedded --output-file requirements/lock.txt pyproject.toml
	$(LOCK) --upgrade --extra embedded --extra test --extra check --extra docs --output-file requirements/lock-all.txt pyproject.toml

sbom: $(RELEASING) ## install what requirements/lock.txt names, and say what that is in dist/iam.cdx.json (CycloneDX)
	rm -rf build/locked && $(PYTHON) -m venv --without-pip build/locked && mkdir -p dist
	$(BIN)/python -m pip --python build/locked/bin/python install --quiet --disable-pip-version-check --require-hashes -r requirements/lock.txt
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --output-file dist/iam.cdx.json build/locked/bin/python

clean: ## remove what was built
	rm -rf $(VENV) build dist *.egg-info
