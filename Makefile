# make demo    play different calls through the proxy and show what became of them
# make run     run the proxy with config/proxy.toml until it is interrupted
# make test    everything, on the source and on the compiled wheel
# make scenarios every SIPp case over UDP, TCP, TLS and IPv6, and by two workers
# make check   the quick part: lint, types, tests without other programs
# make interop   calls with programs that we did not write
# make fuzz    look for inputs that break a promise for SECONDS (60) seconds
# make simulate   thousands of calls on a bad network in SEEDS (200) made-up worlds, with what must hold
# make bench   the proxy and its peers under the same load, figures in var/bench; QUICK=1 takes minutes instead of half an hour
# make bench OVERLOAD=1   two, three and five times what the proxy can take with SHARE (0.25) of a core, and what ends well
# make bench WORKERS=2   one worker against so many, at the same rate for each, and how evenly they share one port
# make soak CALLS=200000   that many calls of every kind through the proxy, and what it holds after them
# make chaos   kills, stalls and faults of what the proxy stands on, under load, and what was lost by each
# make nodes   NODES (20) nodes on one Redis Cluster: the law's limit over all of them, one lost, one added
# make scale   what a call takes, measured, and what thousands a second would take
# make profile   flame graph of the proxy under load, in var/profile
# make micro   what pieces of the proxy's work cost, against a reference in the tree
# make held    memory of HELD (100000) calls that are up, in one engine without ports and in a node with SIPp on both sides
# make wheel   the compiled wheel, in dist/
# make clean   remove what the others made
#
# Needed: Python 3.11 or newer and, for what is missing, apt-get. Stamps in .venv keep a second call
# short and let it work without a network.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.ONESHELL:
.PHONY: help demo run test scenarios check interop fuzz simulate bench soak chaos nodes scale profile micro held wheel clean sipp prometheus redis kamailio baresip compiler

VENV := .venv
PY := $(VENV)/bin/python
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
# a Python of 3.11 or newer; the first one found
PYTHON ?= $(shell for name in python3.11 python3 python3.12 python3.13 python3.14; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done)
SECONDS ?= 60
SOURCES := pyproject.toml README.md LICENSE $(shell find proxy -name '*.py') $(shell find config -type f)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
export PIP_RETRIES := 10

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

# -- programs of the system: $(call install,what is missing,packages)
define install
{
	echo "$(1) is missing: installing $(2) with apt-get"
	command -v apt-get >/dev/null || { echo "there is no apt-get here: install $(2) by hand"; exit 1; }
	get=($(SUDO) env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq -o Acquire::Retries=5 -o DPkg::Lock::Timeout=120)
	"$${get[@]}" install -y --no-install-recommends $(2) </dev/null >/dev/null 2>&1 || {
		"$${get[@]}" update && "$${get[@]}" install -y --no-install-recommends $(2) </dev/null >/dev/null
	}
}
endef

sipp:
	@command -v sipp >/dev/null && command -v socat >/dev/null || $(call install,sipp or socat,sip-tester socat)

prometheus:
	@command -v promtool >/dev/null || $(call install,promtool,prometheus)

redis:
	@command -v redis-server >/dev/null && command -v redis-sentinel >/dev/null || \
		$(call install,redis-server or redis-sentinel,redis-server redis-sentinel)

kamailio:
	@command -v kamailio >/dev/null && test -n "$$(ls /usr/lib/*/kamailio/modules/sanity.so 2>/dev/null)" || \
		$(call install,kamailio,kamailio)

baresip:
	@command -v baresip >/dev/null || $(call install,baresip,baresip)

compiler: $(VENV)/made
	@command -v cc >/dev/null || $(call install,a C compiler,gcc libc6-dev)
	include=$$($(PY) -c 'import sysconfig; print(sysconfig.get_path("include"))')
	test -f "$$include/Python.h" || $(call install,Python.h,python3-dev)

# -- Python: the virtual environment, what builds the package, the package, what tests it
$(VENV)/made:
	@if [ -z "$(PYTHON)" ]; then
		echo "no Python 3.11 or newer was found (Debian 12, Ubuntu 24.04: apt-get install python3 python3-venv)"
		exit 1
	fi
	if ! "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null; then
		$(call install,the venv module of $(PYTHON),python3-venv)
	fi
	"$(PYTHON)" -m venv $(VENV)
	touch $@

$(VENV)/builder: pyproject.toml $(VENV)/made
	@echo "installing what builds the package"
	$(PY) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' > $@.txt
	$(PY) -m pip install -q -r $@.txt
	touch $@

# built in a copy: mypyc puts its modules beside their sources for a while, where a running test would import them
define copy
rm -rf $(1) && mkdir -p $(1) && cp -R pyproject.toml README.md LICENSE proxy config $(1)
	find $(1) -name '*.so' -delete
endef

$(VENV)/installed: $(SOURCES) $(VENV)/builder
	@echo "building the proxy; where it can be compiled this takes some minutes"
	$(call copy,$(VENV)/source)
	if ! $(PY) -m pip install -q --no-build-isolation $(VENV)/source >$(VENV)/build.log 2>&1; then
		echo "compiling failed, see $(VENV)/build.log"
		HATCH_BUILD_NO_HOOKS=true $(PY) -m pip install -q --no-build-isolation $(VENV)/source
	fi
	$(PY) -P -m proxy version
	$(PY) -P -m proxy version | grep -q '(compiled' || echo "the proxy runs from source, more slowly; to compile it: apt-get install gcc libc6-dev python3-dev"
	touch $@

$(VENV)/tested: pyproject.toml $(VENV)/made
	@echo "installing what tests the package"
	$(PY) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["test"], sep="\n")' > $@.txt
	$(PY) -m pip install -q -r $@.txt
	touch $@

# -- what people call
demo: $(VENV)/installed sipp
	@$(PY) sipp-scenarios/demo.py

run: $(VENV)/installed
	@exec $(VENV)/bin/npv-proxy run --config config/proxy.toml

check: $(VENV)/installed $(VENV)/tested
	@$(PY) -m pytest -q -m 'not sipp and not tool'

# PYTHONSAFEPATH keeps the working directory off the import path, so the installed copy is tested; NPV_BUILD names what is
# meant to be tested, and a test holds the run to it
test: compiler $(VENV)/installed $(VENV)/tested sipp prometheus redis kamailio
	@echo "== source"
	NPV_BUILD=source $(PY) -m pytest -q </dev/null
	echo "== legal cases (tests/cases) by rule and version"
	$(PY) -m proxy rules list --all --cases tests/cases --config config/proxy.toml </dev/null | cut -f 1-3,8- | expand -t 28,40,52,64
	echo "== compiled wheel"
	export PYTHONSAFEPATH=1 NPV_BUILD=compiled
	$(PY) -m pytest -q -m 'not source_only' --ignore=tests/test_layout.py </dev/null

# the strangers of PyPI have an environment of their own: one of them brings a package named `tests`
# sippy installs its own tests as the package `tests`, which would hide ours
own_tests = rm -rf $(VENV)/lib/python*/site-packages/tests

$(VENV)/strangers: pyproject.toml $(VENV)/made
	@echo "installing the strangers of PyPI"
	$(PY) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["interop"], sep="\n")' > $@.txt
	"$(PYTHON)" -m venv $(VENV)/others
	$(VENV)/others/bin/python -m pip install -q -r $@.txt
	$(own_tests)
	touch $@

# with CI set a program that is missing is a failure and not a test left out
interop: $(VENV)/installed $(VENV)/tested $(VENV)/strangers sipp kamailio baresip
	@CI=true NPV_INTEROP=$$PWD/$(VENV)/others/bin/python $(PY) -m pytest -q tests/interop </dev/null

# explored is the source, so nothing is compiled; without atheris (no wheel for this Python) the mutator of the tests has
# all the time for itself
$(VENV)/fuzzing: pyproject.toml $(VENV)/tested
	@echo "installing what explores the package"
	$(PY) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' > $@.txt
	$(PY) -m pip install -q -r $@.txt
	$(PY) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["fuzz"], sep="\n")' > $@.txt
	$(PY) -m pip install -q -r $@.txt || echo "atheris cannot be had here: exploring without coverage"
	touch $@

fuzz: $(VENV)/fuzzing
	@$(PY) -m tests.fuzz.explore --seconds $(SECONDS)

# -P and the path at its end: the installed, compiled proxy is played, not the sources
SEEDS ?= 200
simulate: $(VENV)/installed $(VENV)/tested
	@$(PY) -P -c 'import sys; sys.path.append("."); from tests.simulation.run import main; sys.exit(main())' --seeds $(SEEDS)

$(VENV)/benched: pyproject.toml $(VENV)/made
	@echo "installing what measures the package"
	$(PY) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["bench"], sep="\n")' > $@.txt
	$(PY) -m pip install -q -r $@.txt
	$(own_tests)
	touch $@

# -P: measured is the installed, compiled proxy. ONLY=proxy,kamailio leaves others out; NICE=-10 puts
# it before what else runs on the machine
bench: compiler $(VENV)/installed $(VENV)/benched sipp kamailio
	@if [ -n "$(OVERLOAD)" ]; then
		exec $(PY) -P tests/bench/overload.py $(if $(SHARE),--share $(SHARE)) $(if $(NICE),--nice $(NICE)) </dev/null
	elif [ "$(WORKERS)" != 1 ]; then
		exec $(PY) -P tests/bench/crowd.py --workers $(WORKERS) $(if $(filter command line,$(origin RATE)),--rate $(RATE)) $(if $(NICE),--nice $(NICE)) </dev/null
	fi
	$(PY) -P tests/bench/run.py $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY)) $(if $(NICE),--nice $(NICE)) </dev/null

RATE ?= 500
CALLS ?= 200000
WORKERS ?= 1
soak: compiler $(VENV)/installed sipp
	@$(PY) -P tests/bench/soak.py --calls $(CALLS) --rate $(RATE) --workers $(WORKERS) $(if $(NICE),--nice $(NICE)) </dev/null

chaos: compiler $(VENV)/installed sipp redis
	@$(PY) -P tests/chaos/run.py $(if $(SHORT),--short) $(if $(ONLY),--only $(ONLY)) $(if $(TALKS),--held $(TALKS)) \
		$(if $(filter command line,$(origin RATE)),--rate $(RATE)) $(if $(KILLS),--kills $(KILLS)) $(if $(NICE),--nice $(NICE)) </dev/null

NODES ?= 20
nodes: compiler $(VENV)/installed redis
	@$(PY) -P tests/bench/nodes.py --nodes $(NODES) $(if $(NICE),--nice $(NICE)) </dev/null

scale: compiler $(VENV)/installed sipp redis
	@$(PY) -P tests/bench/scale.py --rate $(RATE) $(if $(NICE),--nice $(NICE)) </dev/null

profile: compiler $(VENV)/installed $(VENV)/benched sipp
	@$(PY) -P tests/bench/flame.py --rate $(RATE) </dev/null

micro: compiler $(VENV)/installed
	@$(PY) -P tests/bench/micro.py </dev/null

HELD ?= 100000
held: compiler $(VENV)/installed sipp
	@$(PY) -P tests/bench/held.py $(HELD) </dev/null
	$(PY) -P tests/bench/held_node.py $(HELD) --rate $(RATE) $(if $(NICE),--nice $(NICE)) </dev/null

scenarios: $(VENV)/installed sipp
	@for transport in udp tcp tls ipv6 workers one_port; do
		echo "== $$transport"
		$(PY) sipp-scenarios/run.py --transport $$transport
	done

wheel: $(VENV)/builder compiler
	@$(call copy,$(VENV)/source)
	$(PY) -m pip wheel -q --no-build-isolation --no-deps -w dist $(VENV)/source
	ls dist/*.whl

clean:
	@rm -rf $(VENV) build dist var sipp-scenarios/logs .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find . -name '*.so' -not -path './.git/*' -delete
