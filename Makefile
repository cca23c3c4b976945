# Every target makes what it needs in .venv first. Recipes are POSIX sh with relative paths, so that
# a folder with spaces in its name works; targets that start with a dot are steps of the others.

PRESET =
TASK =
ITEMS =
ACALL =
SRC =
AGAIN =
BASELINE =
CORES = all
ARGS =
BUNDLES =
FUZZ_CASES = 1300
PYTHON =

PANGO = libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0

.DEFAULT_GOAL := help
.PHONY: help report compare test bench simulate check fuzz lint .venv-runtime .venv-dev .pango

help: ## List the targets
	@awk -F ' *## *' '/^[a-z]+:.*##/ { sub(/:.*/, "", $$1); printf "make %-9s %s\n", $$1, $$2 }' Makefile

report: .venv-runtime .pango ## Measure this machine or your function, write the report  [PRESET=quick|standard|thorough AGAIN=1 CORES=all ARGS="..." TASK=pkg.mod:function ITEMS=pkg.mod:items ACALL=pkg.mod:coroutine SRC=./src]
	@.venv/bin/snakemake --cores $(CORES) $(with_given)

# Snakemake heeds the last --config only, so one in ARGS takes in what is given here.
with_given = $(if $(strip $(given)),$(if $(filter --config,$(ARGS)),$(into_args),$(ARGS) --config $(given)),$(ARGS))
into_args = $(subst --config ,--config $(given) ,$(ARGS))
given = $(if $(PRESET),preset=$(PRESET)) $(if $(AGAIN),again=true) $(if $(TASK),$(function) '$(own_results)')
# One function, with results of its own beside those of the machine.
function = 'tasks={"$(TASK)": {call: "$(TASK)", items: "$(ITEMS)", path: "$(or $(SRC),.)"$(if $(ACALL),$(comma) acall: "$(ACALL)")}}'
own_results = results=results/$(subst :,.,$(TASK))
comma = ,
# Without TASK the rest of a function would be passed by, and the whole machine measured.
of_function = $(foreach name,ITEMS ACALL SRC,$(if $($(name)),$(name)))
ifneq ($(filter report,$(MAKECMDGOALS)),)
ifeq ($(TASK),)
$(if $(strip $(of_function)),$(error $(firstword $(of_function)) needs TASK: make report TASK=pkg.mod:function ITEMS=pkg.mod:items))
endif
endif

compare: .venv-runtime .pango ## Compare bundles or results folders, measure nothing  [BUNDLES="a.zip 'name with spaces.zip' results/bench"]
	@.venv/bin/snakemake --cores $(CORES) compare $(with_given)

# The shell takes BUNDLES apart, so that quotes keep a name with spaces together.
compare: given = "bundles=$$(.venv/bin/python -c 'import json, sys; print(json.dumps(sys.argv[1:]))' $(BUNDLES))"

test: .venv-dev .pango ## Run the tests, but for the slow ones and those that measure this host  [ARGS="-k name"]
	@.venv/bin/python -m pytest -m 'not (host or slow)' $(ARGS)

fuzz: .venv-dev ## Open 10,400 bundles that chance and malice made (3 to 8 minutes)  [FUZZ_CASES=of each of 8 kinds]
	@POOLWISE_FUZZ_CASES=$(FUZZ_CASES) .venv/bin/python -m pytest -m fuzz $(ARGS)

bench: .venv-dev ## Show what measuring and searching cost, the time to a verdict, how a grid grows, and what the laws predict  [ARGS="--only harness|launches|verdict|breakeven|growth|laws"]
	@status=0; for part in experiments reports; do \
		.venv/bin/python -m $$part.bench $(ARGS) || status=$$?; \
	done; exit $$status

simulate: .venv-dev ## Check the verdicts on noise with known truth, write docs/simulations.md  [ARGS="..."]
	@.venv/bin/python -m experiments.statistics.simulate --out docs/simulations.md $(ARGS)

check: ## Measure again what a record rests on: exits 0 if it holds, 1 if it flipped, 2 if that can't be told  [BASELINE=bundle.zip TASK=name SRC=./src TRUST=1 CORES=all]
	@$(if $(checked),exit $(checked),$(check))

# make exits with 2 whatever a recipe exits with. So a check runs as this file is read; for a target
# that is not up to date `make -q` exits with 1.
check = .venv/bin/python -m reports.check '$(BASELINE)' $(if $(filter-out all,$(CORES)),--cores '$(CORES)') \
	$(if $(TASK),--task '$(TASK)') $(if $(SRC),--src '$(SRC)') $(if $(TRUST),--trust) $(ARGS)
ifeq ($(MAKECMDGOALS),check)
ifeq ($(findstring n,$(firstword -$(MAKEFLAGS))),)
checked := $(shell { $(MAKE) --no-print-directory .venv-runtime && $(check); } >&2; echo $$?)
ifeq ($(checked),1)
MAKEFLAGS += q
endif
endif
endif

lint: .venv-dev ## Check style, types and the workflow
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/snakefmt --check workflow
	@.venv/bin/snakemake --lint

.venv-runtime: REQUIREMENTS = requirements.txt
.venv-dev: REQUIREMENTS = requirements-dev.txt
.venv-dev: .venv-runtime

# made-for.txt says which interpreter and folder .venv belongs to. It is away while pip works, so an
# interrupted install starts again from nothing; copied or moved, .venv is made anew as well. Where it
# is a link, the link alone goes: what it leads to is another folder's.
.venv-runtime .venv-dev:
	@set -eu; $(find_python) \
	made_for="$$("$$python" -c 'import sys; print(sys.base_prefix, sys.version)') $$(pwd -P)"; \
	if [ "$$(cat .venv/made-for.txt 2>/dev/null)" != "$$made_for" ]; then \
		test ! -L .venv || rm .venv; \
		"$$python" -m venv --clear .venv; \
	elif cmp -s $(REQUIREMENTS) .venv/$(REQUIREMENTS); then \
		exit; \
	fi; \
	echo "Installing $(REQUIREMENTS) into .venv (once; about a minute)" >&2; \
	rm -f .venv/made-for.txt; \
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --use-pep517 \
		-r $(REQUIREMENTS); \
	cp $(REQUIREMENTS) .venv/; \
	printf '%s\n' "$$made_for" >.venv/made-for.txt

# Sets $python: PYTHON if given, else the first that fits. The wheels of the pinned versions end at
# 3.13, so a newer Python is taken only where it is asked for. In an active .venv it is the base's.
find_python = \
	python=; without_venv=; \
	for candidate in $(if $(PYTHON),"$(PYTHON)",python3 python3.13 python3.12 python3.11); do \
		found=$$("$$candidate" -c 'import sys; v = sys.version_info; \
			fits = (3, 11) <= v and (v < (3, 14) or sys.argv[1]); \
			print(getattr(sys, "_base_executable", sys.executable) if fits else "")' \
			'$(PYTHON)' 2>/dev/null) || found=; \
		test -n "$$found" || continue; \
		if "$$found" -c 'import ensurepip, venv' 2>/dev/null; then python=$$found; break; fi; \
		without_venv=$${without_venv:-$$found}; \
	done; \
	if [ -z "$$python" ]; then $(no_python) exit 1; fi;

no_python = \
	sudo=; test "$$(id -u)" = 0 || sudo='sudo '; \
	if [ -n "$$without_venv" ]; then \
		version=$$("$$without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		echo "$$without_venv cannot make a virtual environment. On Debian or Ubuntu:" \
			"$${sudo}apt-get install python$$version-venv" >&2; \
	elif [ -n '$(PYTHON)' ]; then \
		echo "PYTHON=$(PYTHON) is not a Python 3.11 or newer that runs here." >&2; \
	else \
		echo "No Python 3.11, 3.12 or 3.13 found. On Debian 12 or newer:" \
			"$${sudo}apt-get install python3 python3-venv; elsewhere:" \
			"make PYTHON=/path/to/python3.12 ..." >&2; \
	fi;

# WeasyPrint loads Pango when it is imported; without it only the PDF is missing. Without HarfBuzz's
# subsetting there is one, but two of the same report differ in their fonts.
.pango: .venv-runtime
	@.venv/bin/python -W error:HarfBuzz-Subset -c 'import weasyprint' >/dev/null 2>&1 && exit; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Pango's libraries for the PDF: $(PANGO)" >&2; \
		export DEBIAN_FRONTEND=noninteractive; \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends $(PANGO); } >/dev/null && exit; \
	fi; \
	.venv/bin/python -c 'import weasyprint' >/dev/null 2>&1 && exit; \
	echo "No PDF will be made: Pango's libraries are missing. On Debian or Ubuntu:" \
		"sudo apt-get install --no-install-recommends $(PANGO)" >&2
