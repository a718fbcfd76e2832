# Each target installs what it needs: python3 and make are enough.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCE ?= sample
# A Dagster home has one league.
DEMO_HOME := $(CURDIR)/.demo$(if $(filter sample,$(SOURCE)),,/nfl)

.PHONY: demo ui test test-slow test-all check lint audit bench docs lock versions clean help

help:
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/installed ## import and project a week of the sample league (SOURCE=auto: the NFL)
	@mkdir -p $(DEMO_HOME) && cp dagster.yaml $(DEMO_HOME)/dagster.yaml
	@DAGSTER_HOME=$(DEMO_HOME) FANTASY_SOURCE=$(SOURCE) $(BIN)/fantasy-pipeline demo --source $(SOURCE)

ui: $(VENV)/installed ## start the Dagster UI and the web interface on the data of `make demo`
	@mkdir -p $(DEMO_HOME) && cp dagster.yaml $(DEMO_HOME)/dagster.yaml
# In its home: the checkout has another dagster.yaml, of which Dagster would warn.
	cd $(DEMO_HOME) && DAGSTER_HOME=$(DEMO_HOME) FANTASY_SOURCE=$(SOURCE) \
		$(CURDIR)/$(BIN)/python $(CURDIR)/scripts/ui.py \
		$(CURDIR)/$(BIN)/dg dev -w $(CURDIR)/workspace.yaml --host 127.0.0.1 --port 3000

PYTEST = $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test: $(VENV)/installed-dev ## run the tests except the slow and the long ones
	$(PYTEST) -m "not slow and not soak"

test-slow: $(VENV)/installed-dev ## run the tests that start programs and deployments, as CI does
	$(PYTEST) -m "slow and not soak"

test-all: $(VENV)/installed-dev ## run all tests, the long ones included
	$(PYTEST)

check: lint test test-slow audit ## run everything that must be green: lint, types, tests, audit

lint: $(VENV)/installed-dev ## check style, security rules, format, types and the layers of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: $(VENV)/installed-dev ## look for known vulnerabilities of the locked packages; asks PyPI
	$(BIN)/pip-audit --strict --no-deps --disable-pip -r requirements.txt

bench: $(VENV)/installed-dev ## measure speed and memory as ratios in one run; needs NFLVERSE_MIRROR
	$(BIN)/python bench/run.py

docs: $(VENV)/installed ## make the data dictionary, docs/cli.md and docs/modules.md from the code
	$(BIN)/python scripts/data_dictionary.py
	$(BIN)/python scripts/cli_reference.py
	$(BIN)/python scripts/module_list.py

lock: ## make requirements.txt; needs uv
	uv pip compile pyproject.toml --universal --python-version 3.10 --no-emit-index-url \
		--no-annotate --no-header --all-extras -o requirements.txt

# Each in an environment and a Dagster home of its own, beside those of `make demo`.
VERSIONS = $(CURDIR)/.versions/$(RESOLUTION)
RESOLUTION ?= lowest-direct
versions: ## run the demo with the lowest versions of pyproject.toml (RESOLUTION=highest: the newest)
	@rm -rf $(VERSIONS) && mkdir -p $(VERSIONS)/home && cp dagster.yaml $(VERSIONS)/home/dagster.yaml
	uv venv --quiet --python $(PYTHON) $(VERSIONS)/venv
	uv pip install --quiet --python $(VERSIONS)/venv/bin/python --resolution $(RESOLUTION) ".[api,s3]"
	cd $(VERSIONS)/home && DAGSTER_HOME=$(VERSIONS)/home FANTASY_SOURCE=sample \
		$(VERSIONS)/venv/bin/fantasy-pipeline demo --source sample

clean: ## remove the environment and the demo
	rm -rf $(VENV) $(DEMO_HOME) .versions

$(VENV)/bin/python:
	@echo "Making a virtual environment in $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV) || { \
		echo "error: $(PYTHON) cannot make a virtual environment; on Debian and Ubuntu install python3-venv" >&2; \
		rm -rf $(VENV); exit 1; }

$(VENV)/installed: pyproject.toml requirements.txt | $(VENV)/bin/python
	@echo "Installing fantasy_pipeline and the packages of requirements.txt into $(VENV): some minutes, once"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.txt -e ".[api]"
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	@echo "Installing the packages for tests and checks into $(VENV): some minutes, once"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.txt -e ".[dev]"
	@touch $@

include deploy/postgres.mk
