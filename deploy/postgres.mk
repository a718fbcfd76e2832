# Included by the Makefile: imports a week on a real Postgres, which it starts from a wheel.

PG_HOME := $(CURDIR)/.demo/postgres

.PHONY: postgres-demo

postgres-demo: $(VENV)/installed-dev ## import and project a week of the sample league on a real Postgres
	@$(BIN)/python deploy/postgres/demo.py $(PG_HOME)
