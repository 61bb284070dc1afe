# Two commands do everything on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help run test dev install check doctor bench fuzz clean

help: ## Print this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

run: install ## Start the sandbox, run the whole pipeline, print the headline table
	@$(BIN)/python -m pipelines.sandbox run

test: install ## Run the whole test suite
	@$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder

dev: install ## Keep the sandbox running with the Dagster UI on loopback
	@$(BIN)/python -m pipelines.sandbox dev

install: .venv/installed ## Make the environment in .venv

check: install ## Lint Python and SQL, check types, parse the dbt project
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint --processes 2 dbt_project/models dbt_project/tests
	@$(BIN)/dbt parse --quiet --project-dir dbt_project --profiles-dir dbt_project

bench: install ## Compare the PostgreSQL engine with other tools (about 20 minutes)
	@$(BIN)/python -m benchmarks

doctor: install ## Check every connection and credential, say what to do
	@$(BIN)/python -m pipelines doctor

fuzz: install ## Break the PostgreSQL engine at random for ten minutes, compare rows
	@$(BIN)/python -m tests.faults.fuzz --rounds 150

clean: ## Remove the environments and the sandbox's data
	@rm -rf .venv .sandbox .bench dbt_project/target

# uv is the faster installer; where it finds no index, pip knows the machine's own.
.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
		|| { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Making the environment in .venv"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.[sandbox,dev]' \
		|| $(BIN)/python -m pip install --quiet -c constraints.txt -e '.[sandbox,dev]'
	@touch $@
