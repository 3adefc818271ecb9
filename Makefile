# Every target sets up what it needs; a second run is quick. ENGINES=docker uses Docker's engines.
.DEFAULT_GOAL := help
.PHONY: help bootstrap setup browser engines stop status check test demo screenshots faults bench lock otp audit-verify people

PY := .venv/bin/python
ARGS ?=
# Without these an interrupted run could leave compiled files of another version behind.
export PYTHONDONTWRITEBYTECODE := 1
export ENGINES ?= native

help:
	@echo "make demo    play the Zhaotong scenario (ONCE=1: the three main stories, checked, then ends; STORY=name: that one)"
	@echo "make test    all tests, with engines of their own when none run (ARGS=-x: more for pytest)"
	@echo "make check   format, lint, types, boundaries, contracts, unit tests (no engines)"
	@echo "make faults  the full counts of the fault tests     make bench  the benchmarks"
	@echo "make people  the API fuzzed at length, a phone gone wrong, every screen by axe-core"
	@echo "make screenshots  pictures of every screen: all into .gaswatch/screenshots, the guide's into docs/pictures (ARGS=--guide: only those)"
	@echo "make otp     the demo's one-time codes now       make audit-verify  check who did what"
	@echo "make engines start the engines alone     make status  what runs where     make stop  stop all"

bootstrap:
	@deploy/bootstrap.sh

setup:
	@deploy/bootstrap.sh $(if $(filter docker,$(ENGINES)),,engines)

browser: bootstrap
	@deploy/bootstrap.sh browser

engines: setup
	@$(PY) -m deploy.native engines

stop: bootstrap
	@$(PY) -m deploy.native stop

status: bootstrap
	@$(PY) -m deploy.native status

otp: bootstrap
	@$(PY) -m deploy.native otp

audit-verify: bootstrap
	@$(PY) -m deploy.native audit-verify

check: bootstrap
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy .
	@.venv/bin/lint-imports
	@$(PY) -m pytest -q -m "not engines" $(wildcard tests/unit tests/contract) $(ARGS)

# What stands alone, three at a time for they wait more than they work;
# then the whole product, which measures times, with nothing beside it; then its screens in a browser.
PARTS := $(wildcard tests/unit tests/contract tests/integration tests/component tests/simulation)
WHOLE := $(wildcard tests/e2e tests/faults)
SCREENS := tests/e2e/screens
test: setup browser
	@$(PY) -m deploy.native run -- $(PY) -m pytest -q -m "not full" -n 3 --dist loadfile $(PARTS) $(ARGS)
	@$(PY) -m pytest -q -m "not full" --ignore $(SCREENS) $(WHOLE) $(ARGS)
	@$(PY) -m pytest -q -m "not full" $(SCREENS) $(ARGS)

faults: setup
	@$(PY) -m deploy.native run -- $(PY) -m pytest -m full tests/faults tests/simulation tests/component $(ARGS)

# What lasts too long for each run: the API fuzzed at length, a phone gone wrong, every screen in both themes.
people: setup browser
	@$(PY) -m pytest -q -m full --ignore $(SCREENS) tests/e2e $(ARGS)
	@$(PY) -m pytest -q -m full $(SCREENS) $(ARGS)

demo: setup
	@$(PY) -m deploy.native demo $(if $(filter-out 0 no false,$(ONCE)),--once) $(if $(filter-out 0 no false,$(LAN)),--lan) $(if $(filter undefined,$(origin STORY)),,--story "$(STORY)") $(ARGS)

screenshots: setup browser
	@$(PY) -m deploy.native screenshots $(ARGS)

bench: setup browser
	@$(PY) -m benchmarks $(ARGS)

# No index address gets into the locks: each machine fetches from where its own pip is set to.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
lock:
	@command -v uv >/dev/null || { echo "uv is missing, which makes the locks: pip install uv." >&2; exit 1; }
	@$(LOCK) pyproject.toml -o deploy/requirements/run.txt
	@$(LOCK) --extra dev pyproject.toml -o deploy/requirements/dev.txt
	@$(LOCK) --no-deps deploy/requirements/ui.in -o deploy/requirements/ui.txt
