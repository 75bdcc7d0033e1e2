# Aftercare's commands. `make` alone explains them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
export UV_PYTHON_DOWNLOADS := never

UV_VERSION := 0.13.9
# The first Python on this machine that the lock was made for.
PYTHON := $(shell for p in python3.11 python3.12 python3.13 python3; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
export PYTHON
BIN := .venv/bin
STAMP := .venv/.synced
OWN_UV := .venv/uv/bin/uv
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo $(OWN_UV))

.PHONY: help system venv lock up down status logs reset demo test test-unit check proto-check format proto \
	docs faults bench clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[36mmake %-11s\033[0m %s\n", $$1, $$2 }' Makefile

## ---- the machine

system: ## Install Debian packages that are missing (RabbitMQ; needs root or sudo)
	@bash deploy/local/system.sh

venv: $(STAMP) ## Make .venv with the locked packages

$(STAMP): requirements/dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv --without-pip .venv
	@test "$(UV)" = uv || test -x $(OWN_UV) || { $(PYTHON) -m venv .venv/uv \
		&& .venv/uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); }
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

lock: ## Solve requirements/*.lock again from pyproject.toml
	@$(UV) pip compile pyproject.toml --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet \
		-o requirements/runtime.lock
	@$(UV) pip compile pyproject.toml --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet \
		--group dev --group local -o requirements/dev.lock

## ---- the stack

up: system venv ## Start everything, run the main job once, leave the stack up
	@$(BIN)/aftercare up $(if $(FULL),--full)

down: venv ## Stop everything; the data stays
	@$(BIN)/aftercare down

status: venv ## Every part: state, process, port, restarts, and whether it answers now
	@$(BIN)/aftercare status

logs: venv ## Follow the logs of all parts, or of S=loyalty
	@$(BIN)/aftercare logs --follow $(S)

reset: venv ## Stop everything and delete all data of the local stack
	@$(BIN)/aftercare reset --yes

demo: venv ## The main job against the running stack; FULL=1 for all real baskets
	@$(BIN)/aftercare demo $(if $(FULL),--full)

## ---- the work

test: system venv check ## All that CI runs: check, then every suite, with real parts
	@bash .ci/suites unit property contracts architecture integration e2e faults

test-unit: venv ## Pure tests, in seconds
	@bash .ci/suites unit

check: venv ## Format, ruff, mypy, import rules, protos
	@echo "== ruff format"; $(BIN)/ruff format --check .
	@echo "== ruff check"; $(BIN)/ruff check .
	@echo "== mypy"; $(BIN)/mypy services deploy tests benchmarks
	@echo "== import rules"; $(BIN)/lint-imports
	@$(MAKE) proto-check

proto-check: venv ## The protos pass buf lint and the generated code is fresh
	@echo "== buf lint"; $(BIN)/python proto/generate.py --lint
	@echo "== generated code"; $(BIN)/python proto/generate.py --check
	@echo "== generated docs"; $(BIN)/python docs/generate.py --check

format: venv ## Format, and fix what ruff can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

proto: venv ## Generate Python from the protos
	@$(BIN)/python proto/generate.py

docs: venv ## Write docs/errors.md and docs/events.md from the code and the protos
	@$(BIN)/python docs/generate.py

faults: system venv ## The main job under seeded kills, SEEDS=5 times
	@AFTERCARE_FAULT_SEEDS=$(or $(SEEDS),5) bash .ci/suites faults

bench: system venv ## Measure, print a line a figure, write benchmarks/results/latest.json
	@$(BIN)/python -m benchmarks

clean: ## Delete caches and .venv; the stack's data stays (make reset)
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
