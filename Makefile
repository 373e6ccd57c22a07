# Everything a person or a machine calls by name. Needs python 3.11+, make and git; nothing else.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= $(firstword $(foreach p,python3.13 python3.12 python3.11 python3,$(if $(shell $(p) -c 'import sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null),$(p))))
BIN := .venv/bin
WORKERS ?= 2
export PORT ?= 8000
export DEMO_LEADS ?= 20000
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv
unexport VIRTUAL_ENV

.PHONY: help demo run test a11y soak clocks past check bench format setup clean chromium

help: ## this list
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9]+):.*## /\1\t/' | expand -t 10

demo: .venv/.demo-ready ## the portal with a demo company at http://127.0.0.1:$PORT; Ctrl-C stops it
	@exec $(BIN)/python manage.py portal --demo

run: .venv/.demo-ready ## the portal for production; docs/operations.md says what to set
	@exec $(BIN)/python manage.py portal

test: setup chromium ## all tests, also those in a real browser
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile; code=$$?; \
	SECRET_KEY=stop $(BIN)/python manage.py services stop >/dev/null 2>&1; exit $$code

soak: setup ## kill -9 of web and worker at 50 random moments; the auditor proves that nothing is lost
	@KILLS=$${KILLS:-50} $(BIN)/pytest -q tests/soak; code=$$?; \
	SECRET_KEY=stop $(BIN)/python manage.py services stop >/dev/null 2>&1; exit $$code

clocks: setup ## 20,000 deadlines a property over 60 zones, 100,000 clocks audited; half an hour
	@CLOCK_EXAMPLES=$${CLOCK_EXAMPLES:-20000} $(BIN)/pytest -q tests/sla/test_business_time.py && \
	AUDITED_CLOCKS=$${AUDITED_CLOCKS:-100000} $(BIN)/pytest -q tests/feedback/test_clock_audit.py; code=$$?; \
	SECRET_KEY=stop $(BIN)/python manage.py services stop >/dev/null 2>&1; exit $$code

past: setup ## the rules of then over 100,000 stored hand-offs: a backtest must come to every decision again
	@PAST_CASES=$${PAST_CASES:-100000} $(BIN)/pytest -q tests/backtest/test_proof.py; code=$$?; \
	SECRET_KEY=stop $(BIN)/python manage.py services stop >/dev/null 2>&1; exit $$code

a11y: setup chromium ## every page by axe: busy, empty, refused and with monstrous names, six looks each; half an hour
	@A11Y_ALL=1 $(BIN)/pytest -q -n $(WORKERS) tests/everywhere; code=$$?; \
	SECRET_KEY=stop $(BIN)/python manage.py services stop >/dev/null 2>&1; exit $$code

check: setup ## style, types, architecture, migrations and generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	DEBUG=1 $(BIN)/python manage.py makemigrations --check --dry-run
	@if DEBUG=1 $(BIN)/python manage.py help --commands | grep -qx check_docs; then \
		echo "$(BIN)/python manage.py check_docs"; DEBUG=1 $(BIN)/python manage.py check_docs; fi

bench: setup ## speed, as a ratio to a baseline measured in the same run
	DEBUG= DEMO_MODE=1 $(BIN)/python manage.py bench

format: setup ## let ruff repair what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: .venv/.ready ## the virtual environment with all tools

clean: ## stop the portal's own servers and remove all data and tools of this directory
	-@SECRET_KEY=stop $(BIN)/python manage.py services stop
	rm -rf var .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# uv comes from pip into .venv, so that nothing has to be there before.
.venv/bin/uv:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed. Install it, or say where it is: make PYTHON=/path/to/python3 …"; exit 1; }
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv || { \
		echo "Python cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.5,<1'

.venv/.ready: pyproject.toml uv.lock | .venv/bin/uv
	@$(BIN)/uv sync --locked --inexact --quiet
	@touch .venv/.ready .venv/.demo-ready

.venv/.demo-ready: pyproject.toml uv.lock | .venv/bin/uv
	@echo "Installing what the portal needs …"
	@$(BIN)/uv sync --locked --inexact --no-dev --quiet
	@touch .venv/.demo-ready

# Playwright drives an installed Chromium; root on Debian or Ubuntu gets one, everybody else is told what to do.
chromium:
	@if [ -n "$$CHROMIUM" ] || command -v chromium chromium-browser google-chrome google-chrome-stable >/dev/null 2>&1; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing Chromium for the browser tests …"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null && exit 0; fi; \
	echo "The browser tests need Chromium. Install it with your package manager, or set CHROMIUM to its path."; exit 1
