# make demo [DATASET=digits|fashion-mnist|cifar10]   run the main job end to end
# make test                                          run the whole test suite
# make up                                            start the embedded service and stay
# make check                                         format, lint, types, import contract
DATASET ?= digits
STAMP := .venv/.installed

.PHONY: demo test up check setup format

demo: $(STAMP)
	.venv/bin/python scripts/demo.py --dataset $(DATASET)

test: $(STAMP)
	scripts/test

up: $(STAMP)
	.venv/bin/bitpareto-server up

check: $(STAMP)
	scripts/check

format: $(STAMP)
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

setup: $(STAMP)

$(STAMP): pyproject.toml client/pyproject.toml constraints.txt scripts/setup
	scripts/setup
	@touch $@
