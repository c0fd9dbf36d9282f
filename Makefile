# Everything a clone needs: `make demo` or `make test` on Debian/Ubuntu with Python 3.11 or newer.
# The virtual environment is made once; .venv/.installed says that it is complete.

SHELL  := /bin/bash
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
TORCH  := torch==2.13.0

.PHONY: venv demo test check bench clean

venv: $(VENV)/.installed

# CPU PyTorch comes first, so that no dependency pulls the CUDA build. insightface asks for
# opencv-python, which needs libGL and shares its folder with our opencv-python-headless: the
# headless one is put back last (docs/decisions.md).
$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "make: Python 3.11 or newer is needed — call make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "make: Python's venv module is missing — sudo apt-get install python3-venv"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@if [ "$$(uname -s)" = Darwin ]; then $(PIP) install -q "$(TORCH)"; else \
	  $(PIP) install -q "$(TORCH)+cpu" \
	  || $(PIP) install -q "$(TORCH)+cpu" --index-url https://download.pytorch.org/whl/cpu; fi
	$(PIP) install -q -e ".[cpu,dev]"
	$(PIP) install -q --force-reinstall --no-deps opencv-python-headless
	@$(BIN)/python -c 'import cv2, torch; assert not torch.version.cuda, "a CUDA build of torch"'
	@touch $@

demo: venv
	$(BIN)/python examples/demo.py

test: check
	$(BIN)/python -m pytest

check: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: venv
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) out build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	  .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
