# Two commands are enough: `make run` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/pip --disable-pip-version-check --quiet
PORT   ?= 8000

.PHONY: run test check setup dev lock lint types imports coverage bench pictures sbom audit clean

run: setup ## database, the real 2024 data, server with scheduler
	@$(BIN)/khacphuc serve --port $(PORT) --seed seeds/soc-trang-2024

setup: $(VENV)/.runtime ## .venv with the `khacphuc` command
dev: $(VENV)/.dev ## .venv with what tests and checks need

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11 ...") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing (once) ..."
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing what tests need (once) ..."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

test: dev ## every test, on SQLite and on PostgreSQL
	$(BIN)/python -m pytest -n auto

check: lint types imports test coverage ## what must be clean before a change lands

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: dev
	$(BIN)/mypy

imports: dev
	$(BIN)/lint-imports

coverage: dev ## the pure core is tested whole, by branch
	$(BIN)/python -m pytest tests/core -n auto --cov

lock: dev ## refresh the locks (needs uv); they name no host
	uv pip compile --generate-hashes --no-emit-index-url --universal --python-version 3.11 --extra build --extra dev pyproject.toml -o requirements-dev.lock -q
	uv pip compile --generate-hashes --no-emit-index-url --universal --python-version 3.11 --extra build pyproject.toml -c requirements-dev.lock -o requirements.lock -q

bench: dev ## every figure of the README, against bare limits on this machine
	$(BIN)/python -m bench all

pictures: dev ## the pictures of the README (needs Chromium)
	$(BIN)/python -m bench.pictures

sbom: dev ## what this software is made of, as CycloneDX: khacphuc.cdx.json
	@$(BIN)/python .ci/dependencies.py sbom khacphuc.cdx.json

audit: sbom ## whether any of it is known to be unsafe; ADVISORIES=folder (OSV documents) asks no network
	@$(BIN)/python .ci/dependencies.py audit khacphuc.cdx.json $(if $(ADVISORIES),--advisories $(ADVISORIES))

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
