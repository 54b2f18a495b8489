# A thin front for tasks.py, which does the work (Windows: `py tasks.py lab`).
# Another Python: `make test PYTHON=python3.12`. More arguments: `make test ARGS="-k optim"`.
PYTHON ?=
ARGS ?=
TASKS := help lab test slow mutants torture lint format notebooks slides book bench bench-gpu workshop-demo workshop-load lock clean

.DEFAULT_GOAL := help
.PHONY: $(TASKS)

$(TASKS):
	@for p in python3 python '$(PYTHON)'; do \
	  command -v "$$p" >/dev/null 2>&1 && "$$p" -c '' 2>/dev/null || continue; \
	  exec "$$p" tasks.py $@ $(if $(PYTHON),--python '$(PYTHON)') -- $(ARGS); \
	done; echo 'No python3 found. Install Python 3.11, 3.12 or 3.13, then call this again.' >&2; exit 2
