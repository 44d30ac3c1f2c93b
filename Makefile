# The commands of this project. Everything else is `hub …` inside .venv (see README).
PYTHON ?= python3
PY := .venv/bin/python
export OMP_NUM_THREADS := 1
# some machines forbid Python to keep what it compiled; then every start compiles all libraries anew, for seconds
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test soak check lock benchmark

help: ## what can be done
	@grep -hE '^[a-z]+:.*##' Makefile | sed 's/:.*## /\t/'

run: ## set everything up and start the product; prints one URL
	@$(PYTHON) -m hub.bootstrap.machine run

test: ## set up what tests need and pass them all, fast checks first
	@$(PYTHON) -m hub.bootstrap.machine test
	@$(PY) -m tests.run

soak: ## the long runs: full fuzzing, kills, load
	@$(PYTHON) -m hub.bootstrap.machine test
	@$(PY) -m tests.run --soak

check: ## lint, types, import rule, unit tests
	@$(PYTHON) -m hub.bootstrap.machine test
	@$(PY) -m tests.run --fast

benchmark: ## speed, memory and quality, in one run
	@$(PYTHON) -m hub.bootstrap.machine test
	@$(PY) -m benchmarks.run

lock: ## resolve the requirement locks anew
	@$(PYTHON) -m hub.bootstrap.machine lock
