# Everything goes into .venv, .venv-airflow, demo/ and var/; nothing outside this folder is touched.

PYTHON ?= python3
BIN := .venv/bin
STORM = --seconds $(or $(SECONDS),300) $(if $(SEED),--seed $(SEED)) $(if $(DATABASE),--database $(DATABASE))
.DEFAULT_GOAL := help

.PHONY: help install install-training demo up test faults lint format airflow-test bench lock openapi clean

help: ## say what each target does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 20

install: .venv/installed-service ## set up .venv with what the service needs

install-training: .venv/installed-training ## set up .venv with what `shelfwise train` needs beside it

demo: .venv/installed-service ## start the service, classify a sample catalogue with photos, show the answers
	@$(BIN)/shelfwise demo

up: .venv/installed-service ## run the service on http://127.0.0.1:8000 until Ctrl-C
	@$(BIN)/shelfwise up

# Two files at a time, or more where there are more cores: most tests wait for processes of their own.
test: .venv/installed-dev ## run every test
	@$(BIN)/pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile

faults: .venv/installed-dev ## have everything go wrong under load (SECONDS=300 SEED= DATABASE=postgresql), and count the losses
	@$(BIN)/python -m tests.faults.storm $(STORM)

airflow-test: .venv/installed-dev .venv-airflow/installed ## run the Airflow DAG for real, in an Airflow of its own
	@$(BIN)/pytest airflow/tests

lint: .venv/installed-dev ## check style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/installed-dev ## rewrite the code in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/installed-dev ## measure a running service with single products and with whole catalogues
	@mkdir -p benchmarks/.cache
	@$(BIN)/python -m benchmarks.single --out benchmarks/.cache/single.json
	@$(BIN)/python -m benchmarks.catalogue --out benchmarks/.cache/catalogue.json

lock: .venv/installed-dev ## pin the newest allowed versions of every dependency, with hashes
	@scripts/lock

openapi: .venv/installed-service ## write docs/openapi.json anew
	@scripts/openapi

clean: ## remove everything that the other targets made here
	rm -rf .venv .venv-airflow demo var build benchmarks/.cache *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.venv/installed-service: requirements/service.txt pyproject.toml
	@scripts/install requirements/service.txt
	@touch $@

.venv/installed-training: requirements/training.txt pyproject.toml
	@scripts/install requirements/training.txt
	@touch .venv/installed-service $@

.venv/installed-dev: requirements/dev.txt pyproject.toml
	@scripts/install requirements/dev.txt
	@touch .venv/installed-service .venv/installed-training $@

.venv-airflow/installed: airflow/requirements.txt | .venv/installed-dev
	@echo "installing $< into .venv-airflow"
	@$(BIN)/python -m venv --clear --without-pip .venv-airflow
	@$(BIN)/uv pip install --quiet --python .venv-airflow/bin/python --require-hashes -r $<
	@touch $@
