# Needs Python 3.11 or newer, git and make; everything else goes into .venv.

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
PIP_INSTALL := pip install -q --disable-pip-version-check
STAMP := .venv/.installed
TREES = $(wildcard bot tests bench)
WORKFLOWS = $(wildcard .github/workflows/*.yml)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help test check pytest thorough demo bench format reference pictures package constraints python clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  %-12s %s\n", $$1, $$2}'

test: check pytest ## everything CI judges by: check, then pytest

check: $(STAMP) ## the static part: ruff, mypy, and the workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(TREES)
	$(BIN)/zizmor --offline --persona=pedantic --strict-collection --no-progress --quiet \
		$(WORKFLOWS) action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows $(WORKFLOWS)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml

pytest: $(STAMP) ## only the tests; ARGS="-k word" to choose
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 3 --dist worksteal $(ARGS)

thorough: $(STAMP) ## the tests that 'make test' leaves out: more cases of the same claims
	$(BIN)/pytest -n 3 --dist worksteal -m thorough $(ARGS)

demo: $(STAMP) ## watch the bot work for a week, in plain git on this machine
	@$(BIN)/python -m tests.demo $(ARGS)

bench: $(STAMP) ## list the benchmarks; NAME=one runs it
ifdef NAME
	@$(BIN)/python -m bench.$(NAME) $(ARGS)
else
	@printf '%s\n' $(patsubst bench/%.py,%,$(filter-out bench/_%.py,$(wildcard bench/*.py)))
endif

format: $(STAMP) ## put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

reference: $(STAMP) ## write what is made: the page and JSON Schema of the settings, our workflows
	$(BIN)/bot config reference > docs/configuration.md
	$(BIN)/bot config schema > bot/config/schema.json
	$(BIN)/python -m tests.starting.own

pictures: $(STAMP) ## draw the terminal pictures of the documentation anew, from real runs
	$(BIN)/python -m tests.demo.pictures

package: $(STAMP) ## build the wheel and the sdist, and try each in a clean environment
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist .
	$(BIN)/python -m tests.smoke dist

constraints: python ## pin the newest releases anew, from a fresh environment
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && \
	$(PYTHON) -m venv "$$fresh/venv" && \
	"$$fresh/venv/bin/"$(PIP_INSTALL) '.[dev]' && \
	"$$fresh/venv/bin/pip" freeze --exclude amendbot > "$$fresh/pins" && \
	if grep -Ev '^[A-Za-z0-9._-]+==[^ ]+$$' "$$fresh/pins"; then \
		echo "These lines are not plain pins; constraints.txt is unchanged." >&2; exit 1; fi && \
	cat "$$fresh/pins" > constraints.txt

clean: ## remove the environment, the caches and what was built
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find bot tests bench -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

python:
	@command -v "$(PYTHON)" >/dev/null || \
		{ echo "Amendbot needs Python 3.11 or newer, and there is no '$(PYTHON)' (choose another with PYTHON=...)." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Amendbot needs Python 3.11 or newer, and '$(PYTHON)' is older (choose another with PYTHON=...)." >&2; exit 1; }

$(STAMP): pyproject.toml constraints.txt | python
	@echo "Setting up .venv (a minute or so, once) ..."
	@"$(PYTHON)" -m venv .venv
	@$(BIN)/$(PIP_INSTALL) -c constraints.txt -e '.[dev]'
	@touch $@
