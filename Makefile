# `make test` and `make demo` do all their own set-up; a second call skips what is already there.
# Where a ComfyUI checkout is found (COMFYUI_PATH, the ComfyUI this folder is installed in, ~/ComfyUI or
# ~/comfy/ComfyUI), its requirements are installed too and the host tests and the demo run inside it.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
RUN := $(VENV)/bin/python
COMFYUI := $(shell $(or $(PYTHON),python3) tests/harness/checkout.py)
COMFYUI_REQUIREMENTS := $(wildcard $(COMFYUI:%=%/requirements.txt))
PIP_INSTALL := $(RUN) -m pip install --quiet --disable-pip-version-check -c constraints.txt

# The demo's tensors are tiny too: threads that wait for them sleep instead of spinning.
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: setup test lint format demo miniature clean
setup: $(VENV)/pack.stamp $(if $(COMFYUI_REQUIREMENTS),$(VENV)/comfyui.stamp)

test: lint
	$(RUN) -m pytest -n auto --dist loadfile

lint: setup
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m pyright

format: setup
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

demo: setup
	$(RUN) -m workshop.demo.run

# Trains the miniature anew and puts it into miniature/weights: hours on a CPU. Safe to stop and call again.
miniature: setup
	$(RUN) -m workshop.miniature.train
	$(RUN) -m workshop.miniature.export
	$(RUN) -m workshop.miniature.measuring.training_curves
	$(RUN) -m workshop.miniature.measuring.bounds
	$(RUN) -m workshop.miniature.measure --bf16

clean:
	rm -rf $(VENV) output

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "The tested set needs Python 3.11, 3.12 or 3.13; none was found (PYTHON=... names one)."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/pack.stamp: requirements.txt tests/requirements.txt constraints.txt | $(VENV)/bin/python
	$(PIP_INSTALL) -r requirements.txt -r tests/requirements.txt
	touch $@

$(VENV)/comfyui.stamp: $(COMFYUI_REQUIREMENTS) constraints.txt $(VENV)/pack.stamp
	$(PIP_INSTALL) -r $(COMFYUI_REQUIREMENTS)
	touch $@
