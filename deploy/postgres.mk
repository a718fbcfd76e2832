# A week on a real Postgres, started here from a wheel; included by the Makefile.

PG_HOME := $(CURDIR)/.demo/postgres

.PHONY: postgres-demo

postgres-demo: $(VENV)/installed-dev ## import and project a week of the sample league on a real Postgres
	@$(BIN)/python deploy/postgres/demo.py $(PG_HOME)
