# Every job of the project. `make` alone lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --upgrade --strip-extras --allow-unsafe \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.DEFAULT_GOAL := help
.PHONY: help venv demo test lint format types imports schemas docs bench lock compose-env

help: ## List the targets
	@echo "Usage: make TARGET"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

venv: $(STAMP) ## Install everything into .venv, if the lock has changed

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; try: make PYTHON=python3.12 venv")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	$(BIN)/python -m pip check --disable-pip-version-check
	@touch $(STAMP)

demo: venv ## Start the system, feed it real input, leave it up until Ctrl-C (ONCE=1: end when quiet; DATA=DIR: the full sets)
	$(BIN)/recourse demo $(if $(ONCE),--once) $(if $(DATA),--data "$(DATA)")

test: venv lint types imports ## The whole suite with all checks, on real Kafka and PostgreSQL
	$(BIN)/python -m pytest $(PYTEST)

lint: venv ## Style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: venv ## Put the style right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: venv ## Types, strictly
	$(BIN)/mypy

imports: venv ## Who may import whom
	$(BIN)/lint-imports

schemas: venv ## Write the JSON Schemas of the contracts
	$(BIN)/python -m deploy.docs.schemas

docs: venv ## Write the generated pages: docs/events.md, docs/asyncapi.yaml
	$(BIN)/python -m deploy.docs.pages

bench: venv ## Measure, and print each figure beside its bar
	$(BIN)/python -m bench

lock: venv ## Resolve the Python and Java dependencies anew, with hashes
	$(COMPILE) --output-file requirements.lock requirements.in
	$(COMPILE) --constraint requirements.lock --output-file deploy/image.lock deploy/image.in
	$(BIN)/python -m deploy.local.kafka_jars

compose-env: venv ## Make up passwords and keys for deploy/compose.yaml, once
	$(BIN)/python -m deploy.compose_env
