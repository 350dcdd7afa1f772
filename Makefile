# Bare `make` lists what there is.
.DEFAULT_GOAL := help
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
EXTRAS := video,view,train,datasets,keypoints,tables,c3d,hub,ray,onnxruntime,openvino
RELEASE := .venv-release
DEMO_INPUT := examples/balance_beam.mp4
DEMO_OUTPUT := demo
INPUTS := 1000000

# Where Python is told to write no bytecode, every program that a test starts would compile torch anew, for seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test fuzz lint format docs docs-check bench bench-gate web app wheel-check release-check clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

setup: $(VENV)/.done ## Create .venv with all that is run and tested, pinned by constraints.txt

# Without --no-compile pip writes 340 MB of bytecode, most of it never run.
$(VENV)/.done: pyproject.toml constraints.txt
	@echo "Creating $(VENV) (2.1 GB; a minute or two) ..."
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --constraint constraints.txt pip
	$(PIP) install --no-compile --constraint constraints.txt --editable '.[$(EXTRAS)]' --group test
# Its filters and kinematics, which tests and the gallery use, need only xarray; all its dependencies are 600 MB.
	$(PIP) install --no-compile --no-deps --constraint constraints.txt movement loguru
	@touch $@

# Only whoever checks the style or builds the site needs what does it: 0.2 GB.
$(VENV)/.lint $(VENV)/.docs: $(VENV)/.%: $(VENV)/.done
	$(PIP) install --no-compile --constraint constraints.txt --group $*
	@touch $@

# The clip's camera looks down by 22 degrees (examples/README.md): the pictures are drawn upright.
demo: setup ## Lift a real video of a person to 3D; results in demo/
	$(BIN)/ampose lift $(DEMO_INPUT) --output $(DEMO_OUTPUT) --camera-tilt 22

test: setup ## Run all tests
	$(BIN)/python -m pytest -n 2 --dist worksteal

fuzz: setup ## A million odd files through every reader (hours; INPUTS=100000 for fewer; goes on after a stop)
	nice -n 19 $(BIN)/python -m tests.fuzz --inputs $(INPUTS) --state .fuzz.json

lint: $(VENV)/.lint ## Style, types, imports between packages, words to avoid
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m tools.docs.words

format: $(VENV)/.lint ## Format the code
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format

docs: $(VENV)/.docs ## Build the site: docs/_build/html/index.html (runs the gallery: a few minutes)
	$(BIN)/python -m tools.docs.site
	$(BIN)/python -m sphinx -q -W --keep-going -b html -c docs docs/_build/pages docs/_build/html

docs-check: setup ## Check that docs are true: commands, links, generated tables
	$(BIN)/python -m pytest tests/docs -q

# One thread: what is compared then shares one core with others alike.
bench: setup ## Measure this machine against the goals; writes docs/performance.md (many minutes)
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.speed --write-page

bench-gate: setup ## Check the ratios that hold on any machine (seconds)
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.gate

# The built script is part of the package, so that nobody else needs node. Needs node 18 or newer.
web: ## Rebuild the page of `ampose view` from web/ (needs node)
	cd web && npm ci --no-audit --no-fund && npm run build

# The wheel carries web/dist if it is there; the repository holds no built WASM.
app: setup ## Build the app of `ampose app` in web/dist (needs node 18 or newer)
	$(BIN)/python -m tools.app.networks web/dist
	cd web && npm ci --no-audit --no-fund && npm run app

wheel-check: setup ## Build the wheel, install it in an empty environment and use it (a minute)
	$(BIN)/python -m tools.release.wheel core

$(RELEASE)/.done: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(RELEASE)
	$(RELEASE)/bin/python -m pip install --quiet --constraint constraints.txt pip
	$(RELEASE)/bin/python -m pip install --quiet --constraint constraints.txt --group release
	@touch $@

# The wheel is built from the sdist, as a distributor does it.
release-check: $(RELEASE)/.done ## Build dist/ and check all that a release needs (many minutes, 4 GB in /tmp)
	$(RELEASE)/bin/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff
	$(RELEASE)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(RELEASE)/bin/check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(RELEASE)/bin/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/wish.yml
	$(RELEASE)/bin/zizmor --offline --quiet .github
	rm -rf dist
	$(RELEASE)/bin/python -m build
	$(RELEASE)/bin/twine check --strict dist/*
	$(RELEASE)/bin/check-wheel-contents dist/*.whl
	$(RELEASE)/bin/python -m tools.release.wheel --wheel dist/*.whl
	$(RELEASE)/bin/python -m tools.release.sdist dist/*.tar.gz

clean: ## Remove what was built
	rm -rf $(VENV) $(RELEASE) dist web/dist $(DEMO_OUTPUT) docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis .fuzz.json
