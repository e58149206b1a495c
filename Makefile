# `make` alone lists the targets. All of them work on a machine with Python 3.11+, make and a
# package index; what they install goes into .venv, what they make into .alerts.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ALERTS := $(BIN)/alerts

.DEFAULT_GOAL := help
.PHONY: help up test test-fast test-spark lint format bench pulumi pulumi-update clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(VENV)/.runtime ## Start a local workspace, deploy the 29 rules to the stack `local` and evaluate each once
	@$(ALERTS) workspace start
	@$(ALERTS) init -s local
	@$(ALERTS) seed health_monitor -s local
	@$(ALERTS) up -s local --yes
	@$(ALERTS) workspace run --all
	@$(ALERTS) status -s local
	@echo "Look at them (the link works once; alerts workspace open prints another):"
	@$(ALERTS) workspace open

test: $(VENV)/.development ## Run the tests (unit and, against a real local workspace, integration)
	@$(ALERTS) pulumi build --if-go
	@$(BIN)/python -m pytest -n 2 --dist worksteal

test-fast: $(VENV)/.development ## Run the unit tests that take no seconds: under a minute
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow" tests/unit

test-spark: $(VENV)/.development ## Run the SQL tests on a real Apache Spark (needs Java; minutes)
	@$(BIN)/python -m tests.on_spark

lint: $(VENV)/.development ## Check format, lint, types and the layering
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.development ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/.development ## Measure speed: one line a measurement, with its bar and the ratio
	@$(BIN)/python -m tests.benchmarks

pulumi: $(VENV)/.runtime ## Build the real pulumi CLI from its Go modules (needs Go; minutes, once)
	@$(ALERTS) pulumi build

pulumi-update: $(VENV)/.runtime ## Pin that CLI to the version of the Python SDK in requirements.txt
	@$(ALERTS) pulumi update

clean: ## Stop the local workspace and remove all that was made here
	@if [ -x $(ALERTS) ]; then $(ALERTS) workspace stop; fi
	rm -rf .alerts $(VENV) pulumi-cli/build *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)

# The stamps make a second run cost nothing: pip runs again only when what is pinned changes.
$(VENV)/.runtime: requirements.txt constraints.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what a deployment needs into $(VENV) (a minute, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.development: requirements-dev.txt $(VENV)/.runtime
	@echo "Installing what tests and checks need into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
