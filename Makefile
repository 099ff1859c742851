# Everything a newcomer needs: `make demo` shows it, `make test` checks it. Environments are made once, see scripts/env.py.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
ARGS ?=

.PHONY: help demo serve bench test test-quick test-slow test-train lint types format docs wheel lock clean clean-cache

help: ## Print this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

demo: ## Show the whole path on the bundled print shop; ends by itself. ARGS="--data ml100k" for films.
	@exec scripts/env.sh run app -m tastemaker demo $(ARGS)

serve: ## Set up as demo does and keep serving until Ctrl-C.
	@exec scripts/env.sh run app -m tastemaker demo --no-ask --keep $(ARGS)

bench: ## Run one benchmark with everything installed, torch included: make bench ARGS="games --json".
	@exec scripts/env.sh run train -m tastemaker bench $(ARGS)

test: test-quick test-slow ## Run every test: the quick ones, then those with real servers.

test-quick: ## Run the quick tests only.
	@scripts/env.sh run dev -m pytest -n auto --dist loadfile -m "not slow" $(ARGS)

test-slow: ## Run the slow tests only: real models, servers and files.
	@scripts/env.sh run dev -m pytest -m slow $(ARGS)

test-train: ## Run the tests that train with torch, in the environment that has it.
	@scripts/env.sh run train -m pytest -m train $(ARGS)

lint: ## Check style, format and, with bandit, for what is dangerous.
	@scripts/env.sh run dev -m ruff check .; scripts/env.sh run dev -m ruff format --check .
	@scripts/env.sh run dev -m bandit --quiet -lll -r agents api core evals graphs models prompts stores tools

types: ## Check types.
	@scripts/env.sh run dev -m mypy

format: ## Format the code.
	@scripts/env.sh run dev -m ruff check --fix-only .; scripts/env.sh run dev -m ruff format .

docs: ## Build the site of docs/ into build/site.
	@NO_MKDOCS_2_WARNING=1 scripts/env.sh run dev -m mkdocs build --quiet --strict -f scripts/mkdocs.yml -d "$(CURDIR)/build/site"; echo build/site/index.html

wheel: ## Build the wheel and the source archive into dist/.
	@scripts/env.sh run dev -m build --no-isolation --outdir dist . > /dev/null; ls dist

lock: ## Resolve the dependencies again and write scripts/locks/*.lock.
	@scripts/env.sh lock

clean: ## Remove what builds and checks left in the checkout.
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache tastemaker.egg-info

clean-cache: ## Remove environments and weights from the user's cache, after asking. CONFIRM=yes answers for you.
	@scripts/env.sh clean $(CONFIRM)
