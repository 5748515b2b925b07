# Two commands are all the set-up: `make demo` and `make test`. The rest is `make help`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed-from-requirements
export PATH := $(abspath $(BIN)):$(PATH)
export OMP_WAIT_POLICY := passive

.DEFAULT_GOAL := help
.PHONY: help setup sandbox demo test soak lint notebooks reference release grade bench mutants lab clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

# The environment, made when it is missing and brought up to date when the requirements changed.
$(STAMP): requirements.txt requirements-dev.txt pyproject.toml
	@test -x $(BIN)/python || { echo "Making $(VENV) ..."; $(PYTHON) -m venv $(VENV); }
	@$(BIN)/python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Installing requirements (the first time takes minutes) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep ^torch== requirements.txt)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

setup: $(STAMP) ## make or update the environment

sandbox: ## install bubblewrap where that is possible
	@sh autograder/judge/install_bubblewrap.sh

demo: setup sandbox ## grade a small class of sample submissions, show gradebook and report
	$(BIN)/course demo

test: setup sandbox ## every test, on two cores
	$(BIN)/course prepare
	$(BIN)/python -m pytest -n 2 --dist loadgroup

soak: setup sandbox ## thousands of damaged notebooks, hundreds of kills; rewrites docs/measured/soak.md
	$(BIN)/python -m pytest -n 2 --dist load --soak docs/measured/soak.md tests/damage \
	  tests/gradebook/test_running.py::test_a_grader_that_is_killed_at_any_moment_loses_nothing

lint: setup ## ruff, mypy, import contracts, stale notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/course notebooks --check

notebooks: setup ## build notebooks/*/*.ipynb from their text sources
	$(BIN)/course notebooks

reference: setup ## run every reference notebook
	$(BIN)/course reference

release: setup ## write the student editions (A=01 for one)
	$(BIN)/course release $(A)

grade: setup sandbox ## grade a class: make grade A=01
	$(BIN)/course grade $(A)

bench: setup ## measurements against peers, side by side
	$(BIN)/python -m benchmarks

mutants: setup sandbox ## mutate the reference; survivors show what no test sees
	$(BIN)/python -m autograder.mutants

lab: setup ## JupyterLab with nbgrader's extensions
	$(BIN)/course lab
