# Every target that builds sets up first; see scripts/setup.sh. LIBTORCH=/path uses a libtorch of your own.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

binary := .build/release/vqclip-tui

# The prompt reaches the program as it was typed: make expands nothing in it and the shell splits nothing. Only the
# command line counts, since zsh may have a PROMPT of its own in the environment. Without one there is still something
# to see.
ifeq ($(origin PROMPT),command line)
override PROMPT := $(value PROMPT)
else
PROMPT := a lighthouse by the sea at sunset
endif
export PROMPT

.PHONY: help setup build run test bench lint format clean

help: ## list the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 18

setup: ## install what is missing: Debian packages, and libtorch in .libtorch
	@scripts/setup.sh

# Messages go to standard error, so that the output of `make run` is the program's alone.
build: setup ## build the release binary, .build/release/vqclip-tui
	@swift build -c release >&2

run: build ## start the workbench: make run PROMPT="misty mountains" ARGS="--size 192x192"
	@$(binary) $(ARGS) $${PROMPT:+--prompts="$$PROMPT"}

test: build ## run all tests
	swift build --build-tests
	swift test --skip-build --no-parallel --disable-xctest
	python3 Tests/EndToEnd/run.py
	scripts/painter/test.sh

bench: build ## compare with the usual PyTorch loop on this machine: seconds per step and memory
	@python3 scripts/bench/compare.py $(binary) $(ARGS)

lint: ## check formatting and what may be in the repository
	@scripts/lint.sh

format: ## format the Swift sources in place
	swift format --in-place --recursive --parallel Sources Tests Package.swift

clean: ## remove what was built; .libtorch stays
	rm -rf .build
