# All commands of the project. All but help first install what they need, which takes a moment when
# nothing has changed.
PYTHON ?= python3
VENV := .venv/bin/python
# Makes .venv and installs into it; with --dev also the packages of tests and checks.
BOOTSTRAP := $(PYTHON) scripts/bootstrap.py
# Runs the command behind it while PostgreSQL and Valkey run.
ENGINES := $(VENV) -m engines exec

# The variables that the production settings require, for checking them.
PRODUCTION = DJANGO_SETTINGS_MODULE=config.settings.production ALLOWED_HOSTS=crm.example.com \
	SECRET_KEY=$$($(VENV) -c 'import secrets; print(secrets.token_urlsafe(60))')

.DEFAULT_GOAL := help
.PHONY: help run test check fix messages bench demo lock

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

run: ## install what is missing and start everything (PORT=8001 make run for another port)
	@$(BOOTSTRAP) --run
	@$(VENV) -m engines.launch

test: ## run the whole test suite (make test ARGS="tests/crm -x" for a part)
	@$(BOOTSTRAP) --dev
	@$(ENGINES) --profile test -- $(VENV) -m pytest -n 2 --dist loadgroup $(ARGS)

check: ## check the code without running it: format, lint, layers, types, migrations, messages
	@$(BOOTSTRAP) --dev
	$(VENV) -m ruff format --check .
	$(VENV) -m ruff check .
	.venv/bin/lint-imports
	$(VENV) -m mypy .
	@$(ENGINES) --profile test -- $(VENV) manage.py makemigrations --check --dry-run
	@$(ENGINES) --profile test -- env $(PRODUCTION) $(VENV) manage.py check --deploy --fail-level WARNING
	$(VENV) -m scripts.messages check

fix: ## format the code and fix what ruff can fix
	@$(BOOTSTRAP) --dev
	$(VENV) -m ruff check --fix .
	$(VENV) -m ruff format .

messages: ## update the Chinese message file from the code; then translate the new messages in it
	@$(BOOTSTRAP) --dev
	$(VENV) -m scripts.messages update
	-$(VENV) -m scripts.messages check

bench: ## measure the nightly run, and print a table (other measurements: ARGS=import, ARGS=pages)
	@$(BOOTSTRAP) --dev
	@$(ENGINES) -- $(VENV) -m benchmarks $(ARGS)

demo: ## fill the database with a demonstration company (ARGS="--customers 1000")
	@$(BOOTSTRAP)
	@$(ENGINES) -- sh -c '$(VENV) manage.py migrate --no-input --verbosity 0 && exec $(VENV) manage.py make_demo "$$@"' make_demo $(ARGS)

lock: ## lock the newest versions that requirements.in and requirements-dev.in allow
	@$(BOOTSTRAP) --dev
	$(VENV) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --upgrade requirements.in -o requirements.txt
	$(VENV) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --constraint requirements.txt requirements-dev.in -o requirements-dev.txt
